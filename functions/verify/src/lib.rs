//! `POST /auth/verify`: redeems a link or a code for a session.
//!
//! Takes `{token}`, with a random `attempt` from whoever wants to be able to repeat it; `{code}`
//! from the browser that asked; or `{request, code}` from a bearer client. Answers `{user: {id,
//! email}, session: {expires_at}}` and the session cookie, with `transport: "bearer"` the session's
//! token in the body instead; a form is led to `next` or the dashboard. 400 `invalid-token`, 410
//! `expired-token` and `used-token` for links; a code fails in one way only.

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::config::{Activation, OtherBrowser};
use shared::domain::audit::Action;
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Code, IdempotencyKey, Link, Nonce, Purpose, RedeemContext};
use shared::domain::paths;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::AuthMethod;
use shared::domain::user::Epoch;
use shared::http::cookie::{self, Cookie};
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Key;
use shared::store::links::{Redeem, UserTransition};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/verify"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Option<String>,
    idempotency_key: Option<String>,
    code: Option<String>,
    request: Option<String>,
    #[serde(default)]
    transport: Transport,
}

/// One request on its way.
struct Verify<'a> {
    visit: SignInContext<'a>,
    /// The links that this browser asked for.
    asked: Vec<LinkId>,
}

/// Who is signed in now.
struct Redeemed {
    begun: IssuedSession,
    link: Link,
    /// By the browser that asked: only there `next` is honoured.
    asked: bool,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&app.config.site)?;
    let input: Input = request.body(&app.config.site, &origin)?;
    let visit = SignInContext::new(app, &request, origin).await;
    let asked = visit
        .ring
        .issued_nonces(nonces(&visit, input.request.as_deref())?);
    let verify = Verify {
        asked: asked.iter().map(Nonce::link).collect(),
        visit,
    };
    let (site, origin) = (&app.config.site, &verify.visit.origin);

    let redeemed = match (&input.token, &input.code) {
        (Some(token), code) => {
            let idempotency_key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
            let redeemed = verify
                .by_link(token, idempotency_key.as_ref(), code.as_deref())
                .await;
            redeemed.map_err(|problem| problem.redirect_form_to(&site.login_url(origin)))?
        }
        (None, Some(code)) => {
            let redeemed = verify.by_code(code).await;
            redeemed
                .map_err(|problem| problem.redirect_form_to(&origin.join(paths::CHECK_EMAIL)))?
        }
        (None, None) => return Err(Problem::invalid_request("Send `token` or `code`.")),
    };
    let next = redeemed.link.next.as_ref().filter(|_| redeemed.asked);
    let page = site.landing_url(next, origin);
    verify
        .visit
        .respond(&redeemed.begun, input.transport, &page)
}

/// The nonces that this browser, or this bearer client, shows.
fn nonces(visit: &SignInContext<'_>, bearer: Option<&str>) -> Result<Vec<Nonce>, Problem> {
    Ok(match bearer {
        Some(nonce) => Nonce::parse(nonce).into_iter().collect(),
        None => {
            let cookie = Cookie::requests(&visit.app.config.portal, &visit.origin);
            cookie::nonces(visit.request.cookie(cookie.name())?.unwrap_or_default())
        }
    })
}

impl Verify<'_> {
    /// With the token of a link; in a browser that did not ask for it as `OTHER_BROWSER` says.
    async fn by_link(
        &self,
        token: &str,
        idempotency_key: Option<&IdempotencyKey>,
        code: Option<&str>,
    ) -> Result<Redeemed, Problem> {
        let signed = self.visit.ring.read_link(Purpose::SignIn, token)?;
        let link = signed.content;
        let asked = self.asked.contains(&link.id);
        match self.visit.app.config.links.other_browser {
            OtherBrowser::Off if !asked => return Err(Problem::invalid_token()),
            OtherBrowser::Code if !asked => self.check_code(&link.id, code).await?,
            _ => {}
        }
        let by = RedeemContext {
            same_browser: asked,
            idempotency_key: idempotency_key.map(IdempotencyKey::hash),
        };
        self.redeem(link, signed.key, &by, AuthMethod::Link).await
    }

    /// With the code of a mail, in the browser that asked for it. Every failure is one answer after
    /// the same calls; a code that matches no link goes on to redeem one that does not exist. While
    /// the ring is stale nothing is tried: the right code's key may be one it does not know.
    async fn by_code(&self, code: &str) -> Result<Redeemed, Problem> {
        if self.visit.ring.is_stale() {
            return Err(Problem::unavailable());
        }
        if self.asked.is_empty() {
            return Err(Problem::invalid_token());
        }
        let (link, key) = match self.matching(&self.asked, code).await? {
            Some(found) => found,
            None => (
                self.no_link(),
                self.visit
                    .ring
                    .signing_key(self.visit.now)
                    .ok_or_else(Problem::unavailable)?,
            ),
        };
        let by = RedeemContext {
            same_browser: true,
            idempotency_key: None,
        };
        self.redeem(link, key, &by, AuthMethod::Code)
            .await
            .map_err(Problem::uniform)
    }

    /// A machine that presses buttons does not know the code.
    async fn check_code(&self, link: &LinkId, code: Option<&str>) -> Result<(), Problem> {
        let code = code.ok_or_else(Problem::invalid_token)?;
        self.matching(&[*link], code)
            .await?
            .map(|_| ())
            .ok_or_else(Problem::invalid_token)
    }

    /// Counts a try for each of `links`, and gives the one that `code` belongs to.
    async fn matching(
        &self,
        links: &[LinkId],
        code: &str,
    ) -> Result<Option<(Link, &Key)>, Problem> {
        let tries = links.iter().map(|link| (*link, self.tries(link))).collect();
        let found = self
            .visit
            .app
            .store
            .count_code_attempts(tries, self.visit.now)
            .await?;
        let Some(code) = Code::parse(code) else {
            return Ok(None);
        };
        // Only the mail of a sign-in link has a code in it.
        let found = found
            .into_iter()
            .filter(|(link, _)| link.purpose == Purpose::SignIn);
        let mut with_keys =
            found.filter_map(|(link, kid)| Some((link, self.visit.ring.get(&kid)?)));
        Ok(with_keys.find(|(link, key)| key.code(&link.id).matches(&code)))
    }

    fn tries(&self, link: &LinkId) -> RateLimit {
        let links = &self.visit.app.config.links;
        RateLimit {
            scope: RateLimitScope::Code,
            key: self.visit.ring.keyed_hash(&["code", &link.to_string()]),
            window: Window::Until(self.visit.now.plus(links.lifetime)),
            limit: links.code_attempts,
        }
    }

    /// A link that never was. Random, so that guesses made at the same time do not get in each
    /// other's way.
    fn no_link(&self) -> Link {
        let random = &self.visit.app.random;
        Link {
            purpose: Purpose::SignIn,
            id: LinkId::from_bytes(random.bytes()),
            user: UserId::new(random.bytes()),
            address: self.visit.app.config.email.from.clone(),
            epoch: Epoch::INITIAL,
            expires_at: self.visit.now,
            next: None,
        }
    }

    async fn redeem(
        &self,
        link: Link,
        key: &Key,
        by: &RedeemContext,
        auth_method: AuthMethod,
    ) -> Result<Redeemed, Problem> {
        let app = self.visit.app;
        let id = key.session_id(&link.id);
        let session = self
            .visit
            .new_session(&id, &link.user, link.epoch, auth_method);
        let replaced = self.visit.replaced_session(&session)?;
        let event = self
            .visit
            .login_event(Action::Login, &session, replaced.as_ref());
        let user = match app.config.links.activation {
            Activation::Link => UserTransition::Activate,
            Activation::Password => UserTransition::None,
        };
        let redeem = Redeem {
            link: &link,
            by,
            session: &session,
            replaces: replaced.as_ref(),
            event: &event,
            user,
        };
        let session = app.store.redeem(&redeem).await?;
        Ok(Redeemed {
            begun: IssuedSession {
                session,
                id,
                address: link.address.clone(),
            },
            link,
            asked: by.same_browser,
        })
    }
}
