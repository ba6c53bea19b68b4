//! `GET` and `DELETE /auth/sessions`: users see their sessions and revoke them.

use kit::{ADA, PASSWORD, World, hours, mins, secs};
use serde_json::json;
use shared::domain::ids::UserId;
use shared::domain::session::SessionId;
use shared::keys::SessionClaims;

#[tokio::test]
async fn a_user_lists_and_revokes_sessions() {
    let world = World::with_cheap_hashes(&[]).await;
    let [laptop, phone, tablet] = [(); 3].map(|()| world.client());
    for client in [&laptop, &phone, &tablet] {
        client.sign_in_by_link(ADA).await;
        world.clock.advance(mins(1));
    }
    let list = laptop.list_sessions().await.assert("200").json();
    let sessions = list.as_array().unwrap();
    let current: Vec<_> = sessions.iter().map(|one| &one["current"]).collect();
    assert_eq!(json!(current), json!([false, false, true]));
    assert_eq!(sessions[0]["client"], "Firefox on Windows");
    assert_eq!(sessions[0]["auth_method"], "link");

    let id = sessions[1]["id"].as_str().unwrap();
    let revoke = laptop.revoke_session(id);
    let json = revoke.clone().header("content-type", "application/json");
    assert_eq!(json.await.assert("204").body, "");
    phone.me().await.assert("401 not-authenticated");
    tablet.me().await.assert("200");
    revoke.await.assert("404 not-found");

    laptop.revoke_other_sessions().await.assert("204");
    laptop.me().await.assert("200");
    tablet.me().await.assert("401 not-authenticated");
    let list = laptop.list_sessions().await.json();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

/// Inserts a thousand sessions like the one that this user has, and returns their tokens.
pub(crate) fn insert_thousand_sessions(world: &World, email: &str) -> Vec<String> {
    let user = world.user_id(email);
    let mut row = world.rows("sessions");
    row.retain(|row| row["pk"]["S"] == json!(user));
    let mut row = row.remove(0);
    let ring = world.key_ring();
    let now = world.clock.now();
    let mut insert = |n: u16| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&n.to_be_bytes());
        let claims = SessionClaims {
            id: SessionId::new(id),
            user: UserId::parse(&user).unwrap(),
            address: None,
            expires_at: now.plus(hours(24)),
        };
        row["sk"]["S"] = json!(claims.id.hash().to_string());
        world.put_row("sessions", &row);
        ring.sign_session(ring.signing_key(now).unwrap(), &claims)
    };
    (0..1000).map(&mut insert).collect()
}

/// Returns how many of these session tokens are accepted.
pub(crate) async fn count_valid(world: &World, tokens: &[String]) -> usize {
    let client = world.client();
    let mut valid = 0;
    for token in tokens {
        client.set_session(Some(token));
        valid += usize::from(client.me().await.status == 200);
    }
    valid
}

#[tokio::test]
async fn all_other_sessions_of_a_thousand_are_revoked_by_one_write() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let others = insert_thousand_sessions(&world, ADA);
    assert_eq!(count_valid(&world, &others[..10]).await, 10);
    world.portal.take_calls();
    client.revoke_other_sessions().await.assert("204");
    let mut calls = world.portal.take_calls();
    calls.retain(|call| call.operation != "BatchGetItem");
    let written: Vec<_> = calls.iter().map(|call| &call.tables).collect();
    assert_eq!(written, [&["audit", "sessions", "users"]]);
    assert_eq!(count_valid(&world, &others).await, 0);
    client.me().await.assert("200");
}

#[tokio::test]
async fn with_confirm_minutes_only_a_recent_authentication_ends_other_sessions() {
    let world = World::with_cheap_hashes(&[("ConfirmMinutes", "5")]).await;
    world.set_password(ADA, PASSWORD).await;
    let [client, other] = [world.client(), world.client()];
    for each in [&client, &other] {
        each.sign_in(ADA, PASSWORD).await.assert("200");
    }
    let id = other.me().await.json()["session"]["id"].clone();
    let id = id.as_str().unwrap();
    world.clock.advance(mins(5) + secs(1));
    for refused in [client.revoke_session(id), client.revoke_other_sessions()] {
        let refused = refused.await.assert("401 reauthentication-required");
        assert_eq!(refused.json()["max_age"], 300);
        let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"300\"";
        assert_eq!(refused.headers["www-authenticate"], challenge);
    }
    other.me().await.assert("200");
    client.confirm_password(PASSWORD).await.assert("200");
    world.clock.advance(mins(5));
    client.revoke_session(id).await.assert("204");
    other.me().await.assert("401 not-authenticated");
    client.logout().await.assert("200");
}
