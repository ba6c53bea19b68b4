//! A client that does what it is told, and nothing by itself.

use super::{Answer, Mail, World, form, secs};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

/// A browser: its cookies, and an address of its own. It does nothing by itself.
pub struct Browser<'a> {
    world: &'a World,
    cookies: Mutex<BTreeMap<String, String>>,
    ip: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World, ip: String) -> Self {
        Self {
            world,
            cookies: Mutex::default(),
            ip,
        }
    }
    /// The address it is behind: what rows say of who wrote them.
    pub fn ip(&self) -> &str {
        &self.ip
    }

    /// A request as this browser would begin it: from one of the portal's own pages.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path);
        request
            .header("origin", self.world.portal.public_url())
            .header("sec-fetch-site", "same-origin")
    }

    /// A request without the headers that browsers add.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .world
            .client
            .request(method, format!("{}{path}", self.world.portal.url()));
        let request = request
            .header("x-local-source-ip", &self.ip)
            .header("user-agent", "Mozilla/5.0 (Windows) Firefox/140.0");
        let cookies = self.cookie_header();
        if cookies.is_empty() {
            request
        } else {
            request.header(COOKIE, cookies)
        }
    }

    /// The cookies as they would be sent.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .jar()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    /// Puts a cookie in, or takes one out.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.jar().insert(name.to_owned(), value.to_owned()),
            None => self.jar().remove(name),
        };
    }

    /// Sends, and keeps what cookies come back.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let (status, headers, body) = self.world.exchange(request).await;
        let text =
            |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().map(text).collect();
        for cookie in &cookies {
            let (name, rest) = cookie.split_once('=').unwrap_or_default();
            let value = rest.split(';').next().unwrap_or_default();
            self.set_cookie(name, Some(value).filter(|value| !value.is_empty()));
        }
        let differing = ["date", "set-cookie", "apigw-requestid", "content-length"];
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        Answer {
            status,
            headers: headers
                .filter(|(name, _)| !differing.contains(&name.as_str()))
                .collect(),
            cookies,
            body,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.bare(Method::GET, path)).await
    }

    /// POST of JSON from the portal's own page.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// POST of a form from the portal's own page.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form(fields))).await
    }

    /// Adds a user: a call of the administration, signed with this key.
    pub async fn admin(&self, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.signed(key, Method::POST, "/admin/users", headers, Some(body))
            .await
    }

    /// A call of the administration by whoever may.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.signed("local", method, path, &[], body).await
    }

    /// A call of the administration, signed with this key (id and secret alike).
    pub async fn signed(
        &self,
        key: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.world.portal.url());
        let text = body.map(Value::to_string).unwrap_or_default();
        let identity = Credentials::from_keys(key, key, None).into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(local::template::REGION)
            .name("execute-api")
            .time(UNIX_EPOCH + secs(self.world.time.now().secs()))
            .settings(SigningSettings::default())
            .build()
            .expect("whole parameters");
        let bytes = SignableBody::Bytes(text.as_bytes());
        let signed = SignableRequest::new(method.as_str(), &url, headers.iter().copied(), bytes);
        let signed = sign(signed.expect("a good request"), &params.into()).expect("a signature");
        let request = self.bare(method, path);
        let request = if body.is_some() {
            request
                .header("content-type", "application/json")
                .body(text)
        } else {
            request
        };
        let headers = headers.iter().copied().chain(signed.output().headers());
        self.send(headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        }))
        .await
    }

    /// Asks for a link, and gives the mail.
    pub async fn ask(&self, email: &str) -> Mail {
        let answer = self
            .post("/auth/request-login", json!({"email": email}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.world.mail().await
    }

    /// Asks for a link and redeems it.
    pub async fn sign_in(&self, email: &str) -> Answer {
        let mail = self.ask(email).await;
        let answer = self
            .post("/auth/verify", json!({"token": mail.token()}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// Who is signed in.
    pub async fn me(&self) -> Answer {
        self.get("/auth/me").await
    }
}
