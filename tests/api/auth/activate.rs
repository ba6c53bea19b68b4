//! `POST /auth/activate`: setting a first password.

use kit::routes::ACTIVATE;
use kit::{GRACE, PASSWORD, World};

#[tokio::test]
async fn an_invited_user_sets_a_first_password_and_is_signed_in() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    let email = client.receive_login_email(GRACE).await;
    assert!(email.path().starts_with(ACTIVATE), "{email:?}");
    let activate = client.activate(&email.token(), PASSWORD);
    let activate = activate.idempotency_key("the-key-of-this-page");
    activate.clone().await.assert("200");
    assert_eq!(client.me().await.json()["email"], GRACE);
    // A lost response is not a lost sign-in, and the link works once.
    activate.await.assert("200");
    let elsewhere = world.client();
    let again = elsewhere.activate(&email.token(), PASSWORD).await;
    again.assert("410 used-token");
    assert_eq!(world.rows("sessions").len(), 1);
    elsewhere.sign_in(GRACE, PASSWORD).await.assert("200");
}
