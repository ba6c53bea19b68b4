//! `sessions` of `GET /admin/users/{id}`: live sessions, and when, how and by whom others ended.

use super::create_eve;
use crate::auth::sessions::insert_thousand_sessions;
use kit::{ADA, ApiClient, PASSWORD, WRONG, World, hours, mins, secs};
use serde_json::{Value, json};

const EVE: &str = "eve@example.com";
const ADMINISTRATOR: &str = "arn:aws:iam::000000000000:user/local";

async fn sessions(world: &World, email: &str) -> Vec<Value> {
    let id = world.user_id(email);
    let user = world.client().get_user(&id).await.assert("200").json();
    user["sessions"].as_array().unwrap().clone()
}

/// Returns how and by whom each session ended, and when.
async fn ends(world: &World, email: &str) -> Vec<String> {
    let sessions = sessions(world, email).await;
    let text = |session: &Value, name| session[name].as_str().unwrap_or("-").to_owned();
    let names = ["how", "by", "ended_at"];
    sessions
        .iter()
        .map(|session| names.map(|name| text(session, name)).join(" "))
        .collect()
}

/// Signs in by a link, with a client of its own, a minute later.
async fn sign_in<'w>(world: &'w World, email: &str) -> ApiClient<'w> {
    world.clock.advance(mins(1));
    let client = world.client();
    client.sign_in_by_link(email).await;
    client
}

async fn session_id(client: &ApiClient<'_>) -> String {
    let me = client.me().await.assert("200").json();
    me["session"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_without_sessions_has_none_and_one_who_signed_in_has_one() {
    let world = World::start().await;
    assert!(sessions(&world, ADA).await.is_empty());
    let ada = sign_in(&world, ADA).await;
    let id = session_id(&ada).await;
    let ip = ada.ip();
    let live = json!({
        "id": id, "created_at": "2026-11-21T14:01:00Z", "last_seen_at": "2026-11-21T14:01:00Z",
        "expires_at": "2026-11-22T14:01:00Z", "client": "Firefox on Windows", "ip": ip,
        "auth_method": "link",
    });
    assert_eq!(sessions(&world, ADA).await, [live]);
    world.clock.advance(mins(9));
    ada.logout().await.assert("200");
    let ended = json!({
        "id": id, "created_at": "2026-11-21T14:01:00Z", "expires_at": "2026-11-22T14:01:00Z",
        "client": "Firefox on Windows", "ip": ip, "auth_method": "link",
        "ended_at": "2026-11-21T14:10:00Z", "how": "signed-out", "by": "user",
    });
    assert_eq!(sessions(&world, ADA).await, [ended]);
}

#[tokio::test]
async fn sessions_that_their_user_ended_tell_how() {
    let world = World::with_cheap_hashes(&[]).await;
    let laptop = sign_in(&world, ADA).await;
    let phone = sign_in(&world, ADA).await;
    let tablet = sign_in(&world, ADA).await;
    let id = session_id(&phone).await;
    laptop.revoke_session(&id).await.assert("204");
    world.clock.advance(mins(1));
    laptop.revoke_other_sessions().await.assert("204");
    tablet.me().await.assert("401 not-authenticated");
    let expected = [
        "- - -",
        "revoked user 2026-11-21T14:04:00Z",
        "revoked user 2026-11-21T14:03:00Z",
    ];
    assert_eq!(ends(&world, ADA).await, expected);
    assert_eq!(sessions(&world, ADA).await[2]["id"], id);
    // The session that was kept ends later.
    world.clock.advance(mins(1));
    laptop.sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    world.set_password(ADA, PASSWORD).await;
    let expected = [
        "password-reset user 2026-11-21T14:06:00Z",
        "replaced user 2026-11-21T14:05:00Z",
    ];
    assert_eq!(ends(&world, ADA).await[..2], expected);
    let [laptop, phone] = [sign_in(&world, ADA).await, sign_in(&world, ADA).await];
    world.clock.advance(mins(1));
    let changed = phone.change_password(PASSWORD, WRONG).await;
    changed.assert("200");
    let expected = [
        "- - -",
        "password-changed user 2026-11-21T14:09:00Z",
        "password-reset user 2026-11-21T14:06:00Z",
    ];
    assert_eq!(ends(&world, ADA).await[..3], expected);
    // Signing out of a session that has ended changes nothing.
    world.clock.advance(mins(1));
    laptop.logout().await.assert("200");
    assert_eq!(ends(&world, ADA).await[..3], expected);
}

#[tokio::test]
async fn a_session_that_ends_by_the_link_that_started_it_is_signed_out() {
    let world = World::start().await;
    let ada = world.client();
    let token = ada.receive_login_email(ADA).await.token();
    ada.verify_link(&token).await.assert("200");
    world.clock.advance(mins(1));
    let logout = world.client().logout().with("token", token).await;
    logout.assert("200");
    let expected = ["signed-out user 2026-11-21T14:01:00Z"];
    assert_eq!(ends(&world, ADA).await, expected);
}

#[tokio::test]
async fn sessions_that_an_administrator_ended_tell_how_and_who() {
    for (how, change) in [
        ("suspended", json!({"status": "suspended"})),
        ("address-changed", json!({"email": "ada@king.example"})),
        (
            "suspended",
            json!({"status": "suspended", "email": "ada@king.example"}),
        ),
        ("revoked", json!(null)),
    ] {
        let world = World::start().await;
        sign_in(&world, ADA).await;
        let id = world.user_id(ADA);
        let admin = world.client();
        world.clock.advance(mins(1));
        if change.is_null() {
            admin.revoke_user_sessions(&id).await.assert("204");
        } else {
            let changed = admin.update_user(&id).body(change).await;
            changed.assert("200");
        }
        world.clock.advance(mins(1));
        let reactivated = admin.update_user(&id).status("active").await;
        reactivated.assert("200");
        let user = admin.get_user(&id).await.json();
        let [session] = &user["sessions"].as_array().unwrap()[..] else {
            panic!("{user}");
        };
        assert_eq!(session["how"], how);
        assert_eq!(session["by"], "administrator");
        assert_eq!(session["actor"], ADMINISTRATOR);
        assert_eq!(session["ended_at"], "2026-11-21T14:02:00Z");
    }
}

#[tokio::test]
async fn a_session_that_another_user_replaced_tells_so() {
    let world = World::with_cheap_hashes(&[]).await;
    create_eve(&world.client()).await.assert("201");
    world.set_password(EVE, PASSWORD).await;
    for by_password in [false, true] {
        let browser = sign_in(&world, ADA).await;
        world.clock.advance(mins(1));
        if by_password {
            browser.sign_in(EVE, PASSWORD).await.assert("200");
        } else {
            browser.sign_in_by_link(EVE).await;
        }
    }
    let expected = [
        "replaced another-user 2026-11-21T14:04:00Z",
        "replaced another-user 2026-11-21T14:02:00Z",
    ];
    assert_eq!(ends(&world, ADA).await, expected);
    assert_eq!(ends(&world, EVE).await, ["- - -", "- - -"]);
}

#[tokio::test]
async fn the_oldest_of_too_many_sessions_tells_so() {
    let world = World::with(&[("SessionsPerUser", "2")]).await;
    for _ in 0..4 {
        sign_in(&world, ADA).await;
    }
    let expected = [
        "- - -",
        "- - -",
        "too-many user 2026-11-21T14:04:00Z",
        "too-many user 2026-11-21T14:03:00Z",
    ];
    assert_eq!(ends(&world, ADA).await, expected);
}

#[tokio::test]
async fn a_session_that_ended_by_itself_was_ended_by_nobody() {
    for (minutes, how) in [("30", "idle"), ("0", "expired")] {
        let world = World::with(&[("IdleMinutes", minutes)]).await;
        sign_in(&world, ADA).await;
        let (ended_after, ended_at) = match how {
            "idle" => (mins(30), "2026-11-21T14:31:00Z"),
            _ => (hours(24), "2026-11-22T14:01:00Z"),
        };
        world.clock.advance(ended_after - secs(1));
        assert_eq!(ends(&world, ADA).await, ["- - -"]);
        world.clock.advance(secs(1));
        let expected = [format!("{how} - {ended_at}")];
        assert_eq!(ends(&world, ADA).await, expected);
        // A later end does not count.
        world.suspend(ADA).await;
        assert_eq!(ends(&world, ADA).await, expected);
    }
}

#[tokio::test]
async fn an_expired_session_is_shown_after_its_row_is_gone() {
    let world = World::start().await;
    sign_in(&world, ADA).await;
    world.clock.advance(hours(24 * 3));
    world.portal.sweep_ttl().unwrap();
    assert!(world.rows("sessions").is_empty());
    let expected = ["expired - 2026-11-22T14:01:00Z"];
    assert_eq!(ends(&world, ADA).await, expected);
}

#[tokio::test]
async fn all_live_sessions_are_shown_and_the_fifty_that_ended_last() {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password(ADA, PASSWORD).await;
    let browser = world.client();
    for _ in 0..60 {
        world.clock.advance(secs(10));
        browser.sign_in(ADA, PASSWORD).await.assert("200");
    }
    insert_thousand_sessions(&world, ADA);
    let sessions = sessions(&world, ADA).await;
    let is_live = |session: &Value| session.get("ended_at").is_none();
    assert_eq!(sessions.len(), 1001 + 50);
    assert!(sessions[..1001].iter().all(is_live));
    assert!(!sessions[1001..].iter().any(is_live));
    let ended: Vec<_> = sessions[1001..].iter().collect();
    assert!(ended.is_sorted_by_key(|one| std::cmp::Reverse(one["ended_at"].to_string())));
    assert_eq!(ended[0]["ended_at"], "2026-11-21T14:10:00Z");
}

#[tokio::test]
async fn failures_and_requested_emails_push_no_end_out_of_view() {
    let world = World::with_cheap_hashes(&[]).await;
    let ada = sign_in(&world, ADA).await;
    world.clock.advance(mins(1));
    ada.logout().await.assert("200");
    world.client().sign_in(ADA, WRONG).await;
    let failed = world.audit("partner.login.failed").remove(0);
    let requested = world.audit("partner.login.requested").remove(0);
    for number in 0..900 {
        for record in [&failed, &requested] {
            let at = world.clock.now().millis() + 1000 * number;
            let mut copy = record.clone();
            copy["sk"]["S"] = json!(format!("{at:012x}-{number:016x}"));
            copy["at"]["N"] = json!(at.to_string());
            world.put_row("audit", &copy);
        }
    }
    let expected = ["signed-out user 2026-11-21T14:02:00Z"];
    assert_eq!(ends(&world, ADA).await, expected);
}
