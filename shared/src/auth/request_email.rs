//! Asking for a mail: the one way that everybody takes who may ask. Whether the address is known,
//! nobody looks.

use crate::app::App;
use crate::domain::address::EmailAddress;
use crate::domain::email::{DeliveryState, EmailKind, OutboxEntry, OutboxKey};
use crate::domain::ids::RecordId;
use crate::domain::link::{Nonce, REPLAY_WINDOW};
use crate::domain::next::Next;
use crate::domain::portal::{Origin, Site};
use crate::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use crate::domain::time::Timestamp;
use crate::http::cookie::{self, Cookie};
use crate::http::response::{self, with_cookie};
use crate::http::{Problem, Request, Response};
use crate::keys::KeyRing;
use serde::Serialize;
use std::time::Duration;

/// What somebody asks for.
pub struct EmailRequest {
    /// Whose mail it is to be.
    pub address: EmailAddress,
    /// What for.
    pub kind: EmailKind,
    /// Where its link leads.
    pub next: Option<Next>,
    /// Whether the client holds the nonce itself, and is handed it in the answer.
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
    /// The page that says "check your mail": what for, so that it does not ask for a code where
    /// none is sent.
    const fn page(&self) -> &'static str {
        match self.kind {
            EmailKind::Reset => "/auth/check-email?for=reset",
            EmailKind::SignUp { .. } => "/auth/check-email?for=sign-up",
            EmailKind::SignIn | EmailKind::Invitation(..) | EmailKind::Notice(..) => {
                "/auth/check-email"
            }
        }
    }
}

/// The address in a request.
///
/// # Errors
/// 400 where it is none.
pub fn parse_address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text)
        .ok_or_else(|| Problem::invalid_request("`email` is not a valid email address."))
}

/// Where a request wants to be led afterwards.
///
/// # Errors
/// 400 where that is not on this portal.
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
    /// Counts, and appends to the outbox: the same single write for any address. Answers `message`,
    /// and leaves the browser a nonce; a form is led to the page that says "check your mail".
    ///
    /// # Errors
    /// 429 for too many, 400 for a cookie that is there twice, 503.
    pub async fn request_email(
        &self,
        request: &Request,
        origin: &Origin,
        ask: EmailRequest,
        message: &'static str,
    ) -> Result<Response, Problem> {
        let asks = Cookie::requests(&self.config.portal, origin);
        let older = cookie::nonces(request.cookie(asks.name())?.unwrap_or_default());
        let now = self.clock.now();
        let ring = self.keys.ring(now).await;
        let older = ring.own_nonces(older);
        let nonce = ring
            .signing_key(now)
            .ok_or_else(Problem::unavailable)?
            .mint_nonce(self.random.bytes());
        let page = origin.join(ask.page());
        let throttles = self.asking_throttles(&ring, &ask, &request.client().network());
        let mail = OutboxEntry {
            link: nonce.link(),
            next: ask.next,
            client: request.client(),
            ..self.outbox_entry(&ring, ask.address, ask.kind, now)
        };
        let asked = self.store.enqueue_email(&mail, &throttles).await;
        asked?;

        let kept = asks.set(
            &cookie::with_nonce(&nonce, &older),
            self.config.links.lifetime + REPLAY_WINDOW,
        );
        if request.is_form() {
            return Ok(with_cookie(response::see_other(&page), &kept));
        }
        let output = Output {
            success: true,
            message,
            request: ask.bearer.then(|| nonce.expose()),
        };
        let response = response::json(200, &output);
        Ok(if ask.bearer {
            response
        } else {
            with_cookie(response, &kept)
        })
    }

    /// A mail for the outbox that nobody asked for from a browser: its link's nonce is known to
    /// nobody.
    pub fn outbox_entry(
        &self,
        ring: &KeyRing,
        address: EmailAddress,
        kind: EmailKind,
        now: Timestamp,
    ) -> OutboxEntry {
        OutboxEntry {
            key: OutboxKey {
                to: ring.address_hash(&address),
                id: RecordId::new(now, self.random.bytes()),
            },
            address,
            kind,
            link: Nonce::new(self.random.bytes()).link(),
            next: None,
            client: Default::default(),
            requested_at: now,
            expires_at: now.plus(self.config.email.kept),
            state: DeliveryState::Queued,
        }
    }

    fn asking_throttles(
        &self,
        ring: &KeyRing,
        ask: &EmailRequest,
        network: &str,
    ) -> Vec<RateLimit> {
        let limits = &self.config.request_limits;
        let both = ring.keyed_hash(&["ask", ask.address.as_str(), network]);
        let network = ring.keyed_hash(&["network", network]);
        let mailbox = ring.keyed_hash(&["sign-up", &ask.address.without_tag()]);
        let (minute, hour, day) = (
            Duration::from_secs(60),
            Duration::from_secs(3600),
            Duration::from_secs(86_400),
        );
        let mut all = vec![
            (
                RateLimitScope::RequestsPerMinute,
                both,
                minute,
                limits.per_minute,
            ),
            (RateLimitScope::RequestsPerHour, both, hour, limits.per_hour),
            (
                RateLimitScope::RequestsPerNetwork,
                network,
                hour,
                limits.per_network_hour,
            ),
        ];
        if matches!(ask.kind, EmailKind::SignUp { .. }) {
            all.push((
                RateLimitScope::SignUp,
                mailbox,
                day,
                limits.sign_ups_per_day,
            ));
        }
        let throttle = |(scope, key, length, limit)| RateLimit {
            scope,
            key,
            window: Window::Aligned(length),
            limit,
        };
        all.into_iter().map(throttle).collect()
    }
}
