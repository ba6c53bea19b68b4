//! The administration: changing users.

use crate::admin::refusal;
use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::{Answer, Browser, World, mins};

async fn patch(world: &World, browser: &Browser<'_>, email: &str, body: Value) -> Answer {
    let path = format!("/admin/users/{}", world.id_of(email));
    browser.call(Method::PATCH, &path, Some(&body)).await
}

fn audited(world: &World, action: &str) -> Vec<Value> {
    world
        .rows("audit")
        .into_iter()
        .filter(|row| row["action"]["S"] == action)
        .collect()
}

#[tokio::test]
async fn what_is_given_changes_and_nothing_else_and_her_session_goes_on() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    ada.sign_in("ada@example.com").await;
    let before = ada.me().await.json();
    let resources = json!([{"type": "status-page", "id": "9", "name": "Mail", "slug": "mail"}]);
    let changed = patch(
        &world,
        &admin,
        "ada@example.com",
        json!({"name": "Ada King", "resources": resources}),
    )
    .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!(
        (&changed["name"], &changed["resources"], &changed["role"]),
        (&json!("Ada King"), &resources, &before["role"])
    );
    let me = ada.me().await.json();
    assert_eq!(
        (&me["name"], &me["resources"], &me["id"]),
        (&json!("Ada King"), &resources, &before["id"])
    );
    let audit = audited(&world, "partner.changed").remove(0);
    let metadata = &audit["metadata"]["M"];
    assert_eq!(metadata["changed"]["S"], "name, resources");
    assert_eq!(
        metadata["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );
    assert!(!audit.to_string().contains("Ada King"));

    patch(
        &world,
        &admin,
        "ada@example.com",
        json!({"role": "", "resources": []}),
    )
    .await;
    let me = ada.me().await.json();
    assert_eq!((&me["role"], &me["resources"]), (&json!(""), &json!([])));
    assert!(world.mails().await.len() == 1, "only an address is told");
}

#[tokio::test]
async fn what_is_so_already_is_no_change_and_writes_nothing() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    ada.sign_in("ada@example.com").await;
    let before = world.everything();
    let same = json!({"name": "Ada Lovelace", "email": "ADA@example.com", "role": "partner", "status": "active"});
    let answer = patch(&world, &admin, "ada@example.com", same).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["email"]),
        (200, &json!("ada@example.com"))
    );
    assert_eq!(world.everything(), before);
    assert_eq!(ada.me().await.status, 200);
}

#[tokio::test]
async fn a_change_that_cannot_be_meant_is_refused_and_nothing_written() {
    let world = World::start().await;
    let admin = world.browser();
    let before = world.everything();
    let cases = [
        json!({}),
        json!({"name": null}),
        json!({"name": "Ada", "role": null}),
        json!({"name": "Ada", "status": null}),
        json!({"name": ""}),
        json!({"name": " "}),
        json!({"name": "two\nlines"}),
        json!({"name": "a".repeat(121)}),
        json!({"name": 1}),
        json!({"email": "ada"}),
        json!({"email": ["ada@example.com"]}),
        json!({"email": "a@example.com\r\nBcc: x@evil.example"}),
        json!({"role": "a".repeat(61)}),
        json!({"role": null}),
        json!({"status": "invited"}),
        json!({"status": "deleted"}),
        json!({"status": null}),
        json!({"resources": {}}),
        json!({"resources": [{"type": "x", "id": "x", "name": "x"}]}),
        json!({"resources": [{"type": "x", "id": "x", "name": "x", "slug": "x\u{0}"}]}),
        json!({"resources": vec![json!({"type": "x", "id": "x", "name": "x", "slug": "x"}); 201]}),
        json!({"id": "usr_00000000000000000000000000000001"}),
        json!({"epoch": 0}),
        json!({"password": "x"}),
    ];
    for case in cases {
        let answer = patch(&world, &admin, "ada@example.com", case.clone()).await;
        assert_eq!(
            refusal(&answer),
            (400, "invalid-request".to_owned()),
            "{case}"
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn suspending_ends_sessions_and_links_at_once_and_reactivating_revives_none() {
    let world = World::start().await;
    let (admin, here, asking) = (world.browser(), world.browser(), world.browser());
    here.sign_in("ada@example.com").await;
    let mail = asking.ask("ada@example.com").await;
    let refused = async || {
        assert_eq!(here.me().await.problem(), "not-authenticated");
        assert_eq!(
            asking
                .post("/auth/verify", json!({"token": mail.token()}))
                .await
                .problem(),
            "invalid-token"
        );
        assert_eq!(
            asking
                .post("/auth/verify", json!({"code": mail.code()}))
                .await
                .problem(),
            "invalid-token"
        );
        assert_eq!(world.rows("sessions").len(), 1);
    };
    let suspended = patch(
        &world,
        &admin,
        "ada@example.com",
        json!({"status": "suspended"}),
    )
    .await;
    assert_eq!(
        (suspended.status.as_u16(), &suspended.json()["status"]),
        (200, &json!("suspended"))
    );
    refused().await;
    world.time.pass(mins(2));
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    assert_eq!(
        world.mails().await.len(),
        2,
        "a suspended user is mailed nothing"
    );

    let active = patch(
        &world,
        &admin,
        "ada@example.com",
        json!({"status": "active"}),
    )
    .await;
    assert_eq!(
        (active.status.as_u16(), &active.json()["status"]),
        (200, &json!("active"))
    );
    refused().await;
    let anew = world.browser();
    world.time.pass(mins(2));
    anew.sign_in("ada@example.com").await;
    assert_eq!(anew.me().await.status, 200);
    for action in ["partner.suspended", "partner.reactivated"] {
        let audit = audited(&world, action);
        assert_eq!(
            (audit.len(), &audit[0]["metadata"]["M"]["changed"]["S"]),
            (1, &json!("status"))
        );
    }
}

#[tokio::test]
async fn an_invited_user_may_be_activated_or_suspended_and_her_invitation_is_void() {
    for status in ["active", "suspended"] {
        let world = World::start().await;
        let (admin, eve) = (world.browser(), world.browser());
        admin
            .admin(
                "local",
                &[],
                &json!({"email": "eve@example.com", "name": "Eve"}),
            )
            .await;
        let mail = world.mail().await;
        let changed = patch(&world, &admin, "eve@example.com", json!({"status": status})).await;
        assert_eq!(
            (changed.status.as_u16(), &changed.json()["status"]),
            (200, &json!(status))
        );
        let password = json!({"token": mail.token(), "password": "four words of nobody else"});
        assert_eq!(
            eve.post("/auth/activate", password).await.problem(),
            "invalid-token"
        );
        let action = if status == "active" {
            "partner.activated"
        } else {
            "partner.suspended"
        };
        assert_eq!(audited(&world, action).len(), 1);
    }
}

#[tokio::test]
async fn another_address_voids_what_the_old_one_had_and_both_are_told() {
    let world = World::start().await;
    let (admin, here, asking) = (world.browser(), world.browser(), world.browser());
    here.sign_in("ada@example.com").await;
    let mail = asking.ask("ada@example.com").await;
    let id = world.id_of("ada@example.com");
    let changed = patch(
        &world,
        &admin,
        "ada@example.com",
        json!({"email": "Ada@King.example"}),
    )
    .await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["email"]),
        (200, &json!("ada@king.example"))
    );
    assert_eq!(
        (
            world.id_of("ada@king.example"),
            world.id_of("ada@example.com")
        ),
        (id.clone(), String::new())
    );

    let notices: Vec<_> = world
        .rows("emails")
        .into_iter()
        .filter(|row| row["kind"]["S"] == "address-changed")
        .collect();
    let mut told: Vec<_> = notices
        .iter()
        .map(|row| row["address"]["S"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["ada@example.com", "ada@king.example"]);
    assert!(
        notices.iter().all(|row| row["for_user"]["S"] == json!(id))
            && notices[0]["pk"] != notices[1]["pk"]
    );
    let audit = audited(&world, "partner.address.changed").remove(0);
    assert_eq!(audit["metadata"]["M"]["changed"]["S"], "email");
    assert!(
        !audit.to_string().contains("king.example") && !audit.to_string().contains("ada@"),
        "{audit}"
    );

    assert_eq!(here.me().await.problem(), "not-authenticated");
    assert_eq!(
        asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "invalid-token"
    );
    world.time.pass(mins(2));
    let count = world
        .mails()
        .await
        .iter()
        .filter(|mail| mail["to"] == "ada@example.com")
        .count();
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    let later = world
        .mails()
        .await
        .iter()
        .filter(|mail| mail["to"] == "ada@example.com")
        .count();
    assert_eq!(later, count, "the old address gets nothing any more");
    let there = world.browser();
    there.sign_in("ada@king.example").await;
    assert_eq!(there.me().await.json()["id"], json!(id));
    let next = json!({"email": "ada@example.com", "name": "Another Ada", "status": "active"});
    assert_eq!(
        admin.admin("local", &[], &next).await.status,
        201,
        "the address is free"
    );
}

#[tokio::test]
async fn an_address_that_is_somebodys_is_not_given_away() {
    let world = World::start().await;
    let admin = world.browser();
    let before = world.everything();
    let both = json!({"email": "GRACE@example.com", "status": "suspended"});
    let answer = patch(&world, &admin, "ada@example.com", both).await;
    assert_eq!(refusal(&answer), (409, "already-exists".to_owned()));
    assert_eq!(world.everything(), before);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn changes_at_the_same_time_are_both_kept_and_whoever_never_gets_through_is_told_later() {
    for (others, status) in [(1, 200), (usize::MAX, 503)] {
        let world = World::start().await;
        let admin = world.browser();
        let id = world.id_of("ada@example.com");
        // Just before the write, somebody else changes her name.
        let (database, calls, user) = (
            world.portal.database().clone(),
            AtomicUsize::new(0),
            id.clone(),
        );
        world.portal.set_fault(move |attempt| {
            let call = calls.fetch_add(usize::from(attempt.operation == "TransactWriteItems"), Ordering::SeqCst);
            if attempt.operation == "TransactWriteItems" && call < others {
                let update = json!({
                    "TableName": format!("{}-users", local::template::STACK),
                    "Key": {"pk": {"S": format!("user#{user}")}}, "UpdateExpression": "SET #name = :name",
                    "ExpressionAttributeNames": {"#name": "name"},
                    "ExpressionAttributeValues": {":name": {"S": format!("Ada {call}")}},
                });
                let _updated = database.update_item(serde_json::from_value(update).unwrap()).unwrap();
            }
            Fault::None
        });
        let answer = patch(&world, &admin, "ada@example.com", json!({"role": "owner"})).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        let row = world
            .rows("users")
            .into_iter()
            .find(|row| row["pk"]["S"] == format!("user#{id}"))
            .unwrap();
        if status == 200 {
            let (name, role) = (&answer.json()["name"], &answer.json()["role"]);
            assert_eq!((name, role), (&json!("Ada 0"), &json!("owner")));
            assert_eq!((&row["name"]["S"], &row["role"]["S"]), (name, role));
        } else {
            assert_eq!(
                (answer.problem().as_str(), &row["role"]["S"]),
                ("unavailable", &json!("partner"))
            );
            assert!(audited(&world, "partner.changed").is_empty());
        }
    }
}
