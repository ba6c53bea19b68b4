//! `POST /auth/verify` with a link's token, and the page that the link opens: opening it spends
//! nothing, one link gives one session, and a lost response is not a lost sign-in.

use kit::routes::{LOGOUT, VERIFY};
use kit::{ADA, GRACE, World, mins, secs};
use serde_json::json;
use shared::domain::link::{LinkClaims, Purpose};

#[tokio::test]
async fn a_thousand_openings_and_prefetches_change_nothing() {
    let world = World::start().await;
    let owner = world.client();
    let scanner = world.client();
    let email = owner.receive_login_email(ADA).await;
    let before = world.snapshot();
    world.portal.take_calls();
    for n in 0..1000 {
        let client = if n % 2 == 0 { &owner } else { &scanner };
        let mut page = client.open(email.path());
        if n % 3 == 0 {
            page = page.header("sec-purpose", "prefetch;prerender");
        }
        page.await.assert("200");
    }
    assert_eq!(world.snapshot(), before);
    assert!(world.portal.take_calls().is_empty());
    owner.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn another_browser_sees_whose_link_it_is_and_signs_in_only_by_the_button() {
    let world = World::start().await;
    let phone = world.client();
    let email = world.client().receive_login_email(ADA).await;
    let page = phone.open(email.path()).await;
    let page = page.assert_contains(&format!("<strong dir=\"auto\">{ADA}</strong>"));
    let page = page.assert_contains("<button").assert_lacks(" data-auto");
    phone.me().await.assert("401 not-authenticated");
    let submitted = phone.submit_link_page(VERIFY, &page).await;
    submitted.assert("303 /auth/account");
    phone.me().await.assert("200");
}

#[tokio::test]
async fn other_browser_code_requires_the_emailed_code_and_counts_the_attempts() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let phone = world.client();
    let email = world.client().receive_login_email(ADA).await;
    let page = phone.open(email.path()).await;
    page.assert_contains("name=\"code\"");
    let verify = phone.verify_link(&email.token());
    let wrong = verify.clone().code(&email.wrong_code());
    for refused in [verify.clone(), wrong] {
        refused.await.assert("400 invalid-token");
    }
    verify.code(&email.code).await.assert("200");

    let email = world.client().receive_login_email(ADA).await;
    let verify = phone.verify_link(&email.token());
    for _ in 0..5 {
        verify.clone().code(&email.wrong_code()).await;
    }
    let exhausted = verify.code(&email.code).await;
    exhausted.assert("400 invalid-token");
}

#[tokio::test]
async fn with_other_browser_code_a_wrong_code_stays_on_the_page_of_the_link() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let phone = world.client();
    let email = world.client().receive_login_email(ADA).await;
    let mut page = phone.open(email.path()).await;
    for (code, query, text) in [
        (
            "",
            "invalid-request&field=code",
            "Enter the 8-digit code from the email.",
        ),
        (
            "1234567",
            "invalid-request&field=code",
            "Enter the 8-digit code from the email.",
        ),
        (
            &email.wrong_code(),
            "invalid-token&attempts_left=4",
            "4 attempts left.",
        ),
        (
            &email.wrong_code(),
            "invalid-token&attempts_left=3",
            "3 attempts left.",
        ),
    ] {
        let form = phone.submit_link_page(VERIFY, &page).code(code).await;
        let back = form.assert(&format!("303 {}?error={query}", email.path()));
        page = phone.open(&back.location()).await.assert("200");
        page = page.assert_contains(text).assert_contains("name=\"code\"");
        assert_eq!(page.field("token"), email.token());
    }
    // It proves that a person reads the email: it works as long as the link.
    world.clock.advance(mins(14));
    let typed = format!("  {}", email.code.replace(' ', "-"));
    let form = phone.submit_link_page(VERIFY, &page).code(&typed).await;
    form.assert("303 /auth/account");
    // A link that does not work is no matter of the code.
    let used = phone.verify_link(&email.token()).code(&email.code).form();
    let used = used.await;
    used.assert(&format!("303 {}?error=used-token", email.path()));
}

#[tokio::test]
async fn a_link_of_another_user_says_whose_session_it_ends_and_waits_for_the_button() {
    let world = World::of(local::Options {
        user: Some("alan@example.com".into()),
        ..local::Options::default()
    })
    .await;
    let alan = world.client();
    let ends_session = "Signing in here ends that session.";
    let email = alan.receive_login_email("alan@example.com").await;
    let page = alan.open(email.path()).await;
    page.assert_contains(" data-auto>")
        .assert_lacks(ends_session);
    alan.verify_link(&email.token()).await.assert("200");

    // Somebody gets Alan to open a link that was requested elsewhere, and one that was requested in
    // this very browser.
    for client in [&world.client(), &alan] {
        let email = client.receive_login_email(ADA).await;
        let page = alan.open(email.path()).await;
        let page = page.assert_contains(&format!(
            "You’re signing in as <strong dir=\"auto\">{ADA}</strong>"
        ));
        page.assert_contains("already signed in as <strong dir=\"auto\">alan@example.com</strong>")
            .assert_contains(ends_session)
            .assert_lacks(" data-auto");
        let me = alan.me().await.json();
        assert_eq!(me["email"], "alan@example.com");
    }

    // A link of the same user replaces their own session, and goes on by itself.
    world.clock.advance(mins(1));
    let email = alan.receive_login_email("alan@example.com").await;
    let page = alan.open(email.path()).await;
    page.assert_contains(" data-auto>")
        .assert_contains("already signed in as <strong dir=\"auto\">alan@example.com</strong>");
}

#[tokio::test]
async fn other_browser_code_does_not_affect_the_requesting_browser() {
    let world = World::with(&[("OtherBrowser", "code")]).await;
    let owner = world.client();
    let email = owner.receive_login_email(ADA).await;
    let page = owner.open(email.path()).await;
    page.assert_contains(" data-auto>")
        .assert_lacks("name=\"code\"");
    owner.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn other_browser_off_signs_in_only_where_it_was_requested() {
    let world = World::with(&[("OtherBrowser", "off")]).await;
    let owner = world.client();
    let phone = world.client();
    let email = owner.receive_login_email(ADA).await;
    let page = phone.open(email.path()).await;
    page.assert_contains("This link belongs to another browser")
        .assert_lacks("<form");
    let elsewhere = phone.verify_link(&email.token()).code(&email.code);
    elsewhere.await.assert("400 invalid-token");
    owner.verify_link(&email.token()).await.assert("200");
}

#[tokio::test]
async fn the_requesting_browser_may_repeat_for_a_minute_and_gets_the_same_session() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let verify = client.verify_link(&email.token());
    let first = verify.clone().await.assert("200");
    let before = world.snapshot();
    world.clock.advance(secs(60));
    let again = verify.clone().await.assert("200");
    assert_eq!(again.json(), first.json());
    assert_eq!(world.snapshot(), before);
    world.clock.advance(secs(1));
    verify.await.assert("410 used-token");
}

#[tokio::test]
async fn an_idempotency_key_repeats_its_own_redemption_only() {
    let world = World::start().await;
    let phone = world.client();
    let other = world.client();
    let token = world.client().receive_login_email(ADA).await.token();
    let verify = phone
        .verify_link(&token)
        .idempotency_key("the-key-of-the-phone");
    let first = verify.clone().await.assert("200");
    let again = verify.await.assert("200");
    assert_eq!(again.json(), first.json());
    let verify = other.verify_link(&token);
    let other_key = verify.clone().idempotency_key("the-key-of-another");
    for refused in [verify, other_key] {
        refused.await.assert("410 used-token");
    }
    assert_eq!(world.rows("sessions").len(), 1);
}

#[tokio::test]
async fn a_repeated_redemption_fails_once_the_session_or_its_epoch_has_ended() {
    let world = World::start().await;
    for by_logout in [true, false] {
        let client = world.client();
        let token = client.receive_login_email(ADA).await.token();
        client.verify_link(&token).await.assert("200");
        if by_logout {
            client.logout().await;
        } else {
            world.revoke_sessions(ADA).await;
        }
        client.verify_link(&token).await.assert("410 used-token");
    }
}

#[tokio::test]
async fn opening_a_used_link_redirects_to_the_dashboard_while_its_session_lives() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    client.verify_link(&email.token()).await;
    for _ in 0..2 {
        let page = client.open(email.path()).await;
        page.assert("303 /auth/account");
        world.clock.advance(mins(60));
    }
    let expired = "303 /auth/sign-in?error=expired-token";
    world.client().open(email.path()).await.assert(expired);
    // To the moment at which the session expires.
    world.clock.advance(mins(22 * 60));
    client.open(email.path()).await.assert(expired);
}

#[tokio::test]
async fn a_link_is_void_once_the_users_sessions_are_revoked_or_they_are_suspended() {
    let world = World::start().await;
    for suspend in [false, true] {
        let client = world.client();
        let token = client.receive_login_email(ADA).await.token();
        if suspend {
            world.suspend(ADA).await;
        } else {
            world.revoke_sessions(ADA).await;
        }
        let before = world.snapshot();
        client.verify_link(&token).await.assert("400 invalid-token");
        assert_eq!(world.snapshot(), before);
    }
}

#[tokio::test]
async fn a_link_works_only_for_an_account_of_the_status_it_was_issued_to() {
    let world = World::start().await;
    let client = world.client();
    for status in ["suspended", "invited"] {
        world.clock.advance(mins(1));
        let token = client.receive_login_email(ADA).await.token();
        world.set_attribute(ADA, "status", &json!({"S": status}));
        client.verify_link(&token).await.assert("400 invalid-token");
        world.set_attribute(ADA, "status", &json!({"S": "active"}));
    }
}

#[tokio::test]
async fn a_sign_in_link_does_not_activate_where_users_have_passwords() {
    let world = World::start().await;
    let client = world.client();
    let token = client.receive_login_email(GRACE).await.token();
    // The link as the portal issues it while its users sign in by links alone.
    let ring = world.key_ring();
    let activation = ring.read_link(Purpose::Activation, &token).ok().unwrap();
    let sign_in = LinkClaims {
        purpose: Purpose::SignIn,
        ..activation.content
    };
    let token = ring.sign_link(activation.key, &sign_in);
    client.verify_link(&token).await.assert("400 invalid-token");
}

#[tokio::test]
async fn next_is_honoured_only_in_the_requesting_browser() {
    let world = World::start().await;
    let owner = world.client();
    let phone = world.client();
    let next = "/reports?month=11";
    for (client, outcome) in [
        (&owner, "303 /reports?month=11"),
        (&phone, "303 /auth/account"),
    ] {
        world.clock.advance(mins(1));
        owner.request_login(ADA).next(next).await.assert("200");
        let token = world.latest_email().await.token();
        client.verify_link(&token).form().await.assert(outcome);
    }
    world.clock.advance(mins(1));
    owner.request_login(ADA).next("/reports").form().await;
    let code = world.latest_email().await.code;
    let submitted = owner.verify_code(&code).form().await;
    submitted.assert("303 /reports");
}

#[tokio::test]
async fn a_next_that_is_too_long_for_a_link_is_found_in_its_row() {
    let world = World::start().await;
    let [owner, phone] = [(); 2].map(|()| world.client());
    let next = format!("/reports?{}", "q".repeat(460));
    for (client, outcome) in [
        (&phone, "303 /auth/account"),
        (&owner, &format!("303 {next}")),
    ] {
        world.clock.advance(mins(1));
        owner.request_login(ADA).next(&next).await.assert("200");
        let email = world.latest_email().await;
        assert!(email.link().len() <= 960, "{}", email.link().len());
        let page = client.open(email.path()).await;
        let submitted = client.submit_link_page(VERIFY, &page).await;
        submitted.assert(outcome);
        // Going back cannot know it.
        let back = client.open(email.path()).await;
        back.assert("303 /auth/account");
    }
}

#[tokio::test]
async fn links_of_an_older_system_get_a_page_that_says_so() {
    let world = World::start().await;
    for path in [
        format!("{VERIFY}?token=abc&ts=1700000000"),
        VERIFY.to_owned(),
        format!("{VERIFY}/{}", "0f".repeat(32)),
    ] {
        let page = world.client().open(&path).await.assert("200");
        page.assert_contains("This link is no longer supported. Request a new one.");
    }
}

#[tokio::test]
async fn the_requesting_browser_does_not_get_the_session_of_another_and_may_end_it() {
    let world = World::start().await;
    for by_code in [false, true] {
        world.clock.advance(mins(1));
        let [asking, other] = [(); 2].map(|()| world.client());
        let email = asking.receive_login_email(ADA).await;
        let page = other.open(email.path()).await;
        let redeemed = other.submit_link_page(VERIFY, &page).await;
        redeemed.assert("303 /auth/account");
        let second = if by_code {
            asking.verify_code(&email.code)
        } else {
            asking.verify_link(&email.token())
        };
        second.clone().await.assert("410 used-token");
        assert_eq!(asking.session(), None);
        let offer = asking.open(&second.form().await.location()).await;
        offer.assert_contains(if by_code {
            "end the session it started"
        } else {
            "end the other session"
        });
        // The other browser may repeat its own.
        let again = other.submit_link_page(VERIFY, &page).await;
        again.assert("303 /auth/account");

        let used = asking.verify_link(&email.token()).form().await;
        let page = asking.open(&used.location()).await.assert("200");
        let page = page.assert_contains("End the other session");
        other.me().await.assert("200");
        let end = asking.post(LOGOUT).with("token", page.field("token"));
        let ended = end.form().await;
        ended.assert("303 /auth/sign-in?notice=session-ended");
        other.me().await.assert("401 not-authenticated");
    }
    assert_eq!(world.audit("partner.logout").len(), 2);
    let forged = world.client().post(LOGOUT).with("token", "x").await;
    forged.assert("400 invalid-token");
}

#[tokio::test]
async fn activation_ends_all_earlier_links() {
    let world = World::with(&[("Activation", "link")]).await;
    let invited = world.client().create_user("ivy@example.com", "Ivy").await;
    invited.assert("201");
    let invitation = world.latest_email().await.token();
    let ivy = world.client();
    let other = world.client();
    let earlier = other.receive_login_email("ivy@example.com").await.token();
    ivy.sign_in_by_link("ivy@example.com").await;
    ivy.me().await.assert("200");
    for token in [invitation, earlier] {
        let refused = other.verify_link(&token).await;
        refused.assert("400 invalid-token");
    }
    // A repeat within a minute still gets its session, and later links do not end it.
    world.clock.advance(mins(1));
    other.sign_in_by_link("ivy@example.com").await;
    ivy.me().await.assert("200");
}
