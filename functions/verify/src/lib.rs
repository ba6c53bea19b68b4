//! `POST /auth/verify`: redeems a link or a code for a session.
//!
//! Takes `{token}`, with a random `attempt` from whoever wants to be able to repeat it; `{code}`
//! from the browser that asked; or `{request, code}` from a bearer client. Answers `{user: {id,
//! email}, session: {expires_at}}` and the session cookie, with `transport: "bearer"` the session's
//! token in the body instead; a form is led to `next` or the dashboard. 400 `invalid-token`, 410
//! `expired-token` and `used-token` for links; a code fails in one way only.

use serde::Deserialize;
use shared::app::App;
use shared::begin::{Begun, Visit};
use shared::config::{Activation, OtherBrowser};
use shared::domain::audit::Action;
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Attempt, Code, Link, Nonce, Purpose, Redeemer};
use shared::domain::session::Began;
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::user::Epoch;
use shared::http::cookie::{self, Cookie};
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Key;
use shared::store::redeem::{Becomes, Redeem};

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /auth/verify"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Option<String>,
    attempt: Option<String>,
    code: Option<String>,
    request: Option<String>,
    #[serde(default)]
    transport: Transport,
}

/// One request on its way.
struct Verify<'a> {
    visit: Visit<'a>,
    /// The links that this browser asked for.
    asked: Vec<LinkId>,
}

/// Who is signed in now.
struct Redeemed {
    begun: Begun,
    link: Link,
    /// By the browser that asked: only there `next` is honoured.
    asked: bool,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let own = request.own_origin(&app.config.site)?;
    let input: Input = request.input(&app.config.site, &own)?;
    let visit = Visit::of(app, &request, own).await;
    let asked = visit.ring.minted(nonces(&visit, input.request.as_deref())?);
    let verify = Verify {
        asked: asked.iter().map(Nonce::link).collect(),
        visit,
    };
    let (site, own) = (&app.config.site, &verify.visit.own);

    let redeemed = match (&input.token, &input.code) {
        (Some(token), code) => {
            let attempt =
                Attempt::optional(input.attempt.as_deref()).ok_or_else(Problem::invalid_attempt)?;
            let redeemed = verify
                .by_link(token, attempt.as_ref(), code.as_deref())
                .await;
            redeemed.map_err(|problem| problem.on_page(&site.login_url(own)))?
        }
        (None, Some(code)) => {
            let redeemed = verify.by_code(code).await;
            redeemed.map_err(|problem| problem.on_page(&own.join("/auth/check-mail")))?
        }
        (None, None) => return Err(Problem::invalid_request("Send a token or a code.")),
    };
    let page = site.onwards(&redeemed.link, redeemed.asked, own);
    verify
        .visit
        .hand_over(&redeemed.begun, input.transport, &page)
}

/// The nonces that this browser, or this bearer client, shows.
fn nonces(visit: &Visit<'_>, bearer: Option<&str>) -> Result<Vec<Nonce>, Problem> {
    Ok(match bearer {
        Some(nonce) => Nonce::parse(nonce).into_iter().collect(),
        None => {
            let cookie = Cookie::ask(&visit.app.config.portal, &visit.own);
            cookie::nonces(visit.request.cookie(cookie.name())?.unwrap_or_default())
        }
    })
}

impl Verify<'_> {
    /// With the token of a link; in a browser that did not ask for it as `OTHER_BROWSER` says.
    async fn by_link(
        &self,
        token: &str,
        attempt: Option<&Attempt>,
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
        let by = Redeemer {
            asked,
            attempt: attempt.map(Attempt::hash),
        };
        self.redeem(link, signed.key, &by, Began::Link).await
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
                    .signing(self.visit.now)
                    .ok_or_else(Problem::unavailable)?,
            ),
        };
        let by = Redeemer {
            asked: true,
            attempt: None,
        };
        self.redeem(link, key, &by, Began::Code)
            .await
            .map_err(Problem::as_one_answer)
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
        let found = self.visit.app.store.try_code(tries, self.visit.now).await?;
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

    fn tries(&self, link: &LinkId) -> Throttle {
        let links = &self.visit.app.config.links;
        Throttle {
            scope: Scope::Code,
            key: self.visit.ring.pepper(&["code", &link.to_string()]),
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
            address: self.visit.app.config.mail.from.clone(),
            epoch: Epoch(0),
            expires_at: self.visit.now,
            next: None,
        }
    }

    async fn redeem(
        &self,
        link: Link,
        key: &Key,
        by: &Redeemer,
        began: Began,
    ) -> Result<Redeemed, Problem> {
        let app = self.visit.app;
        let id = key.session_id(&link.id);
        let session = self.visit.new_session(&id, &link.user, link.epoch, began);
        let replaced = self.visit.replaced(&session)?;
        let event = self.visit.login(Action::Login, &session, replaced.as_ref());
        let user = match app.config.links.activation {
            Activation::Link => Becomes::Active,
            Activation::Password => Becomes::SignedIn,
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
            begun: Begun {
                session,
                id,
                address: link.address.clone(),
            },
            link,
            asked: by.asked,
        })
    }
}
