//! A request as API Gateway hands it over, and the strict reading of it.

use super::origin;
use super::problem::{Kind, Problem};
use crate::domain::agent::Client;
use crate::domain::portal::{Origin, Site};
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The largest body that is read.
pub const LARGEST_BODY: usize = 16 * 1024;

/// How a client holds what it is given: the `transport` of a request.
#[derive(serde::Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// In cookies, as browsers do.
    #[default]
    Cookie,
    /// In its own hands: it is given in the body, and shown as `Authorization: Bearer`.
    Bearer,
}

/// One request.
pub struct Request(lambda_http::Request);

impl Request {
    /// Wraps what the adapter made of API Gateway's event.
    pub const fn new(request: lambda_http::Request) -> Self {
        Self(request)
    }

    fn context(&self) -> Option<&ApiGatewayV2httpRequestContext> {
        match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        }
    }

    /// The route that API Gateway chose: `POST /auth/verify`.
    pub fn route(&self) -> &str {
        self.context().and_then(|context| context.route_key.as_deref()).unwrap_or_default()
    }

    /// Lambda's id of this invocation.
    pub fn id(&self) -> &str {
        self.0.lambda_context_ref().map_or("", |context| context.request_id.as_str())
    }

    /// A variable part of the route's path, as API Gateway decoded it.
    pub fn path_parameter(&self, name: &str) -> &str {
        self.0.path_parameters_ref().and_then(|all| all.first(name)).unwrap_or_default()
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.0.query_string_parameters_ref().and_then(|all| all.first(name))
    }

    /// A header, if it is readable text. API Gateway joins repeated ones with commas.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Who is asking. The IP address is the one API Gateway saw, never a header.
    pub fn client(&self) -> Client {
        let ip = self.context().and_then(|context| context.http.source_ip.as_deref()).unwrap_or_default();
        Client::new(ip, self.header("user-agent").unwrap_or_default())
    }

    /// The origin this portal is reached at: `PUBLIC_URL`, or the domain name API Gateway was called by; never a header.
    ///
    /// # Errors
    /// 400 where there is neither.
    pub fn own_origin(&self, site: &Site) -> Result<Origin, Problem> {
        let by_domain = || {
            let domain = self.context()?.domain_name.as_deref()?;
            Origin::parse(&format!("https://{domain}"))
        };
        site.public.clone().or_else(by_domain).ok_or_else(|| Problem::invalid_request("The portal has no origin."))
    }

    /// The value of a cookie.
    ///
    /// # Errors
    /// 400 when it is there twice: which of the two was meant, nobody can know.
    pub fn cookie(&self, name: &str) -> Result<Option<&str>, Problem> {
        let all = self.header("cookie").unwrap_or_default();
        let mut named = all.split(';').filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name);
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(Problem::invalid_request("A cookie is there twice.")),
            (first, None) => Ok(first.map(|(_, value)| value)),
        }
    }

    /// Whether a page posted a form.
    pub fn is_form(&self) -> bool {
        self.media_type() == "application/x-www-form-urlencoded"
    }

    /// Whether the body says it is JSON.
    pub fn is_json(&self) -> bool {
        self.media_type() == "application/json"
    }

    fn media_type(&self) -> String {
        let header = self.header("content-type").unwrap_or_default();
        header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A request that changes something and says nothing: from an allowed origin, with no body, or one without fields.
    ///
    /// # Errors
    /// As [`Request::input`].
    pub fn no_input(&self, site: &Site, own: &Origin) -> Result<(), Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        if self.0.body().is_empty() {
            return origin::check(self, site, own);
        }
        self.input::<Nothing>(site, own).map(|Nothing {}| ())
    }

    /// The body of a request that changes something: from an allowed origin, JSON or a form, not too large, UTF-8, every
    /// field known and there once.
    ///
    /// # Errors
    /// 403, 415, 413 or 400, in that order.
    pub fn input<T: DeserializeOwned>(&self, site: &Site, own: &Origin) -> Result<T, Problem> {
        origin::check(self, site, own)?;
        if !self.is_json() && !self.is_form() {
            return Err(Problem::new(Kind::UnsupportedMediaType, "Send application/json, or a form."));
        }
        let body: &[u8] = self.0.body();
        if body.len() > LARGEST_BODY {
            return Err(Problem::new(Kind::PayloadTooLarge, "Send at most 16 KiB."));
        }
        let text = std::str::from_utf8(body).map_err(|_| Problem::invalid_request("The body is not UTF-8."))?;
        if self.is_form() {
            return read_form(text).ok_or_else(|| Problem::invalid_request("The form is not one of this endpoint's."));
        }
        serde_json::from_str(text)
            .map_err(|error| Problem::invalid_request(format!("The body cannot be read: {error}.")))
    }
}

/// `application/x-www-form-urlencoded` (WHATWG URL, 5.1), but strict: what is not UTF-8 is refused, not replaced.
fn read_form<T: DeserializeOwned>(text: &str) -> Option<T> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned).ok()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    let mut fields = serde_json::Map::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = pair(part)?;
        if fields.insert(name, value.into()).is_some() {
            return None;
        }
    }
    serde_json::from_value(fields.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        email: String,
        next: Option<String>,
    }

    #[test]
    fn a_form_is_read_strictly() {
        let form = |email: &str, next: Option<&str>| Some(Form { email: email.into(), next: next.map(Into::into) });
        assert_eq!(read_form("email=a%2Bb%40c.de"), form("a+b@c.de", None));
        assert_eq!(read_form("email=a+b&next=%2Fx"), form("a b", Some("/x")));
        for wrong in ["", "email=a&email=b", "email=a&other=b", "email=%ff", "next=/x"] {
            assert_eq!(read_form::<Form>(wrong), None, "{wrong}");
        }
    }
}
