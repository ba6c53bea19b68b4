//! URLs of the portal and its frontend.

use super::next::{InvalidNext, Next, NextOrigins};
use super::origin::Origin;
use super::paths;

/// The origins and pages of the portal and its frontend.
#[derive(Clone, Debug)]
pub struct Site {
    /// Origin of the portal. If `None`, it is the domain name that API Gateway was called by.
    pub public: Option<Origin>,
    /// Origin of the frontend. If `None`, the built-in pages take its place.
    pub frontend: Option<Origin>,
    /// Path of the frontend's sign-in page.
    pub login_path: String,
    /// Path of the frontend's page after a sign-in.
    pub dashboard_path: String,
    /// Origins whose scripts and forms may call the portal, including the frontend's.
    pub allowed: Vec<Origin>,
}

impl Site {
    /// Parses the `next` of a request to the portal at `origin`. An empty or too long one is none.
    ///
    /// # Errors
    /// [`InvalidNext`] if users must not be redirected to it.
    pub fn parse_next(&self, text: &str, origin: &Origin) -> Result<Option<Next>, InvalidNext> {
        let origins = NextOrigins {
            portal: origin,
            default: self.frontend.as_ref().unwrap_or(origin),
            allowed: &self.allowed,
        };
        Next::parse(text, origins)
    }

    /// Returns the sign-in page of the frontend, or the built-in one.
    pub fn login_url(&self, origin: &Origin) -> String {
        self.frontend.as_ref().map_or_else(
            || origin.join(paths::SIGN_IN),
            |frontend| frontend.join(&self.login_path),
        )
    }

    /// Returns the page after a sign-in: `next`, or the dashboard.
    pub fn landing_url(&self, next: Option<&Next>, origin: &Origin) -> String {
        next.map_or_else(
            || self.dashboard_url(origin),
            |next| next.as_str().to_owned(),
        )
    }

    /// Returns the frontend's page after a sign-in, or the built-in one.
    pub fn dashboard_url(&self, origin: &Origin) -> String {
        let built_in = || origin.join(paths::ACCOUNT);
        self.frontend
            .as_ref()
            .map_or_else(built_in, |frontend| frontend.join(&self.dashboard_path))
    }
}
