//! The client that visible rate limits count: a known browser, or everybody else in a network.

use crate::app::App;
use crate::domain::address::EmailAddress;
use crate::domain::ids::KeyedHash;
use crate::domain::known_browser::KnownBrowser;
use crate::domain::origin::Origin;
use crate::http::cookie::{self, Cookie};
use crate::http::{Problem, Request};
use crate::keys::KeyRing;

/// A client as rate limits see it, by keyed hashes.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitClient {
    pub network: KeyedHash,
    /// The browser, if it has signed in to the address before.
    pub known_browser: Option<KeyedHash>,
}

impl RateLimitClient {
    /// Returns the client of a request that is about `address`. Its `marks` are not looked up
    /// anywhere.
    pub fn new(
        ring: &KeyRing,
        request: &Request,
        marks: &[KnownBrowser],
        address: &EmailAddress,
    ) -> Self {
        let mark = marks.iter().find(|mark| ring.knows(mark, address));
        Self {
            network: ring.keyed_hash(&["network", &request.client().network()]),
            known_browser: mark.map(|mark| ring.keyed_hash(&["known-browser", &mark.expose()])),
        }
    }

    /// Returns the hash that the client's own counters are kept under.
    pub fn key(&self) -> KeyedHash {
        self.known_browser.unwrap_or(self.network)
    }
}

impl App {
    /// Returns the marks of a request, whether or not they are genuine: those in the cookie, and
    /// `known`, which a bearer client sends.
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn known_browsers(
        &self,
        request: &Request,
        origin: &Origin,
        known: Option<&str>,
    ) -> Result<Vec<KnownBrowser>, Problem> {
        let cookie = Cookie::known(&self.config.portal, origin);
        let value = request.cookie(cookie.name())?;
        let mut marks = cookie::known_browsers(value.unwrap_or_default());
        marks.extend(known.and_then(KnownBrowser::parse));
        Ok(marks)
    }
}
