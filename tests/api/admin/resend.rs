//! `POST /admin/users/{id}/resend`: emailing an invitation again.

use super::assert_actor;
use kit::{PASSWORD, World, mins};
use local::aws_stub::Fault;
use serde_json::json;

#[tokio::test]
async fn a_new_invitation_voids_the_old_link_and_an_active_user_gets_none() {
    let world = World::start().await;
    let admin = world.client();
    let eve = world.client();
    let id = admin.create_user("eve@example.com", "Eve").await.id();
    let first = world.latest_email().await;
    world.clock.advance(mins(1));
    let resent = admin
        .resend_invitation(&id)
        .body(json!({}))
        .await
        .assert("202");
    assert_eq!(resent.json(), json!({"success": true}));
    let second = world.latest_email().await;
    assert_eq!(world.emails().await.len(), 2);
    assert_actor(&world.audit("partner.invitation.resent")[0]);

    let before = world.snapshot();
    eve.activate(&first.token(), PASSWORD)
        .await
        .assert("400 invalid-token");
    assert_eq!(world.snapshot(), before);
    eve.activate(&second.token(), PASSWORD).await.assert("200");

    let before = world.snapshot();
    admin.resend_invitation(&id).await.assert("409 conflict");
    assert_eq!(world.snapshot(), before);
    assert_eq!(world.emails().await.len(), 2);
}

#[tokio::test]
async fn an_invitation_overtaken_by_a_newer_one_is_not_sent() {
    let world = World::start().await;
    let admin = world.client();
    world.inject(Fault::FailBefore, |call| {
        call.function == "mailer" && call.tables.first().is_some_and(|table| table == "users")
    });
    let id = admin.create_user("eve@example.com", "Eve").await.id();
    world.clock.advance(mins(1));
    admin.resend_invitation(&id).await.assert("202");
    world.clear_fault();
    world.clock.advance(mins(1));
    world.sweep().await;
    world.settle().await;
    let mut rows = world.rows("emails");
    rows.sort_by_key(|row| row["sk"]["S"].to_string());
    let statuses: Vec<_> = rows.iter().map(|row| &row["status"]["S"]).collect();
    assert_eq!(statuses, ["superseded", "sent"]);
    assert_eq!(world.emails().await.len(), 1);
}
