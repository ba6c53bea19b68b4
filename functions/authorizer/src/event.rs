//! The events of HTTP APIs and REST APIs. Nothing in them is trusted to be there or well-formed.

use serde_json::Value;
use shared::http::Request;

/// An event of an authorizer. A field that is missing or has another type reads as `null`.
pub(crate) struct Event(Value);

impl Event {
    pub(crate) const fn new(event: Value) -> Self {
        Self(event)
    }

    fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Returns true for an HTTP API. A REST API sends no version.
    pub(crate) fn is_http_api(&self) -> bool {
        self.at("/version").is_string()
    }

    /// Returns true for payload format 2.0, which is answered without a policy.
    pub(crate) fn is_simple(&self) -> bool {
        self.at("/version") == "2.0"
    }

    /// Returns the ARN of the method or route that a policy must name.
    pub(crate) fn method_arn(&self) -> Option<&str> {
        self.at("/methodArn").as_str()
    }

    /// Returns true if the method changes nothing (RFC 9110, 9.2.1). An unknown one may.
    pub(crate) fn is_safe(&self) -> bool {
        let method = if self.is_simple() {
            self.at("/requestContext/http/method")
        } else {
            self.at("/httpMethod")
        };
        matches!(method.as_str(), Some("GET" | "HEAD" | "OPTIONS"))
    }

    /// Returns the request that the event describes, as far as authentication needs it.
    pub(crate) fn request(&self) -> Request {
        if self.at("/type") == "TOKEN" {
            let token = text(self.at("/authorizationToken"));
            return Request::with_headers([("authorization", token)]);
        }
        let cookies = self.cookies();
        let cookies = cookies.iter().map(|cookie| ("cookie", text(cookie)));
        Request::with_headers(self.headers().chain(cookies))
    }

    /// Returns the `cookies` of payload 2.0, which stand for the header.
    fn cookies(&self) -> &[Value] {
        self.at("/cookies").as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns the headers, each value of a repeated one. `headers` has only its last value.
    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let several = self.at("/multiValueHeaders");
        let single = self.at("/headers").as_object().into_iter().flatten();
        let single = single
            .filter(|(name, _)| several.get(name).is_none())
            .map(|(name, value)| (name.as_str(), text(value)));
        let several = several.as_object().into_iter().flatten();
        let several = several.flat_map(|(name, values)| {
            let values = values
                .as_array()
                .map_or(std::slice::from_ref(values), Vec::as_slice);
            values.iter().map(|value| (name.as_str(), text(value)))
        });
        let has_cookies = !self.cookies().is_empty();
        single
            .chain(several)
            .filter(move |(name, _)| !(has_cookies && name.eq_ignore_ascii_case("cookie")))
    }
}

/// Returns a text, or a placeholder for anything else, so that it does not read as absent.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
