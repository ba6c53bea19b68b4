//! A request as API Gateway delivers it.

use crate::domain::client::ClientInfo;
use crate::domain::language::Language;
use crate::domain::language::sentences::{ApiSentences, fill};
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::domain::site::Site;
use crate::http::problem::Problem;
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::{HeaderName, HeaderValue};
use lambda_http::request::RequestContext;
use std::collections::BTreeMap;

/// The `transport` of a request: the place where a client keeps its session.
#[derive(serde::Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Cookies, as browsers keep them.
    #[default]
    Cookie,
    /// The client itself: it receives the token in the body and sends `Authorization: Bearer`.
    Bearer,
}

/// A request with its API Gateway context.
pub struct Request(lambda_http::Request);

impl Request {
    /// Wraps the adapter's view of API Gateway's event.
    pub const fn new(request: lambda_http::Request) -> Self {
        Self(request)
    }

    /// Creates a request that has only headers. Repeated ones are joined, as by API Gateway. A
    /// value that cannot be a header's reads as `?`, never as absent.
    pub fn with_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut joined: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            let separator = if name == "cookie" { "; " } else { "," };
            joined
                .entry(name)
                .and_modify(|all| *all = format!("{all}{separator}{value}"))
                .or_insert_with(|| value.to_owned());
        }
        let mut request = lambda_http::Request::default();
        for (name, value) in joined {
            let Ok(name) = HeaderName::try_from(name) else {
                continue;
            };
            let unreadable = HeaderValue::from_static("?");
            let value = HeaderValue::try_from(value).unwrap_or(unreadable);
            request.headers_mut().insert(name, value);
        }
        Self(request)
    }

    fn context(&self) -> Option<&ApiGatewayV2httpRequestContext> {
        match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        }
    }

    /// Returns the route key that API Gateway chose, such as `POST /auth/verify`.
    pub fn route(&self) -> &str {
        self.context()
            .and_then(|context| context.route_key.as_deref())
            .unwrap_or_default()
    }

    /// Returns Lambda's id of this invocation.
    pub fn id(&self) -> &str {
        self.0
            .lambda_context_ref()
            .map_or("", |context| context.request_id.as_str())
    }

    /// Returns a path parameter as API Gateway decoded it.
    pub fn path_parameter(&self, name: &str) -> &str {
        self.0
            .path_parameters_ref()
            .and_then(|all| all.first(name))
            .unwrap_or_default()
    }

    /// Returns the first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.0
            .query_string_parameters_ref()
            .and_then(|all| all.first(name))
    }

    /// Returns all query parameters; a repeated one appears each time.
    pub(super) fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .query_string_parameters_ref()
            .into_iter()
            .flat_map(|all| all.iter())
    }

    /// Returns a header. A value that is not ASCII reads as `?`, never as absent. API Gateway joins
    /// repeated headers with commas.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("?"))
    }

    /// Returns the bytes of a header, which may not be text.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// Returns the language that the client prefers, or `default`.
    pub fn language(&self, default: Language) -> Language {
        let preferred = self.header("accept-language").and_then(Language::preferred);
        preferred.unwrap_or(default)
    }

    /// Returns the client. The IP address is the one that API Gateway saw, never a header.
    pub fn client(&self) -> ClientInfo {
        let ip = self
            .context()
            .and_then(|context| context.http.source_ip.as_deref())
            .unwrap_or_default();
        ClientInfo::new(ip, self.header("user-agent").unwrap_or_default())
    }

    /// Returns the ARN of the signer, if API Gateway checked a signature.
    pub fn iam_arn(&self) -> &str {
        let authorizer = self
            .context()
            .and_then(|context| context.authorizer.as_ref());
        authorizer
            .and_then(|authorizer| authorizer.iam.as_ref()?.user_arn.as_deref())
            .unwrap_or_default()
    }

    /// Returns the origin that this portal is reached at: `PUBLIC_URL`, or the domain name that API
    /// Gateway was called by; never a header.
    ///
    /// # Errors
    /// 400 if both are missing.
    pub fn portal_origin(&self, site: &Site) -> Result<Origin, Problem> {
        let by_domain = || {
            let domain = self.context()?.domain_name.as_deref()?;
            Origin::parse(&format!("https://{domain}"))
        };
        site.public
            .clone()
            .or_else(by_domain)
            .ok_or_else(|| Problem::invalid_request(|t| t.no_public_url))
    }

    /// Returns the value of a cookie. Other cookies may hold any bytes without hiding this one.
    ///
    /// # Errors
    /// 400 if the cookie was sent twice: it is unknown which of the two was meant.
    pub fn cookie(&self, name: &str) -> Result<Option<&str>, Problem> {
        let all = self
            .0
            .headers()
            .get("cookie")
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        let pairs = all.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let mut named =
            pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        match (named.next(), named.next()) {
            (_, Some(_)) if name.ends_with(".sid") => {
                Err(Problem::invalid_request(|t| t.session_cookie_twice))
            }
            (_, Some(_)) => {
                let name = name.to_owned();
                let detail = move |t: &ApiSentences| fill(t.cookie_twice, &[("name", &name)]);
                Err(Problem::invalid_request(detail))
            }
            (first, None) => Ok(first.map(|value| str::from_utf8(value).unwrap_or("?"))),
        }
    }

    /// Returns the page of the portal at `origin` that posted this form, with the parameter `for`,
    /// or `None` if a frontend did. Only pages that may show an error count.
    pub fn form_page(&self, origin: &Origin) -> Option<String> {
        let url = self.header("referer")?.strip_prefix(origin.as_str())?;
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let page = paths::FORMS.into_iter().find(|form| *form == path)?;
        let mut parameters = query
            .split('&')
            .filter_map(|part| part.strip_prefix("for="));
        let pending = parameters
            .next()
            .filter(|text| ["reset", "sign-up"].contains(text));
        let query = pending.map_or_else(String::new, |pending| format!("?for={pending}"));
        Some(origin.join(page) + &query)
    }

    /// Returns true for a browser that opens a page.
    pub fn accepts_html(&self) -> bool {
        self.header("accept")
            .is_some_and(|accepted| accepted.contains("text/html"))
    }

    /// Returns true for a form that a page posted.
    pub fn is_form(&self) -> bool {
        self.media_type() == "application/x-www-form-urlencoded"
    }

    /// Returns true if the content type is JSON.
    pub fn is_json(&self) -> bool {
        self.media_type() == "application/json"
    }

    fn media_type(&self) -> String {
        let header = self.header("content-type").unwrap_or_default();
        header
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// Returns the bytes of the body.
    pub(super) fn raw_body(&self) -> &[u8] {
        self.0.body()
    }
}
