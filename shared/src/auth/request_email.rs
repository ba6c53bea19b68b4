//! Requesting an email: one flow for sign-in, reset and sign-up. It never looks up whether the
//! address is known.

use crate::app::App;
use crate::auth::rate_limit_client::RateLimitClient;
use crate::domain::address::EmailAddress;
use crate::domain::email::{EmailKind, OutboxEntry};
use crate::domain::language::sentences::ApiSentences;
use crate::domain::link::{IdempotencyKey, Nonce, REPLAY_WINDOW};
use crate::domain::next::{InvalidNext, Next};
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::site::Site;
use crate::domain::time::{HOUR, Timestamp};
use crate::domain::user::is_name;
use crate::http::cookie::{Cookie, nonces, with_nonce};
use crate::http::form_draft::FormDraft;
use crate::http::response::{self, with_cookie};
use crate::http::{Problem, Request, Response};
use crate::keys::KeyRing;
use crate::store::outbox::{EmailRequestLimits, EnqueueOutcome};
use serde::Serialize;

/// A request for an email.
pub struct EmailRequest<'a> {
    pub address: EmailAddress,
    pub kind: EmailKind,
    /// The page that the link redirects to.
    pub next: Option<Next>,
    /// True if the client keeps the nonce itself and receives it in the response.
    pub bearer: bool,
    /// Identifies the view of the form, or the client's attempt: 16 to 128 random characters.
    pub idempotency_key: Option<&'a str>,
    /// The mark of a known browser that a bearer client sends.
    pub known: Option<&'a str>,
}

#[derive(Serialize)]
struct Output {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

impl EmailRequest<'_> {
    /// Returns the nonce of a request that `key` made at `at`: a repeat gets the same one.
    fn nonce(&self, ring: &KeyRing, key: &IdempotencyKey, at: Timestamp) -> Nonce {
        let millis = at.millis().to_string();
        let parts = [
            "nonce",
            self.kind.as_str(),
            self.address.as_str(),
            key.expose(),
            &millis,
        ];
        ring.issue_nonce(ring.keyed_hash(&parts).first_16())
    }

    /// Returns what the page that says "check your email" shows, and sends again.
    fn draft(&self, now: Timestamp) -> FormDraft {
        let name = match &self.kind {
            EmailKind::SignUp { name } => name,
            _ => "",
        };
        FormDraft {
            requested_at: Some(now),
            ..FormDraft::of_name(self.address.as_str(), name)
        }
    }

    /// Returns the page that says "check your email"; it asks for a code only where one is sent.
    fn check_email_page(&self, origin: &Origin) -> String {
        let query = match self.kind {
            EmailKind::Reset => "?for=reset",
            EmailKind::SignUp { .. } => "?for=sign-up",
            EmailKind::SignIn | EmailKind::Invitation(..) | EmailKind::Notice(..) => "",
        };
        Next::add_to(
            self.next.as_ref(),
            &(origin.join(paths::CHECK_EMAIL) + query),
        )
    }
}

/// Parses the address in a request.
///
/// # Errors
/// 400 `invalid-request` if it is not a valid address.
pub fn parse_address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text).ok_or_else(|| Problem::invalid_field("email", |t| t.email_invalid))
}

/// Parses the name in a request.
///
/// # Errors
/// 400 `invalid-request` if it is not 1 to 120 printable characters, or if none is visible.
pub fn parse_name(text: String) -> Result<String, Problem> {
    let invalid = || Problem::invalid_field("name", |t| t.name_invalid);
    is_name(&text).then_some(text).ok_or_else(invalid)
}

/// Parses the page that a request wants to be redirected to. An empty or too long one is none.
///
/// # Errors
/// 400 `invalid-request` if it is not a page on this portal or an allowed origin.
pub fn parse_next(
    text: Option<&str>,
    site: &Site,
    origin: &Origin,
) -> Result<Option<Next>, Problem> {
    let not_ours = || Problem::invalid_field("next", |t| t.next_invalid);
    let next = site.parse_next(text.unwrap_or_default(), origin);
    next.map_err(|InvalidNext| not_ours())
}

impl App {
    /// Counts the request and appends it to the outbox: the same transaction for every address.
    /// Responds with `message` and leaves the browser a nonce; a form is redirected to the page
    /// that says "check your email". A repeat with the same idempotency key within 60 seconds gets
    /// the same response and nonce, and sends nothing.
    ///
    /// # Errors
    /// 429 `too-many-attempts`, 400 for a cookie that was sent twice, 503 `unavailable`.
    pub async fn request_email(
        &self,
        request: &Request,
        origin: &Origin,
        email: EmailRequest<'_>,
        message: fn(&'static ApiSentences) -> &'static str,
    ) -> Result<Response, Problem> {
        let cookie = Cookie::requests(&self.config.portal, origin);
        let mut older = nonces(request.cookie(cookie.name())?.unwrap_or_default());
        let now = self.clock.now();
        let ring = self.keys.ring(now).await;
        older.retain(|nonce| ring.has_issued(nonce));
        let marks = self.known_browsers(request, origin, email.known)?;
        let client = RateLimitClient::new(&ring, request, &marks, &email.address);
        let key = match IdempotencyKey::parse_optional(email.idempotency_key)? {
            Some(key) => key,
            None => IdempotencyKey::new(self.random.bytes()),
        };
        let nonce = email.nonce(&ring, &key, now);
        let limits = self.request_limits(&ring, &email, &key, client);
        let page = email.check_email_page(origin);
        let address = email.address.clone();
        let language = request.language(self.config.language);
        let entry = OutboxEntry {
            link: nonce.link(),
            next: email.next.clone(),
            client: request.client(),
            language,
            known_browser: client.known_browser,
            ..self.outbox_entry(&ring, address, email.kind.clone(), now)
        };
        let nonce = match self.store.enqueue_email(&entry, &limits).await? {
            EnqueueOutcome::Enqueued => nonce,
            EnqueueOutcome::Repeated(earlier) => email.nonce(&ring, &key, earlier),
        };

        let set_cookie = cookie.set(
            &with_nonce(&nonce, &older),
            self.config.links.lifetime + REPLAY_WINDOW,
        );
        if request.is_form() {
            let draft = email.draft(now).cookie(&self.config.portal, origin);
            let redirect = with_cookie(response::see_other(&page), &set_cookie);
            return Ok(with_cookie(redirect, &draft));
        }
        let output = Output {
            success: true,
            message: message(language.api()),
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
        email: &EmailRequest<'_>,
        key: &IdempotencyKey,
        client: RateLimitClient,
    ) -> EmailRequestLimits {
        let limits = &self.config.request_limits;
        let client_key = client.key().to_string();
        let parts = [
            "request",
            email.kind.as_str(),
            email.address.as_str(),
            &client_key,
        ];
        let network = RateLimit::every(
            HOUR,
            RateLimitScope::RequestsPerNetwork,
            client.network,
            limits.per_network_hour,
        );
        EmailRequestLimits {
            key: ring.keyed_hash(&parts),
            per_minute: limits.per_minute,
            per_hour: limits.per_hour,
            network: client.known_browser.is_none().then_some(network),
            idempotency_key: key.hash(),
        }
    }
}
