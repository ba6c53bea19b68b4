//! Events, as API Gateway and the stream hand them over.

use super::promises::Answer;
use super::stage::{self, Stage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::Uri;
use serde_json::{Map, Value};

/// By the first byte of the input: a digit.
const FUNCTIONS: [&str; 7] = [
    "admin",
    "logout",
    "mailer",
    "me",
    "pages",
    "request-login",
    "verify",
];

/// An event is answered as promised, or it cannot be read. The input is a digit for the function,
/// and JSON.
///
/// # Panics
/// When a promise is broken, or the function is.
pub fn event(data: &[u8]) {
    let Some((which, event)) = data.split_first() else {
        return;
    };
    let function = FUNCTIONS[usize::from(which.wrapping_sub(b'0')) % FUNCTIONS.len()];
    stage::with(|stage| {
        let event = stage.fill(event);
        let Ok(mut event) = serde_json::from_slice::<Value>(&event) else {
            return;
        };
        if function == "mailer" {
            return deliver(stage, &event);
        }
        as_api_gateway_would(&mut event);
        if let Some(answer) = invoke(stage, function, &event) {
            read(&answer).check(stage, event.to_string().as_bytes());
        }
    });
}

/// What comes back; nothing, if the event cannot be read.
fn invoke(stage: &Stage, function: &str, event: &Value) -> Option<Value> {
    let answer = stage.run(stage.world.portal.invoke(function, event.clone()));
    answer
        .inspect_err(|why| {
            assert!(
                why.starts_with("could not read the event"),
                "{function} {why}: {event}"
            )
        })
        .ok()
}

fn deliver(stage: &Stage, event: &Value) {
    let before = stage.mails();
    let Some(answer) = invoke(stage, "mailer", event) else {
        return;
    };
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let text = event.to_string();
    for failure in failures {
        assert!(
            text.contains(&failure["itemIdentifier"].to_string()),
            "{failure} is none of the records"
        );
    }
    let asked = stage.shows(text.as_bytes(), "@PK@") && stage.shows(text.as_bytes(), "@SK@");
    assert!(
        stage.mails() - before <= usize::from(asked),
        "mailed more than was asked for"
    );
}

/// API Gateway hands over only what came in under its own host names, as a URL and in whole base64;
/// at anything else `lambda_http` would crash before our code is reached.
fn as_api_gateway_would(event: &mut Value) {
    let Some(event) = event.as_object_mut() else {
        return;
    };
    if event.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        let body = event
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let body = STANDARD.encode(body.chars().map(|letter| letter as u8).collect::<Vec<_>>());
        event.insert("body".to_owned(), body.into());
    }
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|name, _| {
            !["host", "x-forwarded-proto"]
                .iter()
                .any(|other| name.eq_ignore_ascii_case(other))
        });
    }
    if let Some(context) = event
        .get_mut("requestContext")
        .and_then(Value::as_object_mut)
    {
        context.insert("domainName".to_owned(), "localhost".into());
        context.insert("stage".to_owned(), "$default".into());
    }
    if !is_url(event) {
        event.insert("rawPath".to_owned(), "/".into());
        event.insert("rawQueryString".to_owned(), "".into());
    }
}

fn is_url(event: &Map<String, Value>) -> bool {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = url::Url::parse(&format!("https://localhost{}", text("rawPath")));
    url.is_ok_and(|url| {
        format!("{url}?{}", text("rawQueryString"))
            .parse::<Uri>()
            .is_ok()
    })
}

fn read(answer: &Value) -> Answer {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let single = answer["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), text(value)));
    let several = answer["multiValueHeaders"]
        .as_object()
        .into_iter()
        .flatten();
    let several = several.flat_map(|(name, values)| {
        values
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| (name.clone(), text(value)))
    });
    let cookies = answer["cookies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| ("set-cookie".to_owned(), text(value)));
    let mut headers: Vec<_> = single.chain(several).chain(cookies).collect();
    headers.sort();
    headers.dedup();
    let status = answer["statusCode"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or_default();
    Answer {
        status,
        headers,
        body: text(&answer["body"]),
    }
}
