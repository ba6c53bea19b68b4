//! First passwords: of those who were invited, and of those who signed up.

use serde_json::json;
use tests::{PASSWORD, World};

#[tokio::test]
async fn an_invited_user_sets_her_first_password_and_is_signed_in() {
    let world = World::with_cheap_hashes(&[]).await;
    let browser = world.browser();
    let mail = browser.ask("grace@example.com").await;
    assert!(
        mail.path().starts_with("/auth/activate/"),
        "{}",
        mail.path()
    );
    let body = json!({"token": mail.token(), "password": PASSWORD, "idempotency_key": "an-attempt-of-this-page"});
    let activated = browser.post("/auth/activate", body.clone()).await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    assert_eq!(browser.me().await.json()["email"], "grace@example.com");
    // A lost answer is not a lost login, and the link works once.
    assert_eq!(browser.post("/auth/activate", body).await.status, 200);
    let elsewhere = json!({"token": mail.token(), "password": PASSWORD});
    assert_eq!(
        world
            .browser()
            .post("/auth/activate", elsewhere)
            .await
            .problem(),
        "used-token"
    );
    assert_eq!(world.rows("sessions").len(), 1);
    let again = world.browser();
    assert_eq!(
        again
            .sign_in_with("grace@example.com", PASSWORD)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn whoever_signs_up_becomes_a_user_by_the_link_in_her_mail() {
    let world = World::with_cheap_hashes(&[("SelfSignUp", "on"), ("SignUpsPerDay", "2")]).await;
    let browser = world.browser();
    let asked = browser
        .post(
            "/auth/sign-up",
            json!({"email": "eve@example.com", "name": "<b>Eve</b>"}),
        )
        .await;
    let known = world
        .browser()
        .post(
            "/auth/sign-up",
            json!({"email": "ada@example.com", "name": "Ada"}),
        )
        .await;
    assert_eq!((asked.status, &asked.body), (known.status, &known.body));
    let mails = world.mails().await;
    let mail = mails
        .iter()
        .find(|mail| mail["to"] == "eve@example.com")
        .unwrap();
    assert!(
        !mail.to_string().contains("Eve"),
        "nothing a stranger typed is in a mail"
    );
    let token = mail["links"][0]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    let activated = browser
        .post(
            "/auth/activate",
            json!({"token": token, "password": PASSWORD}),
        )
        .await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    assert_eq!(browser.me().await.json()["name"], "<b>Eve</b>");
    // A tag makes no other mailbox.
    let tagged = |n: u32| json!({"email": format!("mallory+{n}@example.com"), "name": "Mallory"});
    let mut statuses = vec![];
    for n in 0..3 {
        statuses.push(
            world
                .browser()
                .post("/auth/sign-up", tagged(n))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 200, 429]);
}
