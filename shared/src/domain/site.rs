//! Addresses of the portal and its frontend.

use super::next::Next;
use super::origin::Origin;
use super::paths;

/// Where the portal and its frontend are.
#[derive(Clone, Debug)]
pub struct Site {
    /// The origin these functions are reached at. Without it, the domain name that API Gateway was
    /// called by.
    pub public: Option<Origin>,
    /// The origin people land on. Without it, the built-in pages are all there is.
    pub frontend: Option<Origin>,
    /// The frontend's sign-in page.
    pub login_path: String,
    /// Where the frontend wants people once they are signed in.
    pub dashboard_path: String,
    /// The origins whose scripts and forms may call, the frontend's among them.
    pub allowed: Vec<Origin>,
}

impl Site {
    /// The origin that a relative `next` is resolved on; `own` is where these functions are
    /// reached.
    pub fn default_origin<'a>(&'a self, origin: &'a Origin) -> &'a Origin {
        self.frontend.as_ref().unwrap_or(origin)
    }

    /// The sign-in page: the frontend's, or the built-in one.
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

    /// The frontend's page for people who have signed in, or the built-in one.
    pub fn dashboard_url(&self, origin: &Origin) -> String {
        let built_in = || origin.join(paths::SIGNED_IN);
        self.frontend
            .as_ref()
            .map_or_else(built_in, |frontend| frontend.join(&self.dashboard_path))
    }
}
