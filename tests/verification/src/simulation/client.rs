//! The clients of a portal: browsers, and programs that have no cookies.

use super::emails::Kind;
use crate::nonces::nonces;
use kit::{ApiClient, ApiRequest, ApiResponse};

/// A browser, or a program that has no cookies.
pub(super) struct Client<'w> {
    pub(super) api: ApiClient<'w>,
    pub(super) is_program: bool,
    /// The nonce of the program's newest login request.
    pub(super) request: Option<String>,
    /// The session token that the program has.
    pub(super) token: Option<String>,
    /// The mark that makes the program a known browser.
    pub(super) known: Option<String>,
    /// The client's last request for an email, which it may repeat.
    pub(super) last_request: Option<(Kind, usize, String)>,
    /// The person, the password and the key of its last sign-in form.
    pub(super) last_sign_in: Option<(usize, String, String)>,
}

impl<'w> Client<'w> {
    pub(super) const fn new(api: ApiClient<'w>, is_program: bool) -> Self {
        Self {
            api,
            is_program,
            request: None,
            token: None,
            known: None,
            last_request: None,
            last_sign_in: None,
        }
    }

    /// Returns the nonces that the client sends.
    pub(super) fn nonces(&self) -> Vec<String> {
        if self.is_program {
            return self.request.iter().cloned().collect();
        }
        nonces(&self.api)
    }

    /// Returns the client's session token.
    pub(super) fn session(&self) -> Option<String> {
        if self.is_program {
            self.token.clone()
        } else {
            self.api.session()
        }
    }

    /// Returns the marks that the client sends.
    pub(super) fn marks(&self, portal: &str) -> Vec<String> {
        if self.is_program {
            return self.known.iter().cloned().collect();
        }
        let cookie = self.api.cookie(&format!("{portal}.known"));
        split(&cookie.unwrap_or_default())
    }

    /// Adds the session token of a program.
    pub(super) fn authenticate<'c>(&self, request: ApiRequest<'c>) -> ApiRequest<'c> {
        match &self.token {
            Some(token) => request.bearer_token(token),
            None => request,
        }
    }

    /// Adds what a program sends instead of cookies: its mark, and the session to replace.
    pub(super) fn as_program<'c>(
        &self,
        request: ApiRequest<'c>,
        session: Option<&str>,
    ) -> ApiRequest<'c> {
        let request = match &self.known {
            Some(known) => request.with("known", known.as_str()),
            None => request,
        };
        match session {
            Some(session) => request.bearer_transport().bearer_token(session),
            None => request.bearer_transport(),
        }
    }

    /// Returns the session token in a response to this client.
    pub(super) fn token_in(&self, portal: &str, response: &ApiResponse) -> Option<String> {
        if self.is_program {
            let body = response.json();
            return body["session"]["token"].as_str().map(str::to_owned);
        }
        set_cookie(response, &format!("{portal}.sid"))
    }

    /// Returns the marks in a response to this client, newest first.
    pub(super) fn marks_in(&self, portal: &str, response: &ApiResponse) -> Vec<String> {
        if self.is_program {
            let mark = response.json()["known"].as_str().map(str::to_owned);
            return mark.into_iter().collect();
        }
        split(&set_cookie(response, &format!("{portal}.known")).unwrap_or_default())
    }
}

/// Returns the value of a cookie that a response sets.
fn set_cookie(response: &ApiResponse, name: &str) -> Option<String> {
    let mut cookies = response.cookies.iter();
    let value = cookies.find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))?;
    value.split(';').next().map(str::to_owned)
}

fn split(entries: &str) -> Vec<String> {
    let entries = entries.split('.').filter(|entry| !entry.is_empty());
    entries.map(str::to_owned).collect()
}
