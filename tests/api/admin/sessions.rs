//! `DELETE /admin/users/{id}/sessions`: signing a user out everywhere.

use super::{assert_actor, create_eve};
use crate::auth::sessions::{count_valid, insert_thousand_sessions};
use kit::{ADA, World, mins};
use serde_json::json;

#[tokio::test]
async fn a_thousand_sessions_are_revoked_by_one_write_and_refused_at_once() {
    let world = World::start().await;
    let admin = world.client();
    world.client().sign_in_by_link(ADA).await;
    let other = world.client();
    create_eve(&admin).await;
    other.sign_in_by_link("eve@example.com").await;
    let tokens = insert_thousand_sessions(&world, ADA);
    assert_eq!(count_valid(&world, &tokens[..10]).await, 10);

    world.portal.take_calls();
    let revoked = admin
        .revoke_user_sessions(&world.user_id(ADA))
        .await
        .assert("204");
    assert_eq!(revoked.body, "");
    let mut calls = world.portal.take_calls();
    calls.retain(|call| call.function == "admin" && call.operation != "GetItem");
    let written: Vec<_> = calls.iter().map(|call| &call.tables).collect();
    assert_eq!(written, [&["audit", "emails", "users"]]);
    assert_eq!(count_valid(&world, &tokens).await, 0);
    other.me().await.assert("200");
    assert_actor(&world.audit("partner.sessions.revoked")[0]);
}

#[tokio::test]
async fn links_are_voided_too_and_the_user_may_sign_in_again() {
    let world = World::start().await;
    let ada = world.client();
    let email = ada.receive_login_email(ADA).await;
    let request = ada
        .revoke_user_sessions(&world.user_id(ADA))
        .body(json!({}));
    request.await.assert("204");
    ada.verify_link(&email.token())
        .await
        .assert("400 invalid-token");
    world.clock.advance(mins(1));
    ada.sign_in_by_link(ADA).await;
    ada.me().await.assert("200");
}
