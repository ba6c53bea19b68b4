//! A client of the API that does only what it is told.

use crate::{ApiResponse, World};
use reqwest::RequestBuilder;
use reqwest::header::{HeaderValue, SET_COOKIE};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A client of one portal, with its own cookies and IP address.
///
/// Its typed methods, one for each route, are in `auth.rs` and `admin.rs`.
pub struct ApiClient<'a> {
    pub(crate) world: &'a World,
    cookies: Mutex<BTreeMap<String, String>>,
    ip: String,
}

impl World {
    /// Returns a client without cookies and with an IP address of its own.
    pub fn client(&self) -> ApiClient<'_> {
        let n = self.clients.fetch_add(1, Ordering::SeqCst);
        let ip = format!("198.{}.{}.{}", 18 + (n >> 16) % 2, (n >> 8) % 256, n % 256);
        ApiClient {
            world: self,
            cookies: Mutex::default(),
            ip,
        }
    }
}

impl<'a> ApiClient<'a> {
    /// Returns a client with the same IP address and, for now, the same cookies.
    pub fn fork(&self) -> ApiClient<'a> {
        ApiClient {
            world: self.world,
            cookies: Mutex::new(self.jar().clone()),
            ip: self.ip.clone(),
        }
    }
}

impl ApiClient<'_> {
    /// Returns another client, without cookies, in the network of this one.
    pub fn neighbor(&self) -> Self {
        Self {
            world: self.world,
            cookies: Mutex::default(),
            ip: self.ip.clone(),
        }
    }

    /// Returns the IP address that requests come from.
    pub fn ip(&self) -> &str {
        &self.ip
    }

    /// Returns the cookies as the `Cookie` header carries them.
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

    /// Returns the value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    /// Sets a cookie, or removes it.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.jar().insert(name.to_owned(), value.to_owned()),
            None => self.jar().remove(name),
        };
    }

    /// Returns the session token in the cookie.
    pub fn session(&self) -> Option<String> {
        self.cookie(&self.world.session_cookie())
    }

    /// Sets the session cookie, or removes it.
    pub fn set_session(&self, token: Option<&str>) {
        self.set_cookie(&self.world.session_cookie(), token);
    }

    /// Returns the nonces of this client's login requests, newest first and joined by dots.
    pub fn nonces(&self) -> Option<String> {
        self.cookie(&self.world.nonces_cookie())
    }

    /// Sets the cookie that holds the nonces, or removes it.
    pub fn set_nonces(&self, nonces: Option<&str>) {
        self.set_cookie(&self.world.nonces_cookie(), nonces);
    }

    /// Keeps the cookies that a response set, given as the values of `Set-Cookie`.
    pub fn keep_cookies(&self, cookies: &[String]) {
        for cookie in cookies {
            let (name, rest) = cookie.split_once('=').unwrap_or_default();
            let value = rest.split(';').next().unwrap_or_default();
            self.set_cookie(name, Some(value).filter(|value| !value.is_empty()));
        }
    }

    /// Sends a request and keeps the cookies of the response.
    pub(crate) async fn exchange(&self, request: RequestBuilder, shown: String) -> ApiResponse {
        let (status, headers, body) = self.world.exchange(request).await;
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().map(text).collect();
        self.keep_cookies(&cookies);
        let differing = ["date", "set-cookie", "apigw-requestid", "content-length"];
        ApiResponse {
            request: shown,
            origin: self.world.portal.public_url().to_owned(),
            status: status.as_u16(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .filter(|(name, _)| !differing.contains(&name.as_str()))
                .collect(),
            cookies,
            body,
        }
    }
}
