//! A request as API Gateway delivers it.

use crate::domain::client::ClientInfo;
use crate::domain::language::Language;
use crate::domain::language::sentences::{ApiSentences, fill};
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::domain::site::Site;
use crate::http::event::{Context, Event};
use crate::http::problem::{Problem, Reader};
use std::collections::BTreeMap;
use std::net::IpAddr;
use url::form_urlencoded;

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

/// A request with what API Gateway knows about it.
#[derive(Default)]
pub struct Request {
    headers: BTreeMap<String, String>,
    queries: Vec<(String, String)>,
    path_parameters: BTreeMap<String, String>,
    context: Context,
    body: Vec<u8>,
}

impl Request {
    /// Reads the event of an invocation.
    ///
    /// # Errors
    /// 400 if the event cannot be read.
    pub fn read(event: &str) -> Result<Self, Problem> {
        let (event, body) = Event::read(event)?;
        let cookie = (!event.cookies.is_empty()).then(|| event.cookies.join("; "));
        let mut headers = event.headers;
        headers.extend(cookie.map(|cookie| ("cookie".to_owned(), cookie)));
        let queries = form_urlencoded::parse(event.raw_query_string.as_bytes());
        Ok(Self {
            headers,
            queries: queries.into_owned().collect(),
            path_parameters: event.path_parameters,
            context: event.request_context,
            body,
        })
    }

    /// Creates a request that has only headers. Repeated ones are joined, as by API Gateway.
    pub fn with_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut request = Self::default();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            let separator = if name == "cookie" { "; " } else { "," };
            request
                .headers
                .entry(name)
                .and_modify(|all| *all = format!("{all}{separator}{value}"))
                .or_insert_with(|| value.to_owned());
        }
        request
    }

    /// Returns the route key that API Gateway chose, such as `POST /auth/verify`.
    pub fn route(&self) -> &str {
        &self.context.route_key
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &str {
        &self.context.http.method
    }

    /// Returns the path as API Gateway decoded it.
    pub fn path(&self) -> &str {
        &self.context.http.path
    }

    /// Returns the request as one of another route, with the parameters of its path.
    #[must_use]
    pub fn with_route(mut self, key: &str, parameters: Vec<(String, String)>) -> Self {
        key.clone_into(&mut self.context.route_key);
        self.path_parameters.extend(parameters);
        self
    }

    /// Returns a path parameter as API Gateway decoded it.
    pub fn path_parameter(&self, name: &str) -> &str {
        let value = self.path_parameters.get(name);
        value.map(String::as_str).unwrap_or_default()
    }

    /// Returns the first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.queries()
            .find_map(|(each, value)| (each == name).then_some(value))
    }

    /// Returns all query parameters; a repeated one appears each time.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.queries.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns a header. A value that is not printable ASCII reads as `?`, never as absent. API
    /// Gateway joins repeated headers with commas.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_printable = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        let value = self.headers.get(name)?;
        Some(if value.bytes().all(is_printable) {
            value
        } else {
            "?"
        })
    }

    /// Returns the bytes of a header, which may not be ASCII.
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(String::as_bytes)
    }

    /// Returns the language that the client prefers, or `default`.
    pub fn language(&self, default: Language) -> Language {
        let preferred = self.header("accept-language").and_then(Language::preferred);
        preferred.unwrap_or(default)
    }

    /// Returns the client. Its IP address is what API Gateway or the portal's own proxy saw.
    pub fn client(&self) -> ClientInfo {
        let ip = &self.context.http.source_ip;
        ClientInfo::new(ip, self.header("user-agent").unwrap_or_default())
    }

    /// Removes a header and returns its value.
    pub(super) fn remove_header(&mut self, name: &str) -> Option<String> {
        self.headers.remove(name)
    }

    /// Replaces the address that API Gateway saw with the one that a trusted proxy saw.
    pub(super) fn set_source_ip(&mut self, ip: IpAddr) {
        self.context.http.source_ip = ip.to_string();
    }

    /// Returns the ARN of the signer, if API Gateway checked a signature.
    pub fn iam_arn(&self) -> &str {
        &self.context.authorizer.iam.user_arn
    }

    /// Returns the origin that this portal is reached at: `PUBLIC_URL`, or the domain name that API
    /// Gateway was called by; never a header.
    ///
    /// # Errors
    /// 400 if both are missing.
    pub fn portal_origin(&self, site: &Site) -> Result<Origin, Problem> {
        let by_domain = || {
            let domain = self.context.domain_name.as_deref()?;
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
        let all = self.header_bytes("cookie").unwrap_or_default();
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

    /// Returns who reads the response if it is a problem. A program may accept HTML by default, or
    /// pass on what a browser accepts: it sends JSON or authenticates itself.
    pub fn reader(&self) -> Reader {
        let is_program = self.is_json() || self.header("authorization").is_some();
        Reader {
            sent_form: self.is_form(),
            reads_html: self.accepts_html() && !is_program,
        }
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
        &self.body
    }
}
