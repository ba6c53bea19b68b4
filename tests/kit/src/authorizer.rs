//! The events of API Gateway's authorizers, and what callers see of the answers.

use crate::World;
use serde_json::{Map, Value, json};

/// The ARN of the method or route in all events.
const METHOD_ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:team/$default/GET/orders";

/// Returns the event of an HTTP API with payload 2.0: names in lower case, repeated headers joined,
/// and cookies in a field of their own.
pub fn http_api_event(method: &str, headers: &[(&str, &str)]) -> Value {
    let mut cookies: Vec<&str> = vec![];
    let mut joined = Map::new();
    for (name, value) in headers {
        let name = name.to_lowercase();
        if name == "cookie" {
            cookies.extend(value.split("; "));
        } else if let Some(earlier) = joined.get(&name).and_then(Value::as_str) {
            let value = format!("{earlier},{value}");
            joined.insert(name, json!(value));
        } else {
            joined.insert(name, json!(value));
        }
    }
    let mut event = json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD_ARN,
        "identitySource": null,
        "routeKey": "ANY /{proxy+}",
        "rawPath": "/orders",
        "rawQueryString": "",
        "headers": joined,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "team",
            "domainName": "api.example.com",
            "http": {"method": method, "path": "/orders", "sourceIp": "192.0.2.1"},
            "requestId": "id",
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
        },
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    event
}

/// Returns the event of a REST API with an authorizer of the type `REQUEST`: headers as they were
/// sent, the last value and all values of each.
pub fn rest_api_event(method: &str, headers: &[(&str, &str)]) -> Value {
    let (mut last, mut several) = (Map::new(), Map::new());
    for (name, value) in headers {
        last.insert((*name).to_owned(), json!(value));
        let values = several.entry(*name).or_insert_with(|| json!([]));
        values.as_array_mut().expect("an array").push(json!(value));
    }
    json!({
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": "/orders",
        "path": "/orders",
        "httpMethod": method,
        "headers": last,
        "multiValueHeaders": several,
        "requestContext": {"apiId": "team", "httpMethod": method, "stage": "prod"},
    })
}

/// Returns the event of a REST API with an authorizer of the type `TOKEN`.
pub fn token_event(authorization: &str) -> Value {
    json!({"type": "TOKEN", "methodArn": METHOD_ARN, "authorizationToken": authorization})
}

impl World {
    /// Invokes the authorizer. Returns the status that API Gateway answers with, 200 if it passes
    /// the request on, and the context.
    ///
    /// # Panics
    /// If the authorizer crashes.
    pub async fn authorize(&self, event: Value) -> (u16, Value) {
        let is_rest = !event["version"].is_string();
        let is_simple = event["version"] == "2.0";
        let method_arn = event["methodArn"].clone();
        match self.portal.invoke("authorizer", event).await {
            Err(message) if message == "Unauthorized" && is_rest => (401, Value::Null),
            Err(_) => (500, Value::Null),
            Ok(answer) if is_simple => simple(&answer),
            Ok(answer) => policy(&answer, &method_arn),
        }
    }
}

/// Reads an answer in the format 2.0, with simple responses.
fn simple(answer: &Value) -> (u16, Value) {
    match (&answer["isAuthorized"], &answer["errorMessage"]) {
        (Value::Bool(true), Value::Null) => (200, answer["context"].clone()),
        (Value::Bool(false), Value::Null) => (403, Value::Null),
        (Value::Null, message) if message == "Unauthorized" => (401, Value::Null),
        _ => (500, Value::Null),
    }
}

/// Reads an answer with a policy, which must be about the one method.
fn policy(answer: &Value, method_arn: &Value) -> (u16, Value) {
    let statement = &answer["policyDocument"]["Statement"][0];
    let is_about_it =
        statement["Action"] == "execute-api:Invoke" && &statement["Resource"] == method_arn;
    match (&statement["Effect"], &answer["errorMessage"]) {
        (Value::Null, message) if message == "Unauthorized" => (401, Value::Null),
        (effect, Value::Null) if effect == "Allow" && is_about_it => {
            (200, answer["context"].clone())
        }
        (effect, Value::Null) if effect == "Deny" && is_about_it => (403, Value::Null),
        _ => (500, Value::Null),
    }
}
