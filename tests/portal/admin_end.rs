//! The administration: ending sessions, and erasing users.

use crate::admin::{eve, refusal};
use crate::sessions::{a_thousand_more, living};
use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::ids::SessionHash;
use tests::{World, mins};

/// Copies a row of `table` until there are `many` more, each under a sort key of its own: mails
/// become older, records younger.
fn copy(world: &World, table: &str, row: &Value, many: usize) {
    for n in 0..many {
        let mut hash = [9; 32];
        hash[..8].copy_from_slice(&n.to_be_bytes());
        let name = SessionHash::from_bytes(hash).to_string();
        let mut row = row.clone();
        row["sk"]["S"] = match table {
            "emails" => json!(format!("00{name}")),
            "audit" => json!(format!("zz{name}")),
            _ => json!(name),
        };
        let put = json!({"TableName": format!("{}-{table}", local::template::STACK), "Item": row});
        let _put = world
            .portal
            .database()
            .put_item(serde_json::from_value(put).unwrap())
            .unwrap();
    }
}

#[tokio::test]
async fn a_thousand_sessions_end_with_one_write_and_each_is_refused_at_once() {
    let world = World::start().await;
    let admin = world.browser();
    world.browser().sign_in("ada@example.com").await;
    let other = world.browser();
    admin.admin("local", &[], &eve()).await;
    other.sign_in("eve@example.com").await;
    let id = world.id_of("ada@example.com");
    let sessions = a_thousand_more(&world, "ada@example.com");
    assert_eq!(living(&world, &sessions[..10]).await, 10);

    world.portal.take_calls();
    let ended = admin
        .call(Method::DELETE, &format!("/admin/users/{id}/sessions"), None)
        .await;
    assert_eq!((ended.status.as_u16(), ended.body.as_str()), (204, ""));
    let calls = world.portal.take_calls();
    let written: Vec<_> = calls
        .iter()
        .filter(|call| call.operation != "GetItem")
        .map(|call| &call.tables)
        .collect();
    assert_eq!(
        written,
        [&["audit", "users"]],
        "one write to her row, and what is written down"
    );
    assert_eq!(living(&world, &sessions).await, 0);
    assert_eq!(other.me().await.status, 200, "others stay signed in");
    let audit = world
        .rows("audit")
        .into_iter()
        .find(|row| row["action"]["S"] == "partner.sessions.revoked")
        .unwrap();
    assert_eq!(
        audit["metadata"]["M"]["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );
}

#[tokio::test]
async fn ending_all_sessions_also_voids_links_and_she_may_sign_in_again() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    let mail = ada.ask("ada@example.com").await;
    let path = format!("/admin/users/{}/sessions", world.id_of("ada@example.com"));
    assert_eq!(
        admin
            .call(Method::DELETE, &path, Some(&json!({})))
            .await
            .status,
        204
    );
    assert_eq!(
        ada.post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "invalid-token"
    );
    world.time.pass(mins(1));
    ada.sign_in("ada@example.com").await;
    assert_eq!(ada.me().await.status, 200);
}

#[tokio::test]
async fn an_erased_user_is_gone_but_for_the_audit_and_her_address_is_free() {
    let world = World::start().await;
    let (admin, here, asking) = (world.browser(), world.browser(), world.browser());
    here.sign_in("ada@example.com").await;
    let mail = asking.ask("ada@example.com").await;
    let id = world.id_of("ada@example.com");
    let path = format!("/admin/users/{id}");
    let remembered = world.rows("audit").len();
    // More than one page of each.
    copy(&world, "sessions", &world.rows("sessions")[0], 60);
    copy(&world, "emails", &world.rows("emails")[0], 60);
    let erased = admin.call(Method::DELETE, &path, None).await;
    assert_eq!((erased.status.as_u16(), erased.body.as_str()), (204, ""));

    assert_eq!(world.rows("users").len(), 2, "Grace and her claim");
    assert!(world.rows("sessions").is_empty() && world.rows("emails").is_empty());
    let audit = world.rows("audit");
    assert_eq!(audit.len(), remembered + 1);
    let erasure = audit
        .iter()
        .find(|row| row["action"]["S"] == "partner.erased")
        .unwrap();
    assert_eq!(
        (&erasure["pk"]["S"], &erasure["resource_id"]["S"]),
        (&json!(id), &json!(id))
    );
    assert_eq!(
        erasure["metadata"]["M"]["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );
    for table in ["users", "sessions", "emails", "audit", "rate-limits"] {
        assert!(
            !json!(world.rows(table))
                .to_string()
                .contains("ada@example.com"),
            "her address is in {table}"
        );
    }

    let before = world.everything();
    assert_eq!(here.me().await.problem(), "not-authenticated");
    assert_eq!(
        asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "invalid-token"
    );
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({"status": "active"}))),
        (Method::POST, "/resend", None),
        (Method::DELETE, "/sessions", None),
    ] {
        let answer = admin
            .call(method, &format!("{path}{rest}"), body.as_ref())
            .await;
        assert_eq!(refusal(&answer), (404, "not-found".to_owned()));
    }
    assert_eq!(
        admin.call(Method::DELETE, &path, None).await.status,
        204,
        "again, and there is nothing to do"
    );
    assert_eq!(world.everything(), before);

    let anew = admin
        .admin(
            "local",
            &[],
            &json!({"email": "ada@example.com", "name": "Ada", "status": "active"}),
        )
        .await;
    assert_eq!(anew.status, 201);
    assert_eq!(
        asking
            .post("/auth/verify", json!({"token": mail.token()}))
            .await
            .problem(),
        "invalid-token"
    );
    assert_eq!(here.me().await.problem(), "not-authenticated");
}

#[tokio::test]
async fn an_erasure_that_broke_off_goes_on_and_leaves_the_next_users_mail_alone() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    ada.sign_in("ada@example.com").await;
    let id = world.id_of("ada@example.com");
    let path = format!("/admin/users/{id}");
    world
        .portal
        .set_fault(|attempt| match attempt.operation.as_str() {
            "BatchWriteItem" => Fault::FailBefore,
            _ => Fault::None,
        });
    assert_eq!(
        refusal(&admin.call(Method::DELETE, &path, None).await),
        (503, "unavailable".to_owned())
    );
    assert_eq!(
        ada.me().await.problem(),
        "not-authenticated",
        "she is gone at once"
    );
    assert_eq!(
        (world.rows("sessions").len(), world.rows("emails").len()),
        (1, 1)
    );
    // A long history after it does not hide that she was erased.
    let login = world
        .rows("audit")
        .into_iter()
        .find(|row| row["action"]["S"] == "partner.login")
        .unwrap();
    copy(&world, "audit", &login, 60);

    world.time.pass(mins(1));
    let next = json!({"email": "ada@example.com", "name": "Another Ada"});
    assert_eq!(admin.admin("local", &[], &next).await.status, 201);
    world.settled().await;
    world.portal.set_fault(|_| Fault::None);
    assert_eq!(admin.call(Method::DELETE, &path, None).await.status, 204);
    assert!(world.rows("sessions").is_empty());
    let left = world.rows("emails");
    assert_eq!(
        (left.len(), &left[0]["kind"]["S"]),
        (1, &json!("invitation"))
    );
    let erasures = world
        .rows("audit")
        .into_iter()
        .filter(|row| row["action"]["S"] == "partner.erased")
        .count();
    assert_eq!(erasures, 1);
}

#[tokio::test]
async fn erasing_also_takes_the_mail_to_the_addresses_that_she_had_and_leaves_their_next_owners() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    ada.sign_in("ada@example.com").await;
    let path = format!("/admin/users/{}", world.id_of("ada@example.com"));
    for change in [
        json!({"email": "ada@example.org"}),
        json!({"email": "ada@example.net", "status": "suspended"}),
    ] {
        world.time.pass(mins(1));
        assert_eq!(
            admin.call(Method::PATCH, &path, Some(&change)).await.status,
            200
        );
        world.settled().await;
    }
    let next = json!({"email": "ada@example.com", "name": "Another Ada"});
    world.time.pass(mins(1));
    assert_eq!(admin.admin("local", &[], &next).await.status, 201);
    world.settled().await;
    assert_eq!(
        world.rows("emails").len(),
        6,
        "a link, two notices of each change, an invitation"
    );

    assert_eq!(admin.call(Method::DELETE, &path, None).await.status, 204);
    let left = world.rows("emails");
    assert_eq!(
        (left.len(), &left[0]["kind"]["S"]),
        (1, &json!("invitation"))
    );
    for table in ["users", "sessions", "emails", "audit", "rate-limits"] {
        let whole = json!(world.rows(table)).to_string();
        assert!(
            !whole.contains("ada@example.org") && !whole.contains("ada@example.net"),
            "an address is in {table}"
        );
    }
}

#[tokio::test]
async fn what_a_batch_leaves_undone_is_done_by_the_next() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    ada.sign_in("ada@example.com").await;
    let path = format!("/admin/users/{}", world.id_of("ada@example.com"));
    world
        .portal
        .set_fault(|attempt| match attempt.operation.as_str() {
            "BatchWriteItem" if attempt.number <= 2 => Fault::Reply(
                200,
                json!({"UnprocessedItems": attempt.body["RequestItems"]}).to_string(),
            ),
            _ => Fault::None,
        });
    assert_eq!(admin.call(Method::DELETE, &path, None).await.status, 204);
    assert!(world.rows("sessions").is_empty() && world.rows("emails").is_empty());
}
