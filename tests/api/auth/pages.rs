//! The pages, and the headers of every response.

use kit::routes::{
    ACCOUNT, ACTIVATE, CHECK_EMAIL, FORGOT_PASSWORD, RESET_PASSWORD, SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{ADA, World};

#[tokio::test]
async fn every_response_carries_the_security_headers_and_is_not_cached() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let broken = |path| format!("{path}/broken");
    for request in [
        client.open(SIGN_IN),
        client.open(CHECK_EMAIL),
        client.open(FORGOT_PASSWORD),
        client.open(SIGN_UP),
        client.open(&broken(ACTIVATE)),
        client.open(&broken(RESET_PASSWORD)),
        client.open(email.path()),
        client.open(&broken(VERIFY)),
        client.me(),
        client.verify_link("x"),
        client.verify_link(&email.token()),
        client.me(),
        client.open(ACCOUNT),
        client.logout(),
    ] {
        let response = request.await;
        let header = |name: &str| response.headers.get(name).map_or("", String::as_str);
        assert_eq!(header("cache-control"), "no-store", "{response:?}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert!(header("strict-transport-security").starts_with("max-age="));
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let is_page = header("content-type").starts_with("text/html");
        let referrer = if is_page {
            "same-origin"
        } else {
            "no-referrer"
        };
        assert_eq!(header("referrer-policy"), referrer);
    }
}

#[tokio::test]
async fn the_pages_have_the_portals_name_colour_and_logo() {
    let world = World::with(&[
        ("PortalName", "R&D <Portal>"),
        ("AccentColor", "#aa1133"),
        ("LogoUrl", "https://cdn.example.com/logo.svg"),
    ])
    .await;
    let page = world.client().open(SIGN_IN).await;
    let page = page.assert_contains("R&#38;D &#60;Portal&#62;");
    let page = page.assert_contains(":root{--accent:#aa1133}");
    let page = page.assert_contains("src=\"https://cdn.example.com/logo.svg\" alt=\"R&#38;D");
    let policy = &page.headers["content-security-policy"];
    assert!(
        policy.contains("img-src 'self' https://cdn.example.com;"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_page_never_repeats_its_query() {
    let world = World::start().await;
    let client = world.client();
    let page = client
        .open(SIGN_IN)
        .query("error", "<img>")
        .query("reason", "\">");
    let page = page.query("next", "\"><img>").await.assert_lacks("<img");
    page.assert_contains("Something went wrong.");
    for (error, text) in [
        ("expired-token", "has expired"),
        ("used-token", "has already been used"),
        ("invalid-token", "doesn’t work"),
    ] {
        let page = client.open(SIGN_IN).query("error", error).await;
        page.assert_contains(text);
    }
}

#[tokio::test]
async fn a_wrong_code_redirects_back_to_its_form() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let wrong = client.verify_code(&email.wrong_code()).form().await;
    let query = "error=invalid-token&attempts_left=4";
    let back = wrong.assert(&format!("303 /auth/check-email?{query}"));
    let page = client.open(&back.location()).await;
    page.assert_contains("This code doesn’t work. You have 4 attempts left.");
    for (left, text) in [
        ("1", "You have 1 attempt left."),
        ("0", "You have no attempts left. Request a new email."),
        ("10", "This link or code doesn’t work."),
        ("<b>", "This link or code doesn’t work."),
    ] {
        let page = client
            .open(CHECK_EMAIL)
            .query("error", "invalid-token")
            .query("attempts_left", left);
        page.await.assert_contains(text).assert_lacks("<b>");
    }
}

#[tokio::test]
async fn a_browser_that_blocks_cookies_is_told_so_and_not_sent_round_in_a_circle() {
    let world = World::start().await;
    let client = world.client();
    let after_a_form = || client.open(ACCOUNT).header("sec-fetch-site", "same-origin");
    let page = after_a_form().await.assert("200");
    page.assert_contains("You’re not signed in")
        .assert_contains("this browser is probably blocking cookies");
    for site in ["none", "same-site", "cross-site"] {
        let opened = client.open(ACCOUNT).header("sec-fetch-site", site);
        opened.await.assert("303 /auth/sign-in");
    }
    let told = "either this browser blocks cookies";
    client.open(CHECK_EMAIL).await.assert_contains(told);

    let email = client.receive_login_email(ADA).await;
    client.open(CHECK_EMAIL).await.assert_lacks(told);
    client.verify_link(&email.token()).await.assert("200");
    let page = after_a_form().await.assert("200");
    page.assert_contains("<h1>Your account</h1>");
}
