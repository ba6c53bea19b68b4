//! What every answer carries, and what the pages say.

use serde_json::json;
use tests::World;

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_is_not_stored() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let answers = [
        browser.get("/auth/sign-in").await,
        browser.get("/auth/check-email").await,
        browser.get("/auth/forgot-password").await,
        browser.get("/auth/sign-up").await,
        browser.get("/auth/activate/broken").await,
        browser.get("/auth/reset-password/broken").await,
        browser.get(&mail.path()).await,
        browser.get("/auth/verify/broken").await,
        browser.me().await,
        browser.post("/auth/verify", json!({"token": "x"})).await,
        browser
            .post("/auth/verify", json!({"token": mail.token()}))
            .await,
        browser.me().await,
        browser.get("/auth/signed-in").await,
        browser.post("/auth/logout", json!({})).await,
    ];
    for answer in answers {
        let header = |name: &str| {
            answer
                .headers
                .get(name)
                .map(String::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        let page = header("content-type").starts_with("text/html");
        assert_eq!(
            header("referrer-policy"),
            if page { "same-origin" } else { "no-referrer" }
        );
    }
}

#[tokio::test]
async fn the_pages_wear_the_portals_name_colour_and_logo() {
    let world = World::with(&[
        ("PortalName", "R&D <Portal>"),
        ("AccentColor", "#aa1133"),
        ("LogoUrl", "https://cdn.example.com/logo.svg"),
    ])
    .await;
    let page = world.browser().get("/auth/sign-in").await;
    assert!(
        page.body.contains("R&#38;D &#60;Portal&#62;"),
        "{}",
        page.body
    );
    assert!(page.body.contains(":root{--accent:#aa1133}"));
    assert!(
        page.body
            .contains("<img src=\"https://cdn.example.com/logo.svg\"")
    );
    assert!(page.headers["content-security-policy"].contains("img-src https://cdn.example.com;"));
}

#[tokio::test]
async fn a_page_says_only_our_own_sentences() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser
        .get("/auth/sign-in?error=%3Cimg%3E&reason=%22%3E&next=%22%3E%3Cimg%3E")
        .await;
    assert!(
        page.body.contains("Something went wrong.") && !page.body.contains("<img"),
        "{}",
        page.body
    );
    let reasons = [
        ("expired", "has expired"),
        ("used", "has already been used"),
        ("invalid", "doesn’t work"),
    ];
    for (reason, words) in reasons {
        let page = browser
            .get(&format!(
                "/auth/sign-in?error=invalid_token&reason={reason}"
            ))
            .await;
        assert!(page.body.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn a_wrong_code_in_the_form_leads_back_to_it() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let wrong = browser
        .post_form("/auth/verify", &[("code", &mail.other_code())])
        .await;
    assert_eq!(
        wrong.location(),
        world.portal.public_url().to_owned()
            + "/auth/check-email?error=invalid_token&reason=invalid"
    );
    assert!(
        browser
            .get("/auth/check-email?error=invalid_token&reason=invalid")
            .await
            .body
            .contains("doesn’t work")
    );
}
