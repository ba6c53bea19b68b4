//! `POST /auth/sign-up`: creating an account.

use kit::{ADA, PASSWORD, World};

#[tokio::test]
async fn the_emailed_link_creates_the_account_and_sign_ups_are_limited() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on"), ("SignUpsPerDay", "2")]).await;
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
    let response = client.activate(&email.token(), PASSWORD).await;
    response.assert("200");
    assert_eq!(client.me().await.json()["name"], "<b>Eve</b>");
    // A tag does not make another mailbox.
    for (n, status) in [200, 200, 429].into_iter().enumerate() {
        let email = format!("mallory+{n}@example.com");
        let signed_up = world.client().sign_up(&email, "Mallory").await;
        assert_eq!(signed_up.status, status);
    }
}
