//! Requesting an email: one flow for sign-in, reset and sign-up. It never looks up whether the
//! address is known.

use crate::app::App;
use crate::domain::address::EmailAddress;
use crate::domain::email::{EmailKind, OutboxEntry};
use crate::domain::link::REPLAY_WINDOW;
use crate::domain::next::Next;
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::site::Site;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::user::is_name;
use crate::http::cookie::{Cookie, nonces, with_nonce};
use crate::http::response::{self, with_cookie};
use crate::http::{Problem, Request, Response};
use crate::keys::KeyRing;
use serde::Serialize;

/// A request for an email.
pub struct EmailRequest {
    pub address: EmailAddress,
    pub kind: EmailKind,
    /// The page that the link redirects to.
    pub next: Option<Next>,
    /// True if the client keeps the nonce itself and receives it in the response.
    pub bearer: bool,
}

#[derive(Serialize)]
struct Output {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

impl EmailRequest {
    /// Returns the page that says "check your email"; it asks for a code only where one is sent.
    fn check_email_page(&self, origin: &Origin) -> String {
        let query = match self.kind {
            EmailKind::Reset => "?for=reset",
            EmailKind::SignUp { .. } => "?for=sign-up",
            EmailKind::SignIn | EmailKind::Invitation(..) | EmailKind::Notice(..) => "",
        };
        origin.join(paths::CHECK_EMAIL) + query
    }
}

/// Parses the address in a request.
///
/// # Errors
/// 400 `invalid-request` if it is not a valid address.
pub fn parse_address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text)
        .ok_or_else(|| Problem::invalid_request("`email` is not a valid email address."))
}

/// Parses the name in a request.
///
/// # Errors
/// 400 `invalid-request` if it is not 1 to 120 printable characters, or if none is visible.
pub fn parse_name(text: String) -> Result<String, Problem> {
    let invalid = || {
        Problem::invalid_request(
            "`name` must be 1 to 120 printable characters, at least one of them visible.",
        )
    };
    is_name(&text).then_some(text).ok_or_else(invalid)
}

/// Parses the page that a request wants to be redirected to.
///
/// # Errors
/// 400 `invalid-request` if it is not on this portal or an allowed origin.
pub fn parse_next(
    text: Option<&str>,
    site: &Site,
    origin: &Origin,
) -> Result<Option<Next>, Problem> {
    let not_ours =
        || Problem::invalid_request("`next` must be a path or a URL on an allowed origin.");
    text.map(|text| {
        Next::parse(text, site.default_origin(origin), &site.allowed).ok_or_else(not_ours)
    })
    .transpose()
}

impl App {
    /// Counts the request and appends it to the outbox: the same transaction for every address.
    /// Responds with `message` and leaves the browser a nonce; a form is redirected to the page
    /// that says "check your email".
    ///
    /// # Errors
    /// 429 `too-many-attempts`, 400 for a cookie that was sent twice, 503 `unavailable`.
    pub async fn request_email(
        &self,
        request: &Request,
        origin: &Origin,
        email: EmailRequest,
        message: &'static str,
    ) -> Result<Response, Problem> {
        let cookie = Cookie::requests(&self.config.portal, origin);
        let sent = nonces(request.cookie(cookie.name())?.unwrap_or_default());
        let now = self.clock.now();
        let ring = self.keys.ring(now).await;
        let older = ring.issued_nonces(sent);
        let nonce = ring
            .signing_key(now)
            .ok_or_else(Problem::unavailable)?
            .issue_nonce(self.random.bytes());
        let page = email.check_email_page(origin);
        let limits = self.request_limits(&ring, &email, &request.client().network());
        let entry = OutboxEntry {
            link: nonce.link(),
            next: email.next,
            client: request.client(),
            ..self.outbox_entry(&ring, email.address, email.kind, now)
        };
        self.store.enqueue_email(&entry, &limits).await?;

        let set_cookie = cookie.set(
            &with_nonce(&nonce, &older),
            self.config.links.lifetime + REPLAY_WINDOW,
        );
        if request.is_form() {
            return Ok(with_cookie(response::see_other(&page), &set_cookie));
        }
        let output = Output {
            success: true,
            message,
            request: email.bearer.then(|| nonce.expose()),
        };
        let response = response::json(200, &output);
        if email.bearer {
            return Ok(response);
        }
        Ok(with_cookie(response, &set_cookie))
    }

    fn request_limits(
        &self,
        ring: &KeyRing,
        email: &EmailRequest,
        network: &str,
    ) -> Vec<RateLimit> {
        let limits = &self.config.request_limits;
        let both = ring.keyed_hash(&["ask", email.address.as_str(), network]);
        let network = ring.keyed_hash(&["network", network]);
        let mut all = vec![
            RateLimit::every(
                MINUTE,
                RateLimitScope::RequestsPerMinute,
                both,
                limits.per_minute,
            ),
            RateLimit::every(HOUR, RateLimitScope::RequestsPerHour, both, limits.per_hour),
            RateLimit::every(
                HOUR,
                RateLimitScope::RequestsPerNetwork,
                network,
                limits.per_network_hour,
            ),
        ];
        if matches!(email.kind, EmailKind::SignUp { .. }) {
            let mailbox = ring.keyed_hash(&["sign-up", &email.address.without_tag()]);
            let per_day = limits.sign_ups_per_day;
            all.push(RateLimit::every(
                DAY,
                RateLimitScope::SignUp,
                mailbox,
                per_day,
            ));
        }
        all
    }
}
