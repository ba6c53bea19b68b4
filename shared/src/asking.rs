//! Asking for a mail: the one way that everybody takes who may ask. Whether the address is known,
//! nobody looks.

use crate::app::App;
use crate::domain::address::EmailAddress;
use crate::domain::ids::RecordId;
use crate::domain::link::{Nonce, REPEAT_WITHIN};
use crate::domain::mail::{Mail, MailKey, State, Wanted};
use crate::domain::next::Next;
use crate::domain::portal::{Origin, Site};
use crate::domain::throttle::{Scope, Throttle, Window};
use crate::domain::time::Timestamp;
use crate::http::cookie::{self, Cookie};
use crate::http::reply::{Reply, with_cookie};
use crate::http::{Problem, Request, Response};
use crate::keys::Ring;
use crate::store::ask::Refused;
use serde::Serialize;
use std::time::Duration;

/// What somebody asks for.
pub struct Ask {
    /// Whose mail it is to be.
    pub address: EmailAddress,
    /// What for.
    pub wanted: Wanted,
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

impl Ask {
    /// The page that says "check your mail": what for, so that it does not ask for a code where
    /// none is sent.
    const fn page(&self) -> &'static str {
        match self.wanted {
            Wanted::Reset => "/auth/check-mail?for=reset",
            Wanted::SignUp { .. } => "/auth/check-mail?for=sign-up",
            Wanted::SignIn | Wanted::Invitation(..) | Wanted::Notice(..) => "/auth/check-mail",
        }
    }
}

/// The address in a request.
///
/// # Errors
/// 400 where it is none.
pub fn address(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text).ok_or_else(|| Problem::invalid_request("This is no mail address."))
}

/// Where a request wants to be led afterwards.
///
/// # Errors
/// 400 where that is not on this portal.
pub fn next(text: Option<&str>, site: &Site, own: &Origin) -> Result<Option<Next>, Problem> {
    let not_ours =
        || Problem::invalid_request("`next` must be a path, or a URL on an allowed origin.");
    text.map(|text| Next::parse(text, site.home(own), &site.allowed).ok_or_else(not_ours))
        .transpose()
}

impl App {
    /// Counts, and appends to the outbox: the same single write for any address. Answers `message`,
    /// and leaves the browser a nonce; a form is led to the page that says "check your mail".
    ///
    /// # Errors
    /// 429 for too many, 400 for a cookie that is there twice, 503.
    pub async fn ask(
        &self,
        request: &Request,
        own: &Origin,
        ask: Ask,
        message: &'static str,
    ) -> Result<Response, Problem> {
        let asks = Cookie::ask(&self.config.portal, own);
        let older = cookie::nonces(request.cookie(asks.name())?.unwrap_or_default());
        let now = self.clock.now();
        let ring = self.keys.ring(now).await;
        let older = ring.minted(older);
        let nonce = ring
            .signing(now)
            .ok_or_else(Problem::unavailable)?
            .mint_nonce(self.random.bytes());
        let page = own.join(ask.page());
        let throttles = self.asking_throttles(&ring, &ask, &request.client().network());
        let mail = Mail {
            link: nonce.link(),
            next: ask.next,
            client: request.client(),
            ..self.mail(&ring, ask.address, ask.wanted, now)
        };
        let asked = self
            .store
            .ask(&mail, &throttles, self.config.mail.kept)
            .await;
        asked.map_err(|refused| match refused {
            Refused::TooMany(until) => Problem::too_many_attempts(now, until),
            Refused::Unavailable => Problem::unavailable(),
        })?;

        let kept = asks.set(
            &cookie::with_nonce(&nonce, &older),
            self.config.links.lifetime + REPEAT_WITHIN,
        );
        if request.is_form() {
            return Ok(with_cookie(Reply::see_other(&page), &kept));
        }
        let output = Output {
            success: true,
            message,
            request: ask.bearer.then(|| nonce.expose()),
        };
        let response = Reply::json(200, &output);
        Ok(if ask.bearer {
            response
        } else {
            with_cookie(response, &kept)
        })
    }

    /// A mail for the outbox that nobody asked for from a browser: its link's nonce is known to
    /// nobody.
    pub fn mail(&self, ring: &Ring, address: EmailAddress, wanted: Wanted, now: Timestamp) -> Mail {
        Mail {
            key: MailKey {
                to: ring.mailbox(&address),
                id: RecordId::new(now, self.random.bytes()),
            },
            address,
            wanted,
            link: Nonce::new(self.random.bytes()).link(),
            next: None,
            client: Default::default(),
            asked_at: now,
            state: State::Queued,
        }
    }

    fn asking_throttles(&self, ring: &Ring, ask: &Ask, network: &str) -> Vec<Throttle> {
        let limits = &self.config.asking;
        let both = ring.pepper(&["ask", ask.address.as_str(), network]);
        let network = ring.pepper(&["network", network]);
        let mailbox = ring.pepper(&["sign-up", &ask.address.without_tag()]);
        let (minute, hour, day) = (
            Duration::from_secs(60),
            Duration::from_secs(3600),
            Duration::from_secs(86_400),
        );
        let mut all = vec![
            (Scope::AskMinute, both, minute, limits.per_minute),
            (Scope::AskHour, both, hour, limits.per_hour),
            (Scope::AskNetwork, network, hour, limits.per_network_hour),
        ];
        if matches!(ask.wanted, Wanted::SignUp { .. }) {
            all.push((Scope::SignUp, mailbox, day, limits.sign_ups_per_day));
        }
        let throttle = |(scope, key, length, limit)| Throttle {
            scope,
            key,
            window: Window::Aligned(length),
            limit,
        };
        all.into_iter().map(throttle).collect()
    }
}
