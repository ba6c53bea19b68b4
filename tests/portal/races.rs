//! Promise 3 under fire.

use futures_util::future::join_all;
use serde_json::json;
use tests::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_redeems_of_one_link_make_one_session() {
    let world = World::start().await;
    let mail = world.browser().ask("ada@example.com").await;
    let racers: Vec<_> = (0..100).map(|_| world.browser()).collect();
    let redeems = racers.iter().enumerate().map(|(n, racer)| {
        racer.post(
            "/auth/verify",
            json!({"token": mail.token(), "idempotency_key": format!("attempt-number-{n:04}")}),
        )
    });
    let answers = join_all(redeems).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    let used = answers
        .iter()
        .filter(|answer| answer.problem() == "used-token")
        .count();
    assert_eq!((won, used), (1, 99));
    assert_eq!(world.rows("sessions").len(), 1);
    let logins = world
        .rows("audit")
        .iter()
        .filter(|row| row["action"]["S"] == "partner.login")
        .count();
    assert_eq!(logins, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_ends_signed_in() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let page = browser.get(&mail.path()).await;
    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    let fields = [
        ("token", token.as_str()),
        ("idempotency_key", attempt.as_str()),
    ];
    let clicks = join_all((0..2).map(|_| browser.post_form("/auth/verify", &fields))).await;
    for click in clicks {
        assert_eq!(
            (click.status.as_u16(), click.location()),
            (
                303,
                world.portal.public_url().to_owned() + "/auth/signed-in"
            )
        );
    }
    assert_eq!(browser.me().await.status, 200);
    assert_eq!(world.rows("sessions").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_signs_in_at_nine() {
    let world = World::start().await;
    let office = world.browser();
    let asks = (0..50).map(|n| {
        office.post(
            "/auth/request-login",
            json!({"email": format!("colleague{n}@example.com")}),
        )
    });
    let answers = join_all(asks).await;
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{answers:?}"
    );
    world.settled().await;
    assert_eq!(world.rows("emails").len(), 50);
}
