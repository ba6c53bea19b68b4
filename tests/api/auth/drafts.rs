//! Drafts: what was typed into a form is still there after a failure and on the next page, without
//! scripts, and it is never a secret.

use kit::routes::{
    ACTIVATE, CHECK_EMAIL, CONTINUE, FORGOT_PASSWORD, RESET_PASSWORD, SIGN_IN, SIGN_UP,
};
use kit::{ADA, ApiClient, ApiRequest, ApiResponse, GRACE, PASSWORD, World, form, mins};

const COOKIE: &str = "partner.draft";
const TYPED: &str = "ada@\"example <b>";
const ESCAPED: &str = "ada@&#34;example &#60;b&#62;";

async fn world() -> World {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    world.set_password(ADA, PASSWORD).await;
    world
}

/// Posts a form of one of the portal's pages.
async fn post_from(world: &World, page: &str, request: ApiRequest<'_>) -> ApiResponse {
    let url = format!("{}{page}", world.portal.public_url());
    request.form().header("referer", url).await
}

#[tokio::test]
async fn what_was_typed_is_still_there_after_a_failure() {
    let world = world().await;
    for (page, post) in [
        (SIGN_IN, CONTINUE),
        (CONTINUE, SIGN_IN),
        (FORGOT_PASSWORD, FORGOT_PASSWORD),
        (SIGN_UP, SIGN_UP),
    ] {
        let client = world.client();
        let request = client.post(post).with("email", TYPED);
        let request = match page {
            CONTINUE => request.with("password", PASSWORD),
            SIGN_UP => request.with("name", "Ada <b>"),
            _ => request,
        };
        let failed = post_from(&world, page, request).await;
        let failed = failed.assert(&format!("303 {page}?error=invalid-request&field=email"));
        let shown = client.open(&failed.location()).await.assert("200");
        let shown = shown.assert_contains("Enter a valid email address.");
        assert_eq!(shown.field("email"), ESCAPED, "{page}");
        if page == SIGN_UP {
            assert_eq!(shown.field("name"), "Ada &#60;b&#62;");
        }
    }
}

#[tokio::test]
async fn the_second_step_knows_the_address_and_says_why_it_failed() {
    let world = world().await;
    let client = world.client();
    let step = post_from(&world, SIGN_IN, client.post(CONTINUE).with("email", ADA)).await;
    let page = client.open(&step.assert("303 /auth/continue").location());
    let page = page
        .await
        .assert_contains(&format!("<strong>{ADA}</strong>"));
    assert_eq!(page.field("email"), ADA);
    let wrong = post_from(&world, CONTINUE, client.sign_in(ADA, "wrong")).await;
    let wrong = wrong.assert("303 /auth/continue?error=invalid-credentials");
    let page = client.open(&wrong.location()).await;
    assert_eq!(page.field("email"), ADA);
    page.assert_contains("Wrong email address or password.");
    // Nobody learns from the page whether the address has an account.
    let other = world.client();
    let step = other.post(CONTINUE).with("email", "x@example.com").form();
    step.await.assert("303 /auth/continue");
}

#[tokio::test]
async fn the_page_that_asks_for_the_code_sends_the_same_email_again() {
    let world = world().await;
    for (page, query, path) in [
        (SIGN_IN, "", kit::routes::REQUEST_LOGIN),
        (FORGOT_PASSWORD, "?for=reset", FORGOT_PASSWORD),
        (SIGN_UP, "?for=sign-up", SIGN_UP),
    ] {
        let client = world.client();
        let request = || {
            let request = client.post(path).with("email", GRACE);
            if page == SIGN_UP {
                request.with("name", "Grace")
            } else {
                request
            }
        };
        let sent = post_from(&world, page, request()).await;
        let sent = sent.assert(&format!("303 {CHECK_EMAIL}{query}"));
        let shown = client.open(&sent.location()).await;
        let shown = shown.assert_contains(&format!("<strong dir=\"auto\">{GRACE}</strong>"));
        assert_eq!(shown.field("email"), GRACE);
        shown
            .assert_contains(&format!("action=\"{path}\""))
            .assert_contains("data-wait=\"60\"");
        let again = post_from(&world, &format!("{CHECK_EMAIL}{query}"), request()).await;
        let separator = if query.is_empty() { "?" } else { "&" };
        let limited =
            format!("303 {CHECK_EMAIL}{query}{separator}error=too-many-attempts&retry_after=60");
        again.assert(&limited);
        world.clock.advance(mins(1));
    }
}

#[tokio::test]
async fn a_foreign_or_unknown_referer_chooses_no_page() {
    let world = world().await;
    let client = world.client();
    let origin = world.portal.public_url();
    for referer in [
        "https://evil.example/auth/continue".to_owned(),
        format!("{origin}.evil.example{CONTINUE}"),
        format!("{origin}{CONTINUE}/../account"),
        format!("{origin}{ACTIVATE}/x"),
        format!("{origin}//evil.example"),
    ] {
        let failed = client.sign_in(ADA, "wrong").form();
        let failed = failed.header("referer", referer).await;
        failed.assert("303 /auth/sign-in?error=invalid-credentials");
    }
    let query = form(&[("for", "\"><b>"), ("next", "//evil.example")]);
    let sender = format!("{CHECK_EMAIL}?{query}");
    let failed = post_from(&world, &sender, client.sign_in(ADA, "wrong"));
    let page = format!("303 {CHECK_EMAIL}?error=invalid-credentials");
    failed.await.assert(&page);
}

#[tokio::test]
async fn the_draft_never_holds_a_password_or_a_code() {
    let world = world().await;
    let secrets = ["three+quiet", "three%20quiet", "quiet", "87654321", "short"];
    let has_none = |client: &ApiClient<'_>| {
        let draft = client.cookie(COOKIE).unwrap_or_default();
        assert!(
            secrets.iter().all(|secret| !draft.contains(secret)),
            "{draft}"
        );
    };
    let client = world.client();
    let forms = [
        client.sign_in(ADA, "three quiet otters"),
        client.sign_in("no address", "three quiet otters"),
        client.verify_code("87654321"),
        client.verify_code("87654321").with("for", "sign-up"),
        client.sign_in(ADA, PASSWORD),
        client.change_password("three quiet otters", "short"),
        client.confirm_password("three quiet otters"),
    ];
    for form in forms {
        post_from(&world, CONTINUE, form).await;
        has_none(&client);
    }
    for (action, email) in [
        (ACTIVATE, client.receive_login_email(GRACE).await),
        (RESET_PASSWORD, {
            client.forgot_password(ADA).await.assert("200");
            world.latest_email().await
        }),
    ] {
        let page = client.open(email.path()).await;
        let form = client
            .submit_link_page(action, &page)
            .with("password", "short");
        form.await;
        has_none(&client);
    }
    assert_eq!(client.cookie(COOKIE), None, "signing in discards it");
}

#[tokio::test]
async fn a_hostile_draft_changes_no_page() {
    let world = world().await;
    let client = world.client();
    for draft in [
        "=",
        "&&&",
        "email=%ff%00",
        "requested_at=99999999999999999999",
        "\u{e9}",
    ] {
        client.set_cookie(COOKIE, Some(draft));
        for page in [SIGN_IN, CONTINUE, FORGOT_PASSWORD, SIGN_UP, CHECK_EMAIL] {
            client.open(page).await.assert("200");
        }
    }
    client.set_cookie(COOKIE, Some("x; partner.draft=y"));
    client.open(SIGN_IN).await.assert("400 invalid-request");
}
