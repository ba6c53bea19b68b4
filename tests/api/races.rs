//! Concurrent requests of users.

use futures_util::future::join_all;
use kit::routes::VERIFY;
use kit::{ADA, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_redemptions_of_one_link_create_one_session() {
    let world = World::start().await;
    let token = world.client().receive_login_email(ADA).await.token();
    let racers: Vec<_> = (0..100).map(|_| world.client()).collect();
    let redemptions = racers.iter().enumerate().map(|(n, racer)| {
        let verify = racer.verify_link(&token);
        verify
            .idempotency_key(&format!("the-key-of-racer-{n:04}"))
            .into_future()
    });
    let responses = join_all(redemptions).await;
    let count = |wanted: &str| {
        let outcomes = responses.iter().map(|response| response.outcome());
        outcomes.filter(|outcome| outcome == wanted).count()
    };
    assert_eq!((count("200"), count("410 used-token")), (1, 99));
    assert_eq!(world.rows("sessions").len(), 1);
    assert_eq!(world.audit("partner.login").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_ends_signed_in() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let page = client.open(email.path()).await;
    let click = client.submit_link_page(VERIFY, &page);
    let clicks = join_all([click.clone().into_future(), click.into_future()]);
    for response in clicks.await {
        response.assert("303 /auth/account");
    }
    client.me().await.assert("200");
    assert_eq!(world.rows("sessions").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_of_fifty_signs_in_at_the_same_time() {
    let world = World::start().await;
    let office = world.client();
    let requests = (0..50).map(|n| {
        let email = format!("colleague{n}@example.com");
        office.request_login(&email).into_future()
    });
    for response in join_all(requests).await {
        response.assert("200");
    }
    world.settle().await;
    assert_eq!(world.rows("emails").len(), 50);
}
