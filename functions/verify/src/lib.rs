//! `POST /auth/verify`: redeems a link or a code for a session.
//!
//! Takes `{token}`, with a random `attempt` from whoever wants to be able to repeat it; `{code}` from the browser that
//! asked; or `{request, code}` from a bearer client. Answers `{user: {id, email}, session: {expires_at}}` and the session
//! cookie, with `transport: "bearer"` the session's token in the body instead; a form is led to `next` or the dashboard.
//! 400 `invalid-token`, 410 `expired-token` and `used-token` for links; a code fails in one way only.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::{Activation, OtherBrowser};
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Attempt, Code, Link, Nonce, Redeemer};
use shared::domain::portal::Origin;
use shared::domain::session::{Began, Session, SessionId};
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::Epoch;
use shared::http::cookie::{self, Cookie};
use shared::http::problem::Kind;
use shared::http::reply::{Reply, with_cookie};
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::{Key, Ring, SessionClaims};
use shared::store::redeem::{Redeem, Refused};

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

#[derive(Serialize)]
struct Output<'a> {
    user: UserOutput<'a>,
    session: SessionOutput,
}

#[derive(Serialize)]
struct UserOutput<'a> {
    id: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct SessionOutput {
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// One request on its way.
struct Visit<'a> {
    app: &'a App,
    request: &'a Request,
    own: Origin,
    ring: &'a Ring,
    now: Timestamp,
    /// The links that this browser asked for.
    asked: Vec<LinkId>,
}

/// Who is signed in now.
struct Redeemed {
    link: Link,
    session: Session,
    id: SessionId,
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
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let asked = ring.minted(nonces(app, &request, &own, input.request.as_deref())?);
    let asked = asked.iter().map(Nonce::link).collect();
    let visit = Visit { app, request: &request, own, ring: &ring, now, asked };

    let redeemed = match (&input.token, &input.code) {
        (Some(token), code) => {
            let attempt =
                input.attempt.as_deref().map(|text| Attempt::parse(text).ok_or_else(no_attempt)).transpose()?;
            let redeemed = visit.by_link(token, attempt.as_ref(), code.as_deref()).await;
            redeemed.map_err(|problem| problem.on_page(&app.config.site.login_url(&visit.own)))?
        }
        (None, Some(code)) => {
            let redeemed = visit.by_code(code).await;
            redeemed.map_err(|problem| problem.on_page(&visit.own.join("/auth/check-mail")))?
        }
        (None, None) => return Err(Problem::invalid_request("Send a token or a code.")),
    };
    visit.signed_in(&redeemed, input.transport == Transport::Bearer)
}

fn no_attempt() -> Problem {
    Problem::invalid_request("`attempt` must be 16 to 128 visible ASCII characters.")
}

/// The nonces that this browser, or this bearer client, shows.
fn nonces(app: &App, request: &Request, own: &Origin, bearer: Option<&str>) -> Result<Vec<Nonce>, Problem> {
    Ok(match bearer {
        Some(nonce) => Nonce::parse(nonce).into_iter().collect(),
        None => cookie::nonces(request.cookie(Cookie::ask(&app.config.portal, own).name())?.unwrap_or_default()),
    })
}

impl Visit<'_> {
    /// With the token of a link; in a browser that did not ask for it as `OTHER_BROWSER` says.
    async fn by_link(&self, token: &str, attempt: Option<&Attempt>, code: Option<&str>) -> Result<Redeemed, Problem> {
        let signed = self.ring.read_link(token)?;
        let link = signed.content;
        let asked = self.asked.contains(&link.id);
        match self.app.config.links.other_browser {
            OtherBrowser::Off if !asked => return Err(Problem::invalid_token()),
            OtherBrowser::Code if !asked => self.check_code(&link.id, code).await?,
            _ => {}
        }
        let by = Redeemer { asked, attempt: attempt.map(Attempt::hash) };
        self.redeem(link, signed.key, &by, Began::Link).await.map_err(refused_link)
    }

    /// With the code of a mail, in the browser that asked for it. Every failure is one answer after the same calls; a
    /// code that matches no link goes on to redeem one that does not exist. While the ring is stale nothing is tried: the
    /// right code's key may be one it does not know.
    async fn by_code(&self, code: &str) -> Result<Redeemed, Problem> {
        if self.ring.is_stale() {
            return Err(Problem::unavailable());
        }
        if self.asked.is_empty() {
            return Err(Problem::invalid_token());
        }
        let (link, key) = match self.matching(&self.asked, code).await? {
            Some(found) => found,
            None => (self.no_link(), self.signing()?),
        };
        let by = Redeemer { asked: true, attempt: None };
        self.redeem(link, key, &by, Began::Code).await.map_err(|refused| match refused {
            Refused::Unavailable => Problem::unavailable(),
            Refused::Invalid | Refused::Expired | Refused::Used => Problem::invalid_token(),
        })
    }

    /// A machine that presses buttons does not know the code.
    async fn check_code(&self, link: &LinkId, code: Option<&str>) -> Result<(), Problem> {
        let code = code.ok_or_else(Problem::invalid_token)?;
        self.matching(&[*link], code).await?.map(|_| ()).ok_or_else(Problem::invalid_token)
    }

    /// Counts a try for each of `links`, and gives the one that `code` belongs to.
    async fn matching(&self, links: &[LinkId], code: &str) -> Result<Option<(Link, &Key)>, Problem> {
        let tries = links.iter().map(|link| (*link, self.tries(link))).collect();
        let found = self.app.store.try_code(tries, self.now).await?;
        let Some(code) = Code::parse(code) else {
            return Ok(None);
        };
        let mut with_keys = found.into_iter().filter_map(|(link, kid)| Some((link, self.ring.get(&kid)?)));
        Ok(with_keys.find(|(link, key)| key.code(&link.id).matches(&code)))
    }

    fn signing(&self) -> Result<&Key, Problem> {
        self.ring.signing(self.now).ok_or_else(Problem::unavailable)
    }

    fn tries(&self, link: &LinkId) -> Throttle {
        Throttle {
            scope: Scope::Code,
            key: self.ring.pepper(&["code", &link.to_string()]),
            window: Window::Until(self.now.plus(self.app.config.links.lifetime)),
            limit: self.app.config.links.code_attempts,
        }
    }

    /// A link that never was. Random, so that guesses made at the same time do not get in each other's way.
    fn no_link(&self) -> Link {
        let random = &self.app.random;
        Link {
            id: LinkId::from_bytes(random.bytes()),
            user: UserId::new(random.bytes()),
            address: self.app.config.mail.from.clone(),
            epoch: Epoch(0),
            expires_at: self.now,
            next: None,
        }
    }

    async fn redeem(&self, link: Link, key: &Key, by: &Redeemer, began: Began) -> Result<Redeemed, Refused> {
        let config = &self.app.config;
        let id = key.session_id(&link.id);
        let client = self.request.client();
        let session = Session {
            hash: id.hash(),
            user: link.user.clone(),
            epoch: link.epoch,
            created_at: self.now,
            expires_at: Timestamp::from_secs(self.now.plus(config.session_lifetime).secs()),
            last_seen_at: self.now,
            client: client.clone(),
            began,
        };
        let mut event = self.app.event("login", &link.user, ("session", session.hash.to_string()), &client, self.now);
        event.metadata.push(("began", began.as_str().to_owned()));
        let activates = config.links.activation == Activation::Link;
        let redeem = Redeem { link: &link, by, session: &session, event: &event, activates };
        let session = self.app.store.redeem(&redeem).await?;
        Ok(Redeemed { link, session, id, asked: by.asked })
    }

    fn signed_in(&self, redeemed: &Redeemed, bearer: bool) -> Result<Response, Problem> {
        let (link, session) = (&redeemed.link, &redeemed.session);
        let claims =
            SessionClaims { id: redeemed.id.clone(), user: session.user.clone(), expires_at: session.expires_at };
        let token = self.ring.sign_session(self.signing()?, &claims);
        let cookie = Cookie::session(&self.app.config.portal, &self.own);
        let cookie = cookie.set(&token, session.expires_at.since(self.now));

        if self.request.is_form() {
            let page = self.app.config.site.onwards(link, redeemed.asked, &self.own);
            return Ok(with_cookie(Reply::see_other(&page), &cookie));
        }
        let output = Output {
            user: UserOutput { id: session.user.as_str(), email: link.address.as_str() },
            session: SessionOutput { expires_at: session.expires_at.rfc3339(), token: bearer.then_some(token) },
        };
        let response = Reply::json(200, &output);
        Ok(if bearer { response } else { with_cookie(response, &cookie) })
    }
}

fn refused_link(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid => Problem::invalid_token(),
        Refused::Expired => Problem::new(Kind::ExpiredToken, "Ask for a new one."),
        Refused::Used => Problem::new(Kind::UsedToken, "Ask for a new one."),
        Refused::Unavailable => Problem::unavailable(),
    }
}
