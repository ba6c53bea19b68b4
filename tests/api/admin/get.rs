//! `GET /admin/users/{id}`: one user with their emails and audit records.

use kit::{ADA, WRONG, World, mins};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn a_user_is_shown_with_their_emails_and_history() {
    let world = World::start().await;
    let admin = world.client();
    let ada = world.client();
    let id = world.user_id(ADA);
    let never = admin.get_user(&id).await.json();
    assert!(never.get("last_sign_in_at").is_none(), "{never}");
    ada.sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    ada.sign_in(ADA, WRONG).await;
    world.clock.advance(mins(1));
    ada.logout().await;

    let user = admin.get_user(&id).await.assert("200").json();
    let fields: BTreeSet<_> = user
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = "id email name role resources status created_at last_sign_in_at \
                    sessions emails audit";
    assert_eq!(fields, expected.split(' ').collect());
    assert_eq!(user["email"], ADA);
    assert_eq!(user["name"], "Ada Lovelace");
    let emails = user["emails"].as_array().unwrap();
    assert_eq!((emails.len(), &emails[0]["kind"]), (1, &json!("sign-in")));
    assert_eq!(emails[0]["status"], "sent");
    assert!(emails[0]["message_id"].is_string());
    assert!(emails[0].get("reason").is_none() && emails[0].get("address").is_none());
    let records = user["audit"].as_array().unwrap();
    let actions: Vec<_> = records
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    // The user's records and those of the address, newest first.
    assert_eq!(actions[..2], ["partner.logout", "partner.login.failed"]);
    let earlier: BTreeSet<_> = actions[2..].iter().copied().collect();
    assert_eq!(
        earlier,
        ["partner.login", "partner.login.requested", "local.added"].into()
    );
    let logout = &records[0];
    assert_eq!(logout["client"], "Firefox on Windows");
    assert_eq!(logout["at"], "2026-11-21T14:02:00Z");
    assert!(
        logout["ip"].as_str().unwrap().starts_with("198.18."),
        "{logout}"
    );
    assert_eq!(logout["resource"]["type"], "session");
}

#[tokio::test]
async fn only_the_newest_records_of_a_long_history_are_shown() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    for n in 0..60 {
        world.clock.advance(mins(1));
        admin
            .update_user(&id)
            .with("name", format!("Ada {n}"))
            .await
            .assert("200");
    }
    let user = admin.get_user(&id).await.json();
    let records = user["audit"].as_array().unwrap();
    assert_eq!(records.len(), 50);
    assert_eq!(records[0]["at"], "2026-11-21T15:00:00Z");
}
