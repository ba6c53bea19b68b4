//! `POST /auth/activate`: setting a first password.

use kit::routes::ACTIVATE;
use kit::{GRACE, PASSWORD, World, mins};

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

#[tokio::test]
async fn no_hash_is_computed_for_a_link_that_does_not_work() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    let [earlier, used] = [(); 2].map(|()| world.client());
    let earlier = earlier.receive_login_email(GRACE).await.token();
    let used = used.receive_login_email(GRACE).await.token();
    client.activate(&used, PASSWORD).await.assert("200");
    client.forgot_password(GRACE).await.assert("200");
    let expired = world.latest_email().await.token();
    world.clock.advance(mins(61));
    client.forgot_password(GRACE).await.assert("200");
    let suspended = world.latest_email().await.token();
    world.suspend(GRACE).await;
    let hashes = world.portal.hashes();
    for (request, outcome) in [
        (client.activate(&used, PASSWORD), "410 used-token"),
        // Activation has ended this one.
        (client.activate(&earlier, PASSWORD), "400 invalid-token"),
        (
            client.reset_password(&expired, PASSWORD),
            "410 expired-token",
        ),
        (
            client.reset_password(&suspended, PASSWORD),
            "400 invalid-token",
        ),
    ] {
        request.await.assert(outcome);
    }
    assert_eq!(world.portal.hashes(), hashes);
}
