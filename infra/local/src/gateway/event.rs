//! The event that a function behind an HTTP API receives: payload format 2.0.

use crate::template::{ACCOUNT, API};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use url::{Url, form_urlencoded};

/// A request that was received, with everything that its event contains.
pub(super) struct ReceivedRequest<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    /// The path after percent-decoding.
    pub(super) path: &'a str,
    /// The key of the route, such as `POST /auth/verify`.
    pub(super) route: &'a str,
    /// Set if the request has a valid signature.
    pub(super) signed: bool,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) source_ip: &'a str,
    pub(super) public_url: &'a Url,
    pub(super) id: &'a str,
    pub(super) now: Timestamp,
}

impl ReceivedRequest<'_> {
    pub(super) fn to_event(&self) -> Value {
        let headers = self.headers();
        let (body, is_base64) = self.body();
        let fields = [
            ("version", json!("2.0")),
            ("routeKey", json!(self.route)),
            ("rawPath", json!(self.path)),
            (
                "rawQueryString",
                json!(self.parts.uri.query().unwrap_or_default()),
            ),
            ("cookies", json!(self.cookies())),
            ("headers", json!(headers)),
            ("queryStringParameters", json!(self.query())),
            ("requestContext", self.context(&headers)),
            ("body", json!(body)),
            ("pathParameters", json!(self.parameters)),
            ("isBase64Encoded", json!(is_base64)),
        ];
        // API Gateway leaves out empty fields.
        let is_present = |value: &Value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            plain => !plain.is_null(),
        };
        fields
            .into_iter()
            .filter(|(_, value)| is_present(value))
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn body(&self) -> (Option<String>, bool) {
        match std::str::from_utf8(self.body) {
            Ok("") => (None, false),
            Ok(text) if is_text(&self.parts.headers) => (Some(text.to_owned()), false),
            _ => (Some(STANDARD.encode(self.body)), true),
        }
    }

    fn context(&self, headers: &BTreeMap<String, String>) -> Value {
        let domain = self.public_url.host_str().unwrap_or_default();
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/local");
        let iam = json!({
            "accessKey": "local",
            "accountId": ACCOUNT,
            "callerId": "local",
            "userArn": arn,
            "userId": "local",
        });
        json!({
            "accountId": ACCOUNT,
            "apiId": API,
            "authorizer": self.signed.then(|| json!({ "iam": iam })),
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": format!("{:?}", self.parts.version),
                "sourceIp": self.source_ip,
                "userAgent": headers.get("user-agent"),
            },
            "requestId": self.id,
            "routeKey": self.route,
            "stage": "$default",
            "time": log_time(self.now),
            "timeEpoch": self.now.millis(),
        })
    }

    /// Returns the headers in lower case without cookies, repeated ones joined by commas, and those
    /// that API Gateway adds.
    fn headers(&self) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        for (name, value) in &self.parts.headers {
            if name != "cookie" {
                let value = String::from_utf8_lossy(value.as_bytes());
                append(&mut headers, name.as_str(), &value);
            }
        }
        let earlier = headers
            .get("x-forwarded-for")
            .map(|earlier| format!("{earlier}, "))
            .unwrap_or_default();
        headers.insert(
            "x-forwarded-for".to_owned(),
            format!("{earlier}{}", self.source_ip),
        );
        let port = self.public_url.port_or_known_default().unwrap_or_default();
        headers.insert("x-forwarded-port".to_owned(), port.to_string());
        headers.insert(
            "x-forwarded-proto".to_owned(),
            self.public_url.scheme().to_owned(),
        );
        headers
    }

    fn cookies(&self) -> Vec<String> {
        let headers = self.parts.headers.get_all("cookie").iter();
        let headers: Vec<_> = headers
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let pairs = headers.iter().flat_map(|header| header.split(';'));
        pairs
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn query(&self) -> BTreeMap<String, String> {
        let mut query = BTreeMap::new();
        for (name, value) in
            form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes())
        {
            append(&mut query, &name, &value);
        }
        query
    }
}

fn append(all: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let joined = all
        .get(name)
        .map_or_else(|| value.to_owned(), |earlier| format!("{earlier},{value}"));
    all.insert(name.to_owned(), joined);
}

/// Returns whether API Gateway passes the body on as it is. It encodes all others, including forms.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type.starts_with("text/")
        || [
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .contains(&media_type.as_str())
}

/// Formats a time as access logs do: `12/Mar/2020:19:03:58 +0000`.
fn log_time(now: Timestamp) -> String {
    let date = i64::try_from(now.secs())
        .ok()
        .and_then(|secs| OffsetDateTime::from_unix_timestamp(secs).ok());
    let date = date.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = date.to_hms();
    format!(
        "{:02}/{:.3}/{}:{hour:02}:{minute:02}:{second:02} +0000",
        date.day(),
        date.month().to_string(),
        date.year()
    )
}
