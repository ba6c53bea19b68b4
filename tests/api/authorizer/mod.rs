//! The authorizer for a team's own API: it grants what `GET /auth/me` answers, and nothing else.

mod formats;
mod hostile;
mod origins;
mod unavailable;

use kit::authorizer::{http_api_event, rest_api_event, token_event};
use kit::{
    ADA, ApiClient, CHEAP_HASHES, PASSWORD, World, hours, mins, parameters, secs, table_name,
};
use local::Options;
use local::aws_stub::Fault;
use serde_json::{Value, json};

/// Returns the events of GET requests with this client's session, in every form.
fn events_of(client: &ApiClient<'_>) -> Vec<Value> {
    let bearer = format!("Bearer {}", client.session().unwrap());
    let cookie = client.cookie_header();
    let with_cookie = [("accept", "*/*"), ("cookie", cookie.as_str())];
    let with_bearer = [("authorization", bearer.as_str())];
    vec![
        http_api_event("GET", &with_cookie),
        http_api_event("GET", &with_bearer),
        rest_api_event("GET", &with_cookie),
        rest_api_event("GET", &with_bearer),
        token_event(&bearer),
    ]
}

async fn assert_all(world: &World, events: &[Value], status: u16) {
    for event in events {
        assert_eq!(world.authorize(event.clone()).await.0, status, "{event}");
    }
}

async fn signed_in(world: &World) -> ApiClient<'_> {
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    client
}

#[tokio::test]
async fn a_session_ends_here_on_the_next_request_however_it_ends() {
    for end in [
        "logout",
        "revocation",
        "others",
        "all",
        "suspension",
        "reset",
        "erasure",
        "expiry",
    ] {
        let world = World::with_cheap_hashes(&[]).await;
        let client = signed_in(&world).await;
        let events = events_of(&client);
        assert_all(&world, &events, 200).await;
        match end {
            "logout" => drop(client.logout().await.assert("200")),
            "revocation" | "others" => {
                let other = signed_in(&world).await;
                let me = client.me().await.json();
                let revoke = match end {
                    "others" => other.revoke_other_sessions(),
                    _ => other.revoke_session(me["session"]["id"].as_str().unwrap()),
                };
                revoke.await.assert("204");
                assert_all(&world, &events_of(&other), 200).await;
            }
            "all" => world.revoke_sessions(ADA).await,
            "suspension" => world.suspend(ADA).await,
            "reset" => {
                world.client().forgot_password(ADA).await.assert("200");
                let token = world.latest_email().await.token();
                let reset = world.client().reset_password(&token, PASSWORD).await;
                reset.assert("200");
            }
            "erasure" => {
                let erased = world.client().erase_user(&world.user_id(ADA)).await;
                erased.assert("204");
            }
            _ => {
                world.clock.advance(hours(24) - secs(1));
                assert_all(&world, &events, 200).await;
                world.clock.advance(secs(1));
            }
        }
        assert_all(&world, &events, 401).await;
    }
}

#[tokio::test]
async fn an_idle_session_ends_here_too() {
    let world = World::with(&[("IdleMinutes", "30")]).await;
    let client = signed_in(&world).await;
    let events = events_of(&client);
    world.clock.advance(mins(30) - secs(1));
    assert_all(&world, &events, 200).await;
    world.clock.advance(mins(30));
    assert_all(&world, &events, 401).await;
}

#[tokio::test]
async fn the_context_says_whose_session_it_is_and_how_old() {
    let world = World::start().await;
    let resources = json!([{"type": "page", "id": "1", "name": "Status", "slug": "status"}]);
    let admin = world.client();
    let update = admin.update_user(&world.user_id(ADA));
    let update = update
        .with("role", "owner")
        .with("resources", resources.clone());
    update.await.assert("200");
    let client = signed_in(&world).await;
    let signed_in_at = world.clock.now().secs();
    world.clock.advance(secs(90));
    let me = client.me().await.json();
    for event in events_of(&client) {
        let (status, context) = world.authorize(event).await;
        assert_eq!(status, 200);
        let text = context["resources"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), resources);
        let expected = json!({
            "user_id": me["id"],
            "email": ADA,
            "role": "owner",
            "resources": text,
            "session_id": me["session"]["id"],
            "auth_time": signed_in_at,
            "session_age": 90,
            "amr": "otp",
        });
        assert_eq!(context, expected);
    }
}

#[tokio::test]
async fn last_seen_is_renewed_as_by_me_and_an_ended_session_stays_ended() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let event = events_of(&client).remove(0);
    let last_seen = || world.rows("sessions")[0]["last_seen_at"]["N"].clone();
    let before = last_seen();
    world.clock.advance(mins(5) - secs(1));
    assert_eq!(world.authorize(event.clone()).await.0, 200);
    assert_eq!(last_seen(), before);
    world.clock.advance(secs(1));
    assert_eq!(world.authorize(event.clone()).await.0, 200);
    assert_eq!(last_seen(), world.clock.now().millis().to_string());

    // The session is revoked elsewhere between the read and the write of `last_seen_at`.
    world.clock.advance(mins(5));
    let database = world.portal.database().clone();
    let row = world.rows("sessions").remove(0);
    world.portal.set_fault(move |call| {
        if call.operation == "UpdateItem" {
            let key = json!({"pk": row["pk"], "sk": row["sk"]});
            let delete = json!({"TableName": table_name("sessions"), "Key": key});
            let delete = serde_json::from_value(delete).unwrap();
            database.delete_item(delete).unwrap();
        }
        Fault::None
    });
    assert_eq!(world.authorize(event).await.0, 401);
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn another_portals_session_is_refused_even_with_the_same_key() {
    let world = |name: &str| {
        World::of(Options {
            parameters: parameters(&[&CHEAP_HASHES[..], &[("Portal", name)]].concat()),
            key_ring: Some(json!({"root": "k".repeat(64), "keys": []}).to_string()),
            ..Options::default()
        })
    };
    let (ours, theirs) = (world("partner").await, world("staff").await);
    let client = signed_in(&theirs).await;
    let token = client.session().unwrap();
    let renamed = format!("partner.sid={token}");
    let mut events = events_of(&client);
    events.push(http_api_event("GET", &[("cookie", &renamed)]));
    events.push(rest_api_event("GET", &[("Cookie", &renamed)]));
    assert_all(&ours, &events, 401).await;
    assert_all(&theirs, &events[..5], 200).await;
}
