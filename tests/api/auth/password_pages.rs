//! Passwords by forms alone: the emails, the pages behind their links, and the forms.

use kit::routes::{
    ACTIVATE, CHECK_EMAIL, CONTINUE, FORGOT_PASSWORD, REQUEST_LOGIN, RESET_PASSWORD, SIGN_IN,
    SIGN_UP,
};
use kit::{ApiClient, ApiResponse, Email, GRACE, World, hours, mins, secs};

const FIRST: &str = "three quiet otters paint";
const SECOND: &str = "a lantern under the bridge";
const EVE: &str = "eve@example.com";
const TO_SIGNED_IN: &str = "303 /auth/account";
const PASSWORD_CHANGED: &str = "303 /auth/sign-in?notice=password-changed";
const INVALID_LINK: &str = "303 /auth/sign-in?error=invalid-token";

/// Starts a portal where Eve is invited.
async fn world() -> World {
    world_with(&[]).await
}

async fn world_with(parameters: &[(&str, &str)]) -> World {
    let world = World::with(parameters).await;
    let invited = world.client().create_user(EVE, "Eve").await;
    invited.assert("201");
    world
}

/// Opens a page, and asserts that nothing changed. Only a page that asks for a new password
/// may read tables, to look up whether its link still works.
async fn open(world: &World, client: &ApiClient<'_>, path: &str) -> ApiResponse {
    world.settle().await;
    let before = (world.snapshot(), world.emails().await);
    world.portal.take_calls();
    let page = client.open(path).await;
    let mut calls = world.portal.take_calls();
    calls.retain(|call| call.function == "pages" && call.service == "dynamodb");
    let looks_up = [ACTIVATE, RESET_PASSWORD]
        .iter()
        .any(|page| path.contains(page));
    assert!(
        calls.len() <= if looks_up { 2 } else { 0 },
        "{path}: {calls:?}"
    );
    let is_read = |operation: &str| ["GetItem", "BatchGetItem"].contains(&operation);
    let only_reads = calls.iter().all(|call| is_read(&call.operation));
    assert!(only_reads, "{path}: {calls:?}");
    assert!((world.snapshot(), world.emails().await) == before, "{path}");
    page
}

/// Opens the page that a response redirects to.
async fn follow(world: &World, client: &ApiClient<'_>, response: &ApiResponse) -> ApiResponse {
    open(world, client, &response.location()).await
}

/// Submits the password form of a page.
async fn submit(
    client: &ApiClient<'_>,
    action: &str,
    page: &ApiResponse,
    password: &str,
) -> ApiResponse {
    let page = page
        .clone()
        .assert_contains(&format!("action=\"{action}\""));
    let form = client.submit_link_page(action, &page);
    form.with("password", password).await
}

/// Requests a login for Eve, which emails an invitation.
async fn invitation(world: &World) -> Email {
    let email = world.client().receive_login_email(EVE).await;
    assert!(email.path().starts_with(ACTIVATE), "{email:?}");
    email
}

/// Gives Eve a first password, and returns the client that did.
async fn activated(world: &World) -> ApiClient<'_> {
    let client = world.client();
    let page = client.open(invitation(world).await.path()).await;
    submit(&client, ACTIVATE, &page, FIRST)
        .await
        .assert(TO_SIGNED_IN);
    client
}

/// Requests a reset of Eve's password.
async fn reset(world: &World) -> Email {
    let requested = world.client().forgot_password(EVE).form().await;
    requested.assert("303 /auth/check-email?for=reset");
    let email = world.latest_email().await;
    assert!(email.path().starts_with(RESET_PASSWORD), "{email:?}");
    email
}

#[tokio::test]
async fn an_invited_user_activates_signs_in_forgets_and_resets_the_password() {
    let world = world().await;
    let client = world.client();
    let phone = world.client();
    let page = open(&world, &client, invitation(&world).await.path()).await;
    let page = page
        .assert_contains(&format!("<strong dir=\"auto\">{EVE}</strong>"))
        .assert_contains("Use at least 15 characters");
    submit(&client, ACTIVATE, &page, FIRST)
        .await
        .assert(TO_SIGNED_IN);
    assert_eq!(client.me().await.json()["email"], EVE);
    client.logout().form().await;
    client.me().await.assert("401 not-authenticated");

    open(&world, &client, SIGN_IN).await.assert("200");
    let address = client.post(CONTINUE).with("email", EVE).form().await;
    let page = follow(&world, &client, &address).await;
    let page = page.assert_contains(FORGOT_PASSWORD);
    page.assert_contains("autocomplete=\"current-password\"");
    for client in [&client, &phone] {
        client.sign_in(EVE, FIRST).form().await.assert(TO_SIGNED_IN);
    }

    let page = open(&world, &phone, &format!("{CHECK_EMAIL}?for=reset")).await;
    page.assert_lacks("name=\"code\"");
    let page = open(&world, &phone, reset(&world).await.path()).await;
    let page = page.assert_contains(&format!("<strong dir=\"auto\">{EVE}</strong>"));
    let page = page.assert_contains("autocomplete=\"new-password\"");
    let changed = submit(&phone, RESET_PASSWORD, &page, SECOND)
        .await
        .assert(PASSWORD_CHANGED);
    let page = follow(&world, &phone, &changed).await;
    page.assert_contains("Your password was changed.");
    for client in [&client, &phone] {
        client.me().await.assert("401 not-authenticated");
    }
    let old = client.sign_in(EVE, FIRST).form().await;
    old.assert("303 /auth/sign-in?error=invalid-credentials");
    let response = client.sign_in(EVE, SECOND).form().await;
    response.assert(TO_SIGNED_IN);
    let notice = world.latest_email().await;
    assert_eq!(notice.to, EVE);
    assert_eq!(notice.subject, "Your Partner password was changed");
}

#[tokio::test]
async fn a_weak_password_redirects_back_to_the_form_and_the_link_stays_valid() {
    let world = world().await;
    let client = world.client();
    for action in [ACTIVATE, RESET_PASSWORD] {
        let email = match action {
            ACTIVATE => invitation(&world).await,
            _ => reset(&world).await,
        };
        let page = client.open(email.path()).await;
        world.settle().await;
        let before = (world.snapshot(), client.cookie_header());
        let long = "x".repeat(257);
        for (password, reason, text) in [
            ("two otters", "too-short", "Use at least 15 characters."),
            (&*long, "too-long", "Use at most 256 characters."),
        ] {
            let refused = submit(&client, action, &page, password).await;
            let path = email.path();
            let back = format!("303 {path}?error=weak-password&reason={reason}");
            let form = follow(&world, &client, &refused.assert(&back)).await;
            let form = form.assert_contains("<span>Choose a different password.");
            let form = form.assert_contains(text).assert_lacks(password);
            assert_eq!(form.field("token"), email.token());
            assert_ne!(form.field("idempotency_key"), page.field("idempotency_key"));
        }
        assert!((world.snapshot(), client.cookie_header()) == before);
        let page = client.open(email.path()).await;
        let set = submit(&client, action, &page, FIRST).await;
        assert!(!set.location().contains("error="), "{set:?}");
    }
    client.sign_in(EVE, FIRST).form().await.assert(TO_SIGNED_IN);
}

#[tokio::test]
async fn a_form_submitted_twice_is_one_activation_and_one_reset() {
    let world = world().await;
    let client = world.client();
    let page = client.open(invitation(&world).await.path()).await;
    for _ in 0..2 {
        submit(&client, ACTIVATE, &page, FIRST)
            .await
            .assert(TO_SIGNED_IN);
    }
    client.me().await.assert("200");
    assert_eq!(world.rows("sessions").len(), 1);
    let page = client.open(reset(&world).await.path()).await;
    let emails = world.emails().await.len();
    for _ in 0..2 {
        let set = submit(&client, RESET_PASSWORD, &page, SECOND).await;
        set.assert(PASSWORD_CHANGED);
    }
    assert_eq!(world.emails().await.len(), emails + 1, "one notice");
}

#[tokio::test]
async fn an_expired_invitation_offers_a_new_one_to_the_invited_address() {
    let world = world().await;
    let client = world.client();
    let old = invitation(&world).await;
    let page = client.open(old.path()).await;
    for (wait, text) in [
        (hours(72) - secs(1), "Welcome! Choose a password"),
        (secs(1), "This invitation has expired"),
    ] {
        world.clock.advance(wait);
        open(&world, &client, old.path())
            .await
            .assert_contains(text);
    }
    let late = submit(&client, ACTIVATE, &page, FIRST).await;
    let expired = follow(&world, &client, &late).await;
    let expired = expired.assert_contains("This invitation has expired");
    let expired = expired
        .assert_contains(&format!("<strong dir=\"auto\">{EVE}</strong>"))
        .assert_lacks("type=\"password\"");
    let expired = expired.assert_contains(&format!("action=\"{REQUEST_LOGIN}\""));
    assert_eq!(expired.field("email"), EVE);
    let requested = client.request_login(&expired.field("email")).form().await;
    requested.assert("303 /auth/check-email");
    let email = world.latest_email().await;
    assert_eq!(email.to, EVE);
    let page = client.open(email.path()).await;
    submit(&client, ACTIVATE, &page, FIRST)
        .await
        .assert(TO_SIGNED_IN);
    assert_eq!(client.me().await.json()["email"], EVE);
}

#[tokio::test]
async fn a_used_invitation_leads_to_the_dashboard_in_its_browser_and_to_signing_in_elsewhere() {
    let world = world().await;
    let client = world.client();
    let other = world.client();
    let email = invitation(&world).await;
    let page = other.open(email.path()).await;
    submit(&client, ACTIVATE, &client.open(email.path()).await, FIRST).await;
    open(&world, &client, email.path())
        .await
        .assert(TO_SIGNED_IN);
    let before = world.snapshot();
    let refused = submit(&other, ACTIVATE, &page, SECOND).await;
    assert_eq!(world.snapshot(), before);
    let used = follow(&world, &other, &refused).await;
    used.assert_contains("This invitation has already been used")
        .assert_contains(FORGOT_PASSWORD);
    other.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn a_void_invitation_says_so_and_offers_a_new_one() {
    let world = world().await;
    let client = world.client();
    let page = client.open(invitation(&world).await.path()).await;
    world.revoke_sessions(EVE).await;
    let refused = submit(&client, ACTIVATE, &page, FIRST).await;
    let old = follow(&world, &client, &refused).await;
    let old = old.assert_contains("This invitation no longer works");
    assert_eq!(old.field("email"), EVE);
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn a_reset_link_that_no_longer_works_leads_to_requesting_another() {
    let world = world().await;
    let client = activated(&world).await;
    let forgot = |error| format!("303 /auth/forgot-password?error={error}");
    let email = reset(&world).await;
    let page = client.open(email.path()).await;
    submit(&world.client(), RESET_PASSWORD, &page, SECOND).await;
    world.clock.advance(secs(61));
    let refused = submit(&client, RESET_PASSWORD, &page, FIRST).await;
    let used = follow(&world, &client, &refused)
        .await
        .assert(&forgot("used-token"));
    let page = follow(&world, &client, &used).await;
    page.assert_contains("This link has already been used.");

    world.clock.advance(mins(60));
    let expired = open(&world, &client, email.path())
        .await
        .assert(&forgot("expired-token"));
    let page = follow(&world, &client, &expired).await;
    page.assert_contains("This link has expired.");

    let email = reset(&world).await;
    let page = client.open(email.path()).await;
    world.revoke_sessions(EVE).await;
    let refused = submit(&client, RESET_PASSWORD, &page, FIRST).await;
    let void = follow(&world, &client, &refused).await;
    void.assert(&forgot("invalid-token"));
    let other = world.client().receive_login_email(GRACE).await;
    assert!(other.path().starts_with(ACTIVATE));
    for token in ["broken", &other.token()] {
        let path = format!("{RESET_PASSWORD}/{token}");
        open(&world, &client, &path)
            .await
            .assert(&forgot("invalid-token"));
    }
    let old = client.sign_in(EVE, FIRST).form().await;
    old.assert("303 /auth/sign-in?error=invalid-credentials");
}

#[tokio::test]
async fn forged_and_foreign_invitations_redirect_to_sign_in_and_old_ones_say_so() {
    let world = world().await;
    let client = activated(&world).await;
    let other = reset(&world).await.token();
    for token in ["broken", &other, &"a".repeat(5000)] {
        let path = format!("{ACTIVATE}/{token}");
        open(&world, &client, &path).await.assert(INVALID_LINK);
    }
    for path in [ACTIVATE, RESET_PASSWORD] {
        let path = format!("{path}/{}", "0a".repeat(32));
        let page = open(&world, &client, &path).await;
        page.assert_contains("This link is no longer supported");
    }
}

#[tokio::test]
async fn a_hostile_query_is_never_repeated() {
    let world = world().await;
    let client = world.client();
    let email = invitation(&world).await;
    let link = email.path();
    let evil = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for page in [SIGN_IN, FORGOT_PASSWORD, CHECK_EMAIL, link] {
        for query in [
            format!("error=weak-password&reason={evil}"),
            format!("error={evil}&reason=too-short"),
            format!("error=invalid-request&reason={evil}&for={evil}"),
            format!("error=invalid-token&reason={evil}"),
            format!("notice={evil}"),
            "error=weak-password&error=weak-password&reason=%ff&reason=%00".to_owned(),
        ] {
            let page = open(&world, &client, &format!("{page}?{query}")).await;
            page.assert("200")
                .assert_lacks("alert(1)")
                .assert_lacks("&#60;script");
        }
    }
    let vague = client
        .open(&format!("{link}?error=weak-password&reason={evil}"))
        .await;
    vague.assert_contains("Choose a different password.");
    let page = client
        .open(SIGN_IN)
        .query("next", "https://evil.example")
        .await;
    page.assert_lacks("evil");
}

#[tokio::test]
async fn next_is_kept_in_both_steps_of_signing_in() {
    let world = World::start().await;
    let client = world.client();
    let page = client.open(SIGN_IN).query("next", "/reports?a=\"b").await;
    let next = format!("{}/reports?a=%22b", world.portal.public_url());
    assert_eq!(page.field("next"), next);
    let address = client.post(CONTINUE).with("email", EVE).next(&next);
    let page = follow(&world, &client, &address.form().await).await;
    let field = format!("name=\"next\" value=\"{next}\"");
    assert_eq!(page.body.matches(&field).count(), 2, "{}", page.body);
    for action in [SIGN_IN, REQUEST_LOGIN] {
        let action = format!("action=\"{action}\"");
        page.clone().assert_contains(&action);
    }
}

#[tokio::test]
async fn a_portal_without_passwords_has_no_pages_for_them() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    let page = open(&world, &client, SIGN_IN).await;
    page.assert_lacks("type=\"password\"")
        .assert_lacks(FORGOT_PASSWORD);
    open(&world, &client, FORGOT_PASSWORD)
        .await
        .assert("404 not-found");
    for path in [ACTIVATE, RESET_PASSWORD] {
        let path = format!("{path}/x");
        open(&world, &client, &path).await.assert(INVALID_LINK);
    }
}

#[tokio::test]
async fn the_sign_up_page_exists_where_the_portal_allows_it() {
    let world = World::start().await;
    let client = world.client();
    open(&world, &client, SIGN_UP).await.assert("404 not-found");
    client.open(SIGN_IN).await.assert_lacks(SIGN_UP);

    let world = World::with(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let link = format!("href=\"{SIGN_UP}\"");
    client.open(SIGN_IN).await.assert_contains(&link);
    let page = open(&world, &client, SIGN_UP).await;
    page.assert_contains(&format!("action=\"{SIGN_UP}\""));
    let wrong = client.sign_up("eve", "Eve").form().await;
    let wrong = wrong.assert("303 /auth/sign-up?error=invalid-request&field=email");
    let page = follow(&world, &client, &wrong).await;
    page.assert_contains("Enter a valid email address.");
    let requested = client.sign_up(EVE, "Eve").form().await;
    let requested = requested.assert("303 /auth/check-email?for=sign-up");
    world.settle().await;
    let page = follow(&world, &client, &requested).await;
    page.assert_contains(&format!(
        ">We’ve sent an email to <strong dir=\"auto\">{EVE}"
    ))
    .assert_contains(&link);
    let page = client.open(world.latest_email().await.path()).await;
    let page = page.assert_lacks("invitation");
    submit(&client, ACTIVATE, &page, FIRST)
        .await
        .assert(TO_SIGNED_IN);
    assert_eq!(client.me().await.json()["name"], "Eve");
}

#[tokio::test]
async fn a_frontends_own_pages_get_the_token_in_the_fragment() {
    let welcome = "https://portal.example.com/welcome";
    let another = "https://portal.example.com/another?x=1";
    let world = world_with(&[("ActivateUrl", welcome), ("ResetUrl", another)]).await;
    let client = world.client();
    let token = async |url: &str| {
        let email = world.latest_email().await;
        let token = email.link().strip_prefix(&format!("{url}#token="));
        token.unwrap().to_owned()
    };
    world.client().request_login(EVE).await.assert("200");
    let response = client.activate(&token(welcome).await, FIRST).await;
    response.assert("200");
    client.forgot_password(EVE).await.assert("200");
    let response = client.reset_password(&token(another).await, SECOND).await;
    response.assert("200");
    client.me().await.assert("401 not-authenticated");
}
