//! Any event gets an answer, and no answer is a grant without a live session.

use super::{events_of, signed_in};
use kit::authorizer::http_api_event;
use kit::{ApiClient, World};
use serde_json::{Value, json};

/// Values of every type, and texts that somewhere mean something.
fn strange_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(""),
        json!("*"),
        json!("2.0"),
        json!("TOKEN"),
        json!("\u{0}\r\n\u{feff}\u{1f600}"),
        json!("Bearer "),
        json!("x".repeat(10_000)),
        json!([]),
        json!([null, 1, "partner.sid=x", ["y"], {"z": 1}]),
        json!({}),
        json!({"isAuthorized": true, "": [], "authorization": {"Bearer": 1}}),
    ]
}

/// Returns the JSON pointers of all values in `event`.
fn pointers(event: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let below: Vec<_> = match event {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, one)| (name.clone(), one))
            .collect(),
        Value::Array(items) => (0..).map(|n: usize| n.to_string()).zip(items).collect(),
        _ => vec![],
    };
    for (name, one) in below {
        pointers(
            one,
            &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
            found,
        );
    }
}

/// Returns copies of `event` with each value replaced, removed, or repeated under another case.
fn changes_of(event: &Value) -> Vec<Value> {
    let mut found = vec![];
    pointers(event, "", &mut found);
    let mut changed = vec![];
    for pointer in found {
        for value in strange_values() {
            let mut copy = event.clone();
            *copy.pointer_mut(&pointer).unwrap() = value.clone();
            changed.push(copy);
            let Some((parent, name)) = pointer.rsplit_once('/') else {
                continue;
            };
            let mut copy = event.clone();
            if let Some(Value::Object(fields)) = copy.pointer_mut(parent) {
                fields.insert(name.to_uppercase(), value);
                changed.push(copy);
            }
        }
        let mut copy = event.clone();
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(Value::Object(fields)) = copy.pointer_mut(parent)
        {
            fields.remove(name);
            changed.push(copy);
        }
    }
    changed
}

/// Returns an event of each kind: an HTTP API, and a REST API's `REQUEST` and `TOKEN`.
fn three_events_of(client: &ApiClient<'_>) -> Vec<Value> {
    events_of(client).into_iter().step_by(2).collect()
}

#[tokio::test]
async fn no_change_of_an_event_without_a_live_session_is_granted() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let mut events = three_events_of(&client);
    client.logout().await.assert("200");
    events.push(http_api_event("GET", &[]));
    for event in events.iter().flat_map(changes_of) {
        let (status, _) = world.authorize(event.clone()).await;
        assert!([401, 403].contains(&status), "{status}: {event}");
    }
}

#[tokio::test]
async fn every_change_of_an_event_with_a_live_session_is_answered() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let user = world.user_id(kit::ADA);
    for event in three_events_of(&client).iter().flat_map(changes_of) {
        let (status, context) = world.authorize(event.clone()).await;
        assert!([200, 401, 403].contains(&status), "{status}: {event}");
        // Whatever else is in the event, a grant is for whom the session belongs to.
        assert!(
            status != 200 || context["user_id"] == user.as_str(),
            "{event}"
        );
    }
}

#[tokio::test]
async fn what_is_not_an_event_is_not_granted() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let token = client.session().unwrap();
    let headers = json!({"authorization": format!("Bearer {token}")});
    for event in [
        json!(null),
        json!([]),
        json!("Bearer"),
        json!({}),
        json!({"headers": headers}),
        json!({"type": "REQUEST", "headers": headers}),
        json!({"version": "3.0", "type": "REQUEST", "headers": headers}),
        json!({"version": 2.0, "type": "REQUEST", "headers": headers}),
        json!({"type": "REQUEST", "methodArn": ["*"], "headers": headers}),
        json!({"Sweep": {}}),
    ] {
        assert_eq!(world.authorize(event.clone()).await.0, 401, "{event}");
    }
}
