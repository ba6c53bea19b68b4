//! Everything that a client sees of a response, and the calls that it cost.

use kit::{ApiRequest, ApiResponse, World};

/// A response as a client sees it, and the calls to DynamoDB that it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Observation {
    /// Status, headers, cookies and body. Random values are replaced by their lengths.
    pub(super) response: String,
    /// Operation and tables of each call, in order.
    calls: Vec<String>,
}

/// Sends a request and observes its response.
pub(super) async fn observe(world: &World, request: ApiRequest<'_>) -> (ApiResponse, Observation) {
    world.settle().await;
    world.portal.take_calls();
    let response = request.await;
    let mut calls = world.portal.take_calls();
    // The mailer works later, and whoever comes first after five minutes renews the key ring.
    calls.retain(|call| call.function != "mailer" && call.service == "dynamodb");
    let calls = calls.iter();
    let calls = calls.map(|call| format!("{} {:?}", call.operation, call.tables));
    let ApiResponse {
        status,
        headers,
        cookies,
        body,
        ..
    } = &response;
    let seen = format!("{status} {headers:?} {cookies:?} {body}");
    let observation = Observation {
        response: without_random(&seen),
        calls: calls.collect(),
    };
    (response, observation)
}

/// Replaces keys, nonces, marks, tokens and ids by their lengths.
fn without_random(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out += before;
        let kinds = [
            word.contains(|c: char| c.is_ascii_digit()),
            word.contains(|c: char| c.is_ascii_uppercase()),
            word.contains(|c: char| c.is_ascii_lowercase()),
        ];
        let is_random = word.len() >= 20 && kinds.iter().filter(|kind| **kind).count() >= 2;
        if is_random {
            out += &format!("<{}>", word.len());
        } else {
            out += word;
        }
        rest = after;
    }
    out + rest
}
