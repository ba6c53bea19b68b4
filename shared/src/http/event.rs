//! The payload format 2.0 of an HTTP API: the event of a request, and the response to it.

use crate::http::problem::Problem;
use crate::http::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::SET_COOKIE;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The members of an event that are read. Each may be missing or `null`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
    #[serde(deserialize_with = "or_default")]
    pub(super) raw_query_string: String,
    /// The names are in lower case.
    #[serde(deserialize_with = "or_default")]
    pub(super) headers: BTreeMap<String, String>,
    /// The values that stand for the header `cookie`.
    #[serde(deserialize_with = "or_default")]
    pub(super) cookies: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) path_parameters: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) request_context: Context,
    #[serde(deserialize_with = "or_default")]
    body: String,
    #[serde(deserialize_with = "or_default")]
    is_base64_encoded: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Context {
    #[serde(deserialize_with = "or_default")]
    pub(super) route_key: String,
    pub(super) domain_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) http: Http,
    #[serde(deserialize_with = "or_default")]
    pub(super) authorizer: Authorizer,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Http {
    #[serde(deserialize_with = "or_default")]
    pub(super) method: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) path: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) source_ip: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Authorizer {
    #[serde(deserialize_with = "or_default")]
    pub(super) iam: Iam,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Iam {
    #[serde(deserialize_with = "or_default")]
    pub(super) user_arn: String,
}

fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Event {
    /// Reads an event, and takes the body out of it.
    ///
    /// # Errors
    /// 400 if it is not an event of this format, or its body is not in base64 as it says.
    pub(super) fn read(text: &str) -> Result<(Self, Vec<u8>), Problem> {
        let unreadable = || Problem::invalid_request(|t| t.unreadable_request);
        let mut event: Self = serde_json::from_str(text).map_err(|_| unreadable())?;
        // Only `cargo lambda watch` leaves the choice of the route to the function. A deployed
        // function, which is no debug build, answers the routes that API Gateway has checked.
        if cfg!(debug_assertions) && event.request_context.route_key == "$default" {
            event.request_context.route_key = event.route_of_path();
        }
        let body = std::mem::take(&mut event.body).into_bytes();
        if !event.is_base64_encoded {
            return Ok((event, body));
        }
        let body = STANDARD.decode(body).map_err(|_| unreadable())?;
        Ok((event, body))
    }

    /// Returns the key of the route whose variable parts are the path's parameters.
    fn route_of_path(&self) -> String {
        let Http { method, path, .. } = &self.request_context.http;
        let name_of = |part: &str| {
            let mut parameters = self.path_parameters.iter();
            parameters.find_map(|(name, value)| (value == part).then(|| format!("{{{name}}}")))
        };
        let parts = path
            .split('/')
            .map(|part| name_of(part).unwrap_or_else(|| part.to_owned()));
        format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
    }
}

/// A response in the form that API Gateway reads.
pub struct EventResponse(pub(crate) Response);

impl Serialize for EventResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = self.0.headers();
        // `Set-Cookie` is the only header that may be there several times.
        let others = headers.iter().filter(|(name, _)| *name != SET_COOKIE);
        let others = others.map(|(name, value)| (name.as_str(), text(value)));
        let cookies = headers.get_all(SET_COOKIE).iter().map(text);
        let mut response = serializer.serialize_struct("Response", 4)?;
        response.serialize_field("statusCode", &self.0.status().as_u16())?;
        response.serialize_field("headers", &others.collect::<BTreeMap<_, _>>())?;
        response.serialize_field("cookies", &cookies.collect::<Vec<_>>())?;
        response.serialize_field("body", self.0.body())?;
        response.end()
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn an_event_of_cargo_lambda_watch_has_the_route_of_its_path() {
        let event = r#"{"pathParameters": {"token": "abc"}, "requestContext": {
            "routeKey": "$default", "http": {"method": "GET", "path": "/links/abc"}}}"#;
        let route = Event::read(event).map(|(event, _)| event.request_context.route_key);
        assert_eq!(route.ok().as_deref(), Some("GET /links/{token}"));
    }
}
