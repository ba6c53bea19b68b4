//! The `next` of a user, on every way from the first page to the session.

use kit::routes::{
    ACCOUNT, ACTIVATE, CHECK_EMAIL, CONTINUE, FORGOT_PASSWORD, REQUEST_LOGIN, RESET_PASSWORD,
    SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{ADA, ApiClient, ApiRequest, ApiResponse, PASSWORD, World, form, hours, mins};

const EVE: &str = "eve@example.com";
const NEW: &str = "three quiet otters paint";
const SHORT: &str = "/reports?of=all#top";

/// Returns a path of this many characters.
fn path_of(length: usize) -> String {
    format!("/{}", "a".repeat(length - 1))
}

/// Starts a portal where Ada has a password, Eve is invited, and anybody may sign up.
async fn world() -> World {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    let admin = world.client();
    admin.create_user(EVE, "Eve").await.assert("201");
    world.set_password(ADA, PASSWORD).await;
    world
}

/// Returns the URL of a path as responses and fields spell it.
fn url(world: &World, path: &str) -> String {
    format!("{}{path}", world.portal.public_url())
}

/// Returns the query that carries `next`.
fn query(world: &World, next: &str) -> String {
    form(&[("next", &url(world, next))])
}

/// Opens the page that a response redirects to, and asserts that its form keeps `next`.
async fn keeps(
    world: &World,
    client: &ApiClient<'_>,
    response: &ApiResponse,
    next: &str,
) -> ApiResponse {
    let page = client.open(&response.location()).await.assert("200");
    assert_eq!(page.field("next"), url(world, next), "{}", page.body);
    page
}

/// Asserts that JSON and forms accept `next` and lead to it after a sign-in by password.
async fn signs_in_to(world: &World, client: &ApiClient<'_>, next: &str, landing: Option<&str>) {
    world.clock.advance(mins(15));
    let request = client.sign_in(ADA, PASSWORD).next(next);
    let form = request.clone().form().await;
    form.assert(&format!("303 {}", landing.unwrap_or(ACCOUNT)));
    let json = request.await.assert("200").json();
    let found = json.get("next").map(|next| next.as_str().unwrap());
    let expected = landing.map(|path| url(world, path));
    assert_eq!(found, expected.as_deref());
}

#[tokio::test]
async fn a_next_may_have_2048_characters_and_a_longer_or_empty_one_is_none() {
    let world = world().await;
    let client = world.client();
    for length in [600, 2048] {
        let next = path_of(length);
        signs_in_to(&world, &client, &next, Some(&next)).await;
    }
    let too_long = path_of(2049);
    for next in ["", " ", &too_long, &path_of(9000), &url(&world, &too_long)] {
        signs_in_to(&world, &client, next, None).await;
    }
    for next in ["", &*too_long] {
        let page = client.open(SIGN_IN).query("next", next).await;
        page.assert("200").assert_lacks("name=\"next\"");
    }
    let wrong = client
        .sign_in(ADA, "x")
        .next(&"&".repeat(2048))
        .form()
        .await;
    client.open(&wrong.location()).await.assert("200");
}

#[tokio::test]
async fn a_link_of_any_length_leads_to_next_and_its_email_has_short_lines() {
    for length in [20, 300, 600, 2048] {
        let world = World::start().await;
        let client = world.client();
        let next = path_of(length);
        for by_form in [true, false] {
            world.clock.advance(mins(1));
            client.request_login(ADA).next(&next).await.assert("200");
            let email = world.latest_email().await;
            let longest = email.text.lines().map(str::len).max();
            assert!(longest < Some(998), "{longest:?}");
            let page = client.open(email.path()).await.assert("200");
            let verify = client.submit_link_page(VERIFY, &page);
            if by_form {
                verify.await.assert(&format!("303 {next}"));
            } else {
                let verified = client.verify_link(&email.token()).await.assert("200");
                assert_eq!(verified.json()["next"], url(&world, &next));
            }
        }
        world.clock.advance(mins(1));
        client.request_login(ADA).next(&next).await.assert("200");
        let code = world.latest_email().await.code;
        let verified = client.verify_code(&code).await.assert("200");
        assert_eq!(verified.json()["next"], url(&world, &next));
    }
}

#[tokio::test]
async fn json_gets_next_only_in_the_requesting_browser_and_only_if_there_is_one() {
    let world = World::start().await;
    let [owner, phone] = [(); 2].map(|()| world.client());
    owner.request_login(ADA).next(SHORT).await.assert("200");
    let token = world.latest_email().await.token();
    let verified = phone.verify_link(&token).await.assert("200");
    assert!(verified.json().get("next").is_none());
    world.clock.advance(mins(1));
    let verified = owner.sign_in_by_link(ADA).await;
    assert!(verified.json().get("next").is_none());

    world.clock.advance(mins(1));
    let request = owner.request_login(ADA).bearer_transport().next(SHORT);
    let nonce = request.await.json()["request"].clone();
    let code = world.latest_email().await.code;
    let verify = phone
        .verify_code(&code)
        .login_request(nonce.as_str().unwrap());
    let verified = verify.bearer_transport().await.assert("200");
    assert_eq!(verified.json()["next"], url(&world, SHORT));
}

/// Follows an expired page: at once, or by its button if only the endpoint knows `next`.
async fn expired(client: &ApiClient<'_>, action: &str, path: &str) -> ApiResponse {
    let opened = client.open(path).await;
    if opened.status == 303 {
        return opened;
    }
    let opened = opened.assert_contains("This link has expired");
    let form = client.post(action).with("token", opened.field("token"));
    let form = if action == VERIFY {
        form
    } else {
        form.with("password", "")
    };
    form.form().await
}

#[tokio::test]
async fn an_expired_and_a_used_link_keep_next() {
    for next in [SHORT.to_owned(), path_of(600), path_of(2048)] {
        let world = World::start().await;
        let client = world.client();
        client.request_login(ADA).next(&next).await.assert("200");
        let email = world.latest_email().await;
        world.clock.advance(mins(16));
        for back in [
            expired(&client, VERIFY, email.path()).await,
            client.verify_link(&email.token()).form().await,
        ] {
            let query = query(&world, &next);
            let back = back.assert(&format!("303 {SIGN_IN}?error=expired-token&{query}"));
            keeps(&world, &client, &back, &next).await;
        }

        client.request_login(ADA).next(&next).await.assert("200");
        let email = world.latest_email().await;
        client.verify_link(&email.token()).form().await;
        let stranger = world.client();
        let back = stranger.verify_link(&email.token()).form().await;
        let (page, query) = (email.path(), query(&world, &next));
        let back = back.assert(&format!("303 {page}?error=used-token&{query}"));
        let page = stranger.open(&back.location()).await.assert("200");
        page.assert_contains(&format!("{SIGN_IN}?{query}\""));
    }
}

#[tokio::test]
async fn a_link_of_another_browser_keeps_next_where_it_does_not_sign_in() {
    let world = World::with(&[("OtherBrowser", "off")]).await;
    let owner = world.client();
    owner.request_login(ADA).next(SHORT).await.assert("200");
    let email = world.latest_email().await;
    let stranger = world.client();
    let page = stranger.open(email.path()).await.assert("200");
    let link = format!("{SIGN_IN}?{}\"", query(&world, SHORT));
    page.assert_contains(&link);
    let back = stranger.verify_link(&email.token()).form().await;
    keeps(&world, &stranger, &back, SHORT).await;
}

#[tokio::test]
async fn the_pages_link_to_one_another_with_next() {
    let world = world().await;
    let client = world.client();
    let carried = query(&world, SHORT);
    // The page that waits for an email asks for its code.
    client.receive_login_email(ADA).await;
    for (page, links) in [
        (SIGN_IN, &[SIGN_UP][..]),
        (CONTINUE, &[FORGOT_PASSWORD]),
        (
            &format!("{SIGN_IN}?error=expired-token"),
            &[SIGN_IN, SIGN_UP],
        ),
        (FORGOT_PASSWORD, &[SIGN_IN]),
        (SIGN_UP, &[SIGN_IN]),
        (CHECK_EMAIL, &[SIGN_IN]),
        (&format!("{CHECK_EMAIL}?for=reset"), &[FORGOT_PASSWORD]),
        (&format!("{CHECK_EMAIL}?for=sign-up"), &[SIGN_UP]),
    ] {
        let opened = client.open(page).query("next", SHORT).await.assert("200");
        if !page.contains("reset") {
            assert_eq!(opened.field("next"), url(&world, SHORT), "{page}");
        }
        for link in links {
            let link = format!("{link}?{carried}\"");
            opened.clone().assert_contains(&link);
        }
        let foreign = client.open(page).query("next", "//evil.example").await;
        foreign
            .assert("200")
            .assert_lacks("next=")
            .assert_lacks("evil");
    }
}

/// Returns the three forms that request an email, with the page that each failure redirects to and
/// the query of the page that asks to check the email.
fn forms<'c>(
    client: &'c ApiClient<'c>,
    email: &str,
) -> [(ApiRequest<'c>, &'static str, &'static str); 3] {
    [
        (client.request_login(email).form(), SIGN_IN, ""),
        (
            client.forgot_password(email).form(),
            FORGOT_PASSWORD,
            "for=reset&",
        ),
        (
            client.sign_up(email, "Name").form(),
            SIGN_UP,
            "for=sign-up&",
        ),
    ]
}

#[tokio::test]
async fn every_form_that_requests_an_email_keeps_next() {
    let world = world().await;
    let client = world.client();
    for next in [SHORT.to_owned(), path_of(2048)] {
        let carried = query(&world, &next);
        for (request, page, pending) in forms(&client, EVE) {
            world.clock.advance(hours(24));
            let request = request.next(&next);
            let sent = request.clone().await;
            sent.assert(&format!("303 {CHECK_EMAIL}?{pending}{carried}"));
            let limited = request.await;
            let to = limited.outcome();
            let error = format!("303 {page}?error=too-many-attempts&");
            assert!(to.starts_with(&error) && to.ends_with(&carried), "{to}");
            keeps(&world, &client, &limited, &next).await;
        }
        for (request, page, _) in forms(&client, "no address") {
            let invalid = request.next(&next).await;
            let invalid = invalid.assert(&format!(
                "303 {page}?error=invalid-request&field=email&{carried}"
            ));
            keeps(&world, &client, &invalid, &next).await;
        }
    }
    for (request, page, _) in forms(&client, EVE) {
        let foreign = request.next("https://evil.example").await;
        foreign.assert(&format!("303 {page}?error=invalid-request&field=next"));
    }
}

#[tokio::test]
async fn a_wrong_code_keeps_next_and_that_it_was_a_sign_up() {
    let world = world().await;
    for (pending, page) in [("", "?"), ("sign-up", "?for=sign-up&")] {
        let client = world.client();
        world.clock.advance(hours(24));
        client.request_login(ADA).next(SHORT).await.assert("200");
        let email = world.latest_email().await;
        let wrong = client.verify_code(&email.wrong_code()).next(SHORT);
        let wrong = wrong.with("for", pending).form().await;
        let carried = query(&world, SHORT);
        let wrong = wrong.assert(&format!(
            "303 {CHECK_EMAIL}{page}error=invalid-token&attempts_left=4&{carried}"
        ));
        let page = keeps(&world, &client, &wrong, SHORT).await;
        assert_eq!(page.field("for"), pending);
        let right = client.verify_code(&email.code).next(SHORT).form().await;
        right.assert(&format!("303 {SHORT}"));
    }
    let client = world.client();
    let wrong = client.verify_code("12345678").with("for", "x&y").form();
    wrong
        .await
        .assert(&format!("303 {CHECK_EMAIL}?error=invalid-token"));
}

#[tokio::test]
async fn an_activation_leads_to_next() {
    for next in [SHORT.to_owned(), path_of(2048)] {
        let world = world().await;
        let [owner, phone] = [(); 2].map(|()| world.client());
        owner.request_login(EVE).next(&next).await.assert("200");
        let email = world.latest_email().await;
        let page = owner.open(email.path()).await.assert("200");
        let form = owner.submit_link_page(ACTIVATE, &page);
        let weak = form.clone().with("password", "short").await;
        owner.open(&weak.location()).await.assert("200");
        let set = form.with("password", NEW);
        set.clone().await.assert(&format!("303 {next}"));
        let again = set.clone().await;
        again.assert(&format!("303 {next}"));

        world.clock.advance(mins(2));
        let name = "new@example.com";
        let request = owner.sign_up(name, "New").next(&next).form();
        request.await.assert(&format!(
            "303 {CHECK_EMAIL}?for=sign-up&{}",
            query(&world, &next)
        ));
        let token = world.latest_email().await.token();
        let elsewhere = phone.activate(&token, NEW).form().await;
        elsewhere.assert(&format!("303 {next}"));

        world.clock.advance(mins(2));
        let another = "another@example.com";
        owner
            .sign_up(another, "New")
            .next(&next)
            .await
            .assert("200");
        let token = world.latest_email().await.token();
        let set = owner.activate(&token, NEW).await.assert("200");
        assert_eq!(set.json()["next"], url(&world, &next));
    }
}

#[tokio::test]
async fn an_expired_and_a_used_invitation_keep_next() {
    for next in [SHORT.to_owned(), path_of(2048)] {
        let world = world().await;
        let client = world.client();
        client.request_login(EVE).next(&next).await.assert("200");
        let email = world.latest_email().await;
        world.clock.advance(hours(73));
        let mut page = client.open(email.path()).await;
        if page.field("email").is_empty() {
            let back = expired(&client, ACTIVATE, email.path()).await;
            page = client.open(&back.location()).await;
        }
        assert_eq!(page.field("next"), url(&world, &next), "{}", page.body);
        page.assert_contains(&format!("action=\"{REQUEST_LOGIN}\""));

        client.request_login(EVE).next(&next).await.assert("200");
        let token = world.latest_email().await.token();
        client.activate(&token, NEW).await.assert("200");
        let stranger = world.client();
        let used = stranger.activate(&token, NEW).form().await;
        let page = stranger.open(&used.location()).await.assert("200");
        let carried = query(&world, &next);
        page.assert_contains(&format!("{SIGN_IN}?{carried}\""))
            .assert_contains(&format!("href=\"{FORGOT_PASSWORD}?{carried}\""));
    }
}

#[tokio::test]
async fn a_reset_leads_to_next_by_the_sign_in_page() {
    for next in [SHORT.to_owned(), path_of(2048)] {
        let world = world().await;
        let client = world.client();
        client.forgot_password(ADA).next(&next).await.assert("200");
        let email = world.latest_email().await;
        let page = client.open(email.path()).await.assert("200");
        let form = client.submit_link_page(RESET_PASSWORD, &page);
        let weak = form.clone().with("password", "short").await;
        client.open(&weak.location()).await.assert("200");
        let set = form.with("password", NEW).await;
        let set = set.assert(&format!(
            "303 {SIGN_IN}?notice=password-changed&{}",
            query(&world, &next)
        ));
        keeps(&world, &client, &set, &next).await;

        for _ in 0..2 {
            let used = client.reset_password(&email.token(), NEW).form().await;
            let used = client.open(&used.location()).await;
            keeps(&world, &client, &used, &next).await;
        }

        world.clock.advance(mins(2));
        client.forgot_password(ADA).next(&next).await.assert("200");
        let token = world.latest_email().await.token();
        let set = client.reset_password(&token, PASSWORD).await.assert("200");
        assert_eq!(set.json()["next"], url(&world, &next));

        world.clock.advance(mins(2));
        client.forgot_password(ADA).next(&next).await.assert("200");
        let email = world.latest_email().await;
        world.clock.advance(hours(2));
        let mut back = expired(&client, RESET_PASSWORD, email.path()).await;
        if !back.location().contains(FORGOT_PASSWORD) {
            back = client.open(&back.location()).await;
        }
        let back = back.assert(&format!(
            "303 {FORGOT_PASSWORD}?error=expired-token&{}",
            query(&world, &next)
        ));
        keeps(&world, &client, &back, &next).await;
    }
}
