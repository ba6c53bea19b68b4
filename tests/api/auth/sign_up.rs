//! `POST /auth/sign-up`: creating an account.

use crate::enumeration::reach_password_cap;
use kit::routes::{ACTIVATE, SIGN_UP, VERIFY};
use kit::{ADA, PASSWORD, World, form, hours, mins};

#[tokio::test]
async fn the_emailed_link_creates_the_account() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let new = client.sign_up("eve@example.com", "<b>Eve</b>").await;
    let known = world.client().sign_up(ADA, "Ada").await;
    assert_eq!((new.status, &new.body), (known.status, &known.body));
    let mut emails = world.emails().await;
    emails.retain(|email| email.to == "eve@example.com");
    let email = &emails[0];
    assert!(
        !format!("{email:?}").contains("Eve"),
        "an email repeats what a stranger typed"
    );
    // Until then there is nobody: an administrator may invite the address.
    assert_eq!(world.user_id("eve@example.com"), "");
    let response = client.activate(&email.token(), PASSWORD).await;
    response.assert("200");
    assert_eq!(client.me().await.json()["name"], "<b>Eve</b>");
    for action in ["partner.signed-up", "partner.activated"] {
        assert_eq!(world.audit(action).len(), 1, "{action}");
    }
}

#[tokio::test]
async fn wrong_passwords_from_before_the_account_do_not_count_against_it() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    reach_password_cap(&world, "eve@example.com").await;
    let client = world.client();
    client.sign_up("eve@example.com", "Eve").await.assert("200");
    let token = world.latest_email().await.token();
    client.activate(&token, PASSWORD).await.assert("200");
    let elsewhere = world.client().sign_in("eve@example.com", PASSWORD).await;
    elsewhere.assert("200");
}

#[tokio::test]
async fn the_name_is_that_of_the_link_which_is_redeemed_and_the_other_links_end() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on")]).await;
    for name in ["Mallory", "Eve"] {
        let client = world.client();
        client.sign_up("eve@example.com", name).await.assert("200");
    }
    let emails = world.emails().await;
    let eve = world.client();
    let [first, second] = [&emails[0], &emails[1]].map(|email| email.token());
    eve.activate(&second, PASSWORD).await.assert("200");
    assert_eq!(eve.me().await.json()["name"], "Eve");
    let other = world.client().activate(&first, PASSWORD).await;
    other.assert("400 invalid-token");
}

#[tokio::test]
async fn an_expired_link_leads_back_to_the_sign_up_page() {
    // Requesting a sign-in email would send none: there is no account yet.
    for (activation, action) in [("password", ACTIVATE), ("link", VERIFY)] {
        for next in ["/reports".to_owned(), format!("/{}", "a".repeat(2000))] {
            let world = World::with(&[("SelfSignUp", "on"), ("Activation", activation)]).await;
            let client = world.client();
            let request = client.sign_up("eve@example.com", "Eve").next(&next);
            request.await.assert("200");
            let email = world.latest_email().await;
            world.clock.advance(hours(73));
            let late = client.post(action).with("token", email.token());
            let late = match activation {
                "password" => late.with("password", PASSWORD),
                _ => late,
            };
            let mut found = late.form().await;
            while found.status == 303 {
                found = client.open(&found.location()).await;
            }
            let found = found.assert_contains("This link has expired");
            let found = found.assert_contains(&format!("action=\"{SIGN_UP}\""));
            assert!(found.field("next").ends_with(&next), "{}", found.body);
            if next.len() < 100 {
                let opened = client.open(email.path()).await;
                let query = form(&[("next", &found.field("next"))]);
                let expired = format!("303 {SIGN_UP}?error=expired-token&{query}");
                opened.assert(&expired);
            }
        }
    }
}

#[tokio::test]
async fn an_invitation_between_sign_up_and_its_link_wins() {
    for activation in ["password", "link"] {
        let parameters = [("SelfSignUp", "on"), ("Activation", activation)];
        let world = World::with_cheap_hashes(&parameters).await;
        let client = world.client();
        client.sign_up("eve@example.com", "Eve").await.assert("200");
        let sign_up = world.latest_email().await.token();
        let invited = world.client().create_user("eve@example.com", "Eve").await;
        invited.assert("201");
        let invitation = world.latest_email().await.token();
        for (token, outcome) in [(sign_up, "400 invalid-token"), (invitation, "200")] {
            let redeem = match activation {
                "password" => client.activate(&token, PASSWORD),
                _ => client.verify_link(&token),
            };
            redeem.await.assert(outcome);
        }
    }
}

#[tokio::test]
async fn sign_ups_are_limited_silently_and_starve_nothing_else() {
    let world = World::with_cheap_hashes(&[
        ("SelfSignUp", "on"),
        ("SignUpsPerDay", "2"),
        ("EmailsPerDayPortal", "3"),
    ])
    .await;
    // A tag does not make another mailbox.
    for n in 0..3 {
        let email = format!("mallory+{n}@example.com");
        world.client().sign_up(&email, "M").await.assert("200");
    }
    assert_eq!(world.emails().await.len(), 2);
    for n in 0..3 {
        let email = format!("stranger{n}@example.com");
        world.client().sign_up(&email, "S").await.assert("200");
    }
    assert_eq!(world.emails().await.len(), 3);
    let mut reasons: Vec<_> = world
        .rows("emails")
        .iter()
        .filter_map(|row| row["reason"]["S"].as_str().map(str::to_owned))
        .collect();
    reasons.sort();
    assert_eq!(
        reasons,
        ["address-budget", "sign-up-budget", "sign-up-budget"]
    );
    assert!(world.rows("users").len() <= 4, "sign-ups write no users");
    world.clock.advance(mins(1));
    world.client().request_login(ADA).await.assert("200");
    let invited = world.client().create_user("eve@example.com", "Eve").await;
    invited.assert("201");
    assert_eq!(world.emails().await.len(), 5);
}
