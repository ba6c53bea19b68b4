//! The pages of a user who is signed in, and what each page reads.

use kit::routes::{
    ACCOUNT, CHANGE_PASSWORD_PAGE, CHECK_EMAIL, CONFIG, CONFIRM, CONTINUE, END_SESSION,
    FORGOT_PASSWORD, ICON, REQUEST_LOGIN, ROOT, SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{ADA, GRACE, PASSWORD, World, mins};

#[tokio::test]
async fn the_first_pages_read_no_table_and_the_others_only_what_they_show() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    let link = world.client().receive_login_email(ADA).await;
    let invitation = world.client().receive_login_email(GRACE).await;
    client.forgot_password(ADA).await.assert("200");
    let reset = world.latest_email().await;
    for (page, reads) in [
        (ROOT, &[][..]),
        (ICON, &[]),
        (CHANGE_PASSWORD_PAGE, &[]),
        (SIGN_IN, &[]),
        (CONTINUE, &[]),
        (SIGN_UP, &[]),
        (FORGOT_PASSWORD, &[]),
        (CHECK_EMAIL, &[]),
        (VERIFY, &[]),
        (CONFIG, &[]),
        (link.path(), &[]),
        (invitation.path(), &["BatchGetItem", "GetItem"]),
        (reset.path(), &["BatchGetItem", "GetItem"]),
        (CONFIRM, &["BatchGetItem"]),
        (ACCOUNT, &["BatchGetItem", "Query"]),
    ] {
        world.settle().await;
        let before = world.snapshot();
        world.portal.take_calls();
        client.open(page).await;
        let mut calls = world.portal.take_calls();
        calls.retain(|call| call.function == "pages" && call.service == "dynamodb");
        let mut calls: Vec<_> = calls.iter().map(|call| &*call.operation).collect();
        calls.sort_unstable();
        assert_eq!(calls, reads, "{page}");
        assert_eq!(world.snapshot(), before, "{page}");
    }
    world.portal.take_calls();
    let address = client.post(CONTINUE).with("email", ADA).form().await;
    address.assert("303 /auth/continue");
    assert!(world.portal.take_calls().is_empty());
}

#[tokio::test]
async fn the_account_lists_the_sessions_and_ends_that_of_another_browser() {
    let world = World::start().await;
    let [laptop, phone] = [(); 2].map(|()| world.client());
    laptop.sign_in_by_link(ADA).await;
    let page = laptop.open(ACCOUNT).await.assert("200");
    let page = page.assert_contains("Ada Lovelace").assert_contains(ADA);
    let page = page.assert_contains("<strong>Firefox on Windows</strong> <em>This browser</em>");
    page.assert_contains("Last active 21 November 2026 at 14:00 UTC")
        .assert_contains(laptop.ip())
        .assert_lacks(&format!("action=\"{END_SESSION}\""));

    world.clock.advance(mins(1));
    phone.sign_in_by_link(ADA).await;
    let page = laptop.open(ACCOUNT).await.assert_contains(phone.ip());
    let ended = laptop.end_session(&page.field("id")).form().await;
    let ended = ended.assert("303 /auth/account?notice=session-ended");
    let page = laptop.open(&ended.location()).await;
    page.assert_contains("The session has ended.")
        .assert_lacks(phone.ip());
    phone.me().await.assert("401 not-authenticated");
    phone.open(ACCOUNT).await.assert("303 /auth/sign-in");
    laptop.me().await.assert("200");
}

#[tokio::test]
async fn the_account_has_no_password_on_a_portal_without_passwords() {
    for (activation, has_password) in [("password", true), ("link", false)] {
        let world = World::with(&[("Activation", activation)]).await;
        let client = world.client();
        client.sign_in_by_link(ADA).await;
        for page in [ACCOUNT, CONFIRM] {
            let page = client.open(page).await.assert("200");
            assert_eq!(page.body.contains("type=\"password\""), has_password);
        }
    }
}

#[tokio::test]
async fn the_password_is_changed_by_the_form_of_the_account() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password(ADA, PASSWORD).await;
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    let wrong = client.change_password("wrong", "three quiet otters paint");
    let wrong = wrong.form().await;
    let wrong = wrong.assert("303 /auth/account?error=invalid-credentials");
    let page = client.open(&wrong.location()).await;
    page.assert_contains("Wrong password. Check it and try again.");
    let key = client.open(ACCOUNT).await.field("idempotency_key");
    let form = client.change_password(PASSWORD, "three quiet otters paint");
    let changed = form.idempotency_key(&key).form().await;
    let changed = changed.assert("303 /auth/account?notice=password-changed");
    let page = client.open(&changed.location()).await;
    page.assert_contains("Your password was changed, and all other sessions have ended.");
}

#[tokio::test]
async fn after_a_link_that_does_not_work_the_sign_in_page_offers_an_email_first() {
    let world = World::start().await;
    let client = world.client();
    let email_form = format!("action=\"{REQUEST_LOGIN}\"");
    for error in ["expired-token", "used-token", "invalid-token"] {
        let page = client.open(SIGN_IN).query("error", error).await;
        page.assert_contains(&email_form)
            .assert_contains(">Sign in with a password</a>");
    }
    for error in ["invalid-credentials", "unavailable"] {
        let page = client.open(SIGN_IN).query("error", error).await;
        page.assert_lacks(&email_form)
            .assert_contains(&format!("action=\"{CONTINUE}\""));
    }
}

#[tokio::test]
async fn other_addresses_of_a_site_lead_to_its_pages() {
    let world = World::start().await;
    let client = world.client();
    client.open(ROOT).await.assert("303 /auth/account");
    let page = client.open(CHANGE_PASSWORD_PAGE).await;
    page.assert("303 /auth/forgot-password");
    let icon = client
        .open(ICON)
        .await
        .assert("200")
        .assert_contains(">P</text>");
    assert_eq!(icon.headers["content-type"], "image/svg+xml");
    assert_eq!(icon.headers["cache-control"], "public, max-age=86400");
    let world = World::with(&[("FrontendUrl", "https://app.example.com")]).await;
    let root = world.client().open(ROOT).await;
    root.assert("303 https://app.example.com/");
}

#[tokio::test]
async fn without_passwords_the_second_step_is_the_first_one() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    let page = client.open(CONTINUE).query("next", "/reports").await;
    let url = format!("{}/reports", world.portal.public_url());
    let next = kit::form(&[("next", &url)]);
    page.assert(&format!("303 {SIGN_IN}?{next}"));
}
