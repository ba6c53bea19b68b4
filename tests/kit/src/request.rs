//! One request to the API, built step by step and sent by `.await`.

use crate::{ApiClient, ApiResponse, form, secs};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::header::{CONTENT_TYPE, COOKIE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};
use std::pin::Pin;
use std::time::UNIX_EPOCH;

impl ApiClient<'_> {
    /// Begins any request: for tests about raw requests.
    pub fn request(&self, method: Method, path: impl Into<String>) -> ApiRequest<'_> {
        ApiRequest::new(self, method, path.into())
    }

    /// Begins a POST with the body `{}`.
    pub fn post(&self, path: impl Into<String>) -> ApiRequest<'_> {
        self.request(Method::POST, path).body(json!({}))
    }

    /// Gets a page, given its path with or without the portal's origin.
    pub fn open(&self, url: &str) -> ApiRequest<'_> {
        let path = url.strip_prefix(self.world.portal.public_url());
        self.request(Method::GET, path.unwrap_or(url))
    }
}

/// A request that `.await` sends.
///
/// Unless told otherwise it comes from one of the portal's own pages and its body is JSON.
#[derive(Clone)]
#[must_use = "a request is sent by `.await`"]
pub struct ApiRequest<'c> {
    client: &'c ApiClient<'c>,
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Body,
    is_form: bool,
    from_page: bool,
    signer: Option<String>,
}

#[derive(Clone)]
enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
}

impl<'c> ApiRequest<'c> {
    const fn new(client: &'c ApiClient<'c>, method: Method, path: String) -> Self {
        Self {
            client,
            method,
            path,
            headers: vec![],
            body: Body::None,
            is_form: false,
            from_page: true,
            signer: None,
        }
    }

    /// Sets a field of the body.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if !matches!(self.body, Body::Json(Value::Object(_))) {
            self.body = Body::Json(Value::Object(Map::new()));
        }
        if let Body::Json(Value::Object(fields)) = &mut self.body {
            fields.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Replaces the whole body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Replaces the body by bytes, sent without a content type.
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Sends the fields as a form rather than JSON.
    pub fn form(mut self) -> Self {
        if matches!(self.body, Body::None) {
            self.body = Body::Json(Value::Object(Map::new()));
        }
        self.is_form = true;
        self
    }

    /// Asks to be redirected here after signing in.
    pub fn next(self, next: &str) -> Self {
        self.with("next", next)
    }

    /// Adds the emailed code to a link's token.
    pub fn code(self, code: &str) -> Self {
        self.with("code", code)
    }

    /// Asks for tokens in the body instead of cookies.
    pub fn bearer_transport(self) -> Self {
        self.with("transport", "bearer")
    }

    /// Names the earlier login request, as clients without cookies do.
    pub fn login_request(self, nonce: &str) -> Self {
        self.with("request", nonce)
    }

    /// Sets the status of a user.
    pub fn status(self, status: &str) -> Self {
        self.with("status", status)
    }

    /// Marks repetitions of this request as one: by a field, or by a header in the admin API.
    pub fn idempotency_key(self, key: &str) -> Self {
        if self.signer.is_some() {
            self.header("idempotency-key", key)
        } else {
            self.with("idempotency_key", key)
        }
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{separator}{}", self.path, form(&[(name, value)]));
        self
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sends a session token as programs do: in a header, without an origin.
    pub fn bearer_token(self, token: &str) -> Self {
        self.without_origin()
            .header("authorization", format!("Bearer {token}"))
    }

    /// Leaves out the headers that tell which page sent the request.
    pub fn without_origin(mut self) -> Self {
        self.from_page = false;
        self
    }

    /// Signs with this access key; its secret is the same text.
    pub fn signed_by(mut self, key: &str) -> Self {
        self.signer = Some(key.to_owned());
        self.without_origin()
    }

    /// Sends a request of the admin API without a signature.
    pub fn unsigned(mut self) -> Self {
        self.signer = None;
        self.from_page = true;
        self
    }

    pub const fn method(&self) -> &Method {
        &self.method
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    fn has_header(&self, wanted: &str) -> bool {
        self.headers.iter().any(|(name, _)| name == wanted)
    }

    async fn send(self) -> ApiResponse {
        let (content_type, body) = match &self.body {
            Body::None => (None, vec![]),
            Body::Bytes(bytes) => (None, bytes.clone()),
            Body::Json(fields) if self.is_form => (
                Some("application/x-www-form-urlencoded"),
                encode(fields).into_bytes(),
            ),
            Body::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
        };
        let shown = format!(
            "{} {} {:.300}",
            self.method,
            self.path,
            String::from_utf8_lossy(&body)
        );
        let world = self.client.world;
        let url = format!("{}{}", world.portal.url(), self.path);
        let mut request = world
            .client
            .request(self.method.clone(), &url)
            .header("x-local-source-ip", self.client.ip())
            .header("user-agent", "Mozilla/5.0 (Windows) Firefox/140.0");
        let cookies = self.client.cookie_header();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        if self.from_page && self.method != Method::GET {
            request = request
                .header("origin", world.portal.public_url())
                .header("sec-fetch-site", "same-origin");
        }
        if let Some(content_type) = content_type.filter(|_| !self.has_header("content-type")) {
            request = request.header(CONTENT_TYPE, content_type);
        }
        request = self.sign(request, &url, &body);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if !matches!(self.body, Body::None) {
            request = request.body(body);
        }
        self.client.exchange(request, shown).await
    }

    /// Adds the headers of an AWS signature, if the request is to be signed.
    fn sign(&self, request: RequestBuilder, url: &str, body: &[u8]) -> RequestBuilder {
        let Some(key) = &self.signer else {
            return request;
        };
        let now = self.client.world.clock.now();
        let identity = Credentials::from_keys(key, key, None).into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(local::template::REGION)
            .name("execute-api")
            .time(UNIX_EPOCH + secs(now.secs()))
            .settings(SigningSettings::default())
            .build()
            .expect("all parameters are set");
        // A header that is not ASCII is sent without being signed.
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let value = std::str::from_utf8(value).ok()?;
            value.is_ascii().then_some((name.as_str(), value))
        });
        let body = SignableBody::Bytes(body);
        let signable = SignableRequest::new(self.method.as_str(), url, headers, body);
        let signed = sign(signable.expect("a valid request"), &params.into());
        let signed = signed.expect("a signature");
        signed
            .output()
            .headers()
            .fold(request, |request, (name, value)| {
                request.header(name, value)
            })
    }
}

fn encode(fields: &Value) -> String {
    let fields: Vec<_> = fields
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    form(&fields)
}

impl<'c> IntoFuture for ApiRequest<'c> {
    type Output = ApiResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = ApiResponse> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
