//! Events, as API Gateway and the stream deliver them.

use super::fixture::{self, Fixture};
use super::response::Response;
use kit::ADA;
use serde_json::Value;

/// The functions, by the digit that the input starts with.
const FUNCTIONS: [&str; 9] = [
    "admin",
    "logout",
    "mailer",
    "me",
    "pages",
    "request-login",
    "verify",
    "authorizer",
    "email-events",
];

/// An event is answered as documented, or cannot be read. The input is a digit for the function,
/// and JSON.
///
/// # Panics
/// If a property of the response does not hold, or the function panics.
pub fn event(data: &[u8]) {
    let Some((digit, event)) = data.split_first() else {
        return;
    };
    let function = FUNCTIONS[usize::from(digit.wrapping_sub(b'0')) % FUNCTIONS.len()];
    fixture::with(|fixture| {
        let event = fixture.fill(event);
        let Ok(event) = serde_json::from_slice::<Value>(&event) else {
            return;
        };
        if function == "mailer" {
            return deliver(fixture, &event);
        }
        if function == "authorizer" {
            return authorize(fixture, &event);
        }
        if function == "email-events" {
            return record(fixture, &event);
        }
        if let Some(response) = invoke(fixture, function, &event) {
            read(&response).check(fixture, event.to_string().as_bytes());
        }
    });
}

/// Returns the response, or nothing if the event cannot be read.
fn invoke(fixture: &Fixture, function: &str, event: &Value) -> Option<Value> {
    let response = fixture.run(fixture.world.portal.invoke(function, event.clone()));
    if let Err(why) = &response {
        let is_unreadable = why.starts_with("could not read the event");
        assert!(is_unreadable, "{function} {why}: {event}");
    }
    response.ok()
}

/// Only an event with the live session is granted, and any other is refused.
fn authorize(fixture: &Fixture, event: &Value) {
    let (status, context) = fixture.run(fixture.world.authorize(event.clone()));
    let text = event.to_string();
    let has_session = fixture.has(text.as_bytes(), "@SESSION@");
    assert!(
        [401, 403].contains(&status) || (status == 200 && has_session && context["email"] == ADA),
        "the authorizer answers {status}"
    );
}

/// No event fails, and none suppresses an address whose email its document does not name.
fn record(fixture: &Fixture, event: &Value) {
    let answer = invoke(fixture, "email-events", event);
    assert_eq!(answer, Some(Value::Null));
    let rows = fixture.world.rows("emails");
    let is_suppressed = rows.iter().any(|row| row["suppressed_at"].is_object());
    let text = event.to_string();
    let names_email = ["@PK@", "@SK@"].map(|name| fixture.has(text.as_bytes(), name));
    assert!(!is_suppressed || names_email == [true; 2], "suppressed");
}

fn deliver(fixture: &Fixture, event: &Value) {
    let before = fixture.sent();
    let Some(response) = invoke(fixture, "mailer", event) else {
        return;
    };
    let text = event.to_string();
    for failure in response["batchItemFailures"].as_array().unwrap() {
        let id = failure["itemIdentifier"].to_string();
        assert!(text.contains(&id), "{failure} is not one of the records");
    }
    let is_queued = ["@PK@", "@SK@"].map(|name| fixture.has(text.as_bytes(), name));
    assert!(
        fixture.sent() == before || (fixture.sent() == before + 1 && is_queued == [true; 2]),
        "more emails were sent than requested"
    );
}

fn read(response: &Value) -> Response {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = |name: &str| response[name].as_object().into_iter().flatten();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut headers: Vec<_> = fields("headers")
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    for cookie in items(&response["cookies"]) {
        headers.push(("set-cookie".to_owned(), text(&cookie)));
    }
    headers.sort();
    headers.dedup();
    let status = response["statusCode"].as_u64().unwrap_or_default();
    Response {
        status: u16::try_from(status).unwrap_or_default(),
        headers,
        body: text(&response["body"]),
    }
}
