//! Issuing a session: the steps that every way of signing in shares.

use crate::app::App;
use crate::auth::authenticate;
use crate::domain::address::EmailAddress;
use crate::domain::audit::{self, Action, AuditEvent, Target};
use crate::domain::email::{Notice, OutboxEntry};
use crate::domain::ids::{KeyedHash, LinkId, UserId};
use crate::domain::known_browser::{self, KnownBrowser};
use crate::domain::link::Nonce;
use crate::domain::next::Next;
use crate::domain::origin::Origin;
use crate::domain::session::{
    AuthMethod, EndedSessions, NewBrowser, Session, SessionId, SessionKey,
};
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::http::cookie::{self, Cookie};
use crate::http::form_draft::FormDraft;
use crate::http::request::Transport;
use crate::http::response::{self, with_cookie};
use crate::http::{Problem, Request, Response};
use crate::keys::{KeyRing, SessionClaims};
use crate::store::Unavailable;
use serde::Serialize;
use std::sync::Arc;

/// The number of times that a sign-in counts the user's sessions when others overtake it.
pub const COUNT_ATTEMPTS: usize = 8;

/// A request to sign in, with the key ring and the time that all of its steps use.
pub struct SignInContext<'a> {
    pub app: &'a App,
    pub request: &'a Request,
    /// The origin that this portal is reached at.
    pub origin: Origin,
    pub ring: Arc<KeyRing>,
    pub now: Timestamp,
}

/// A session that was stored, with everything that its client receives.
pub struct IssuedSession {
    pub session: Session,
    /// The secret id, which only the client's token holds.
    pub id: SessionId,
    pub address: EmailAddress,
}

impl IssuedSession {
    /// Returns a session that was stored just now, and logs the sign-in. A metric counts the lines.
    pub fn just_stored(session: Session, id: SessionId, address: EmailAddress) -> Self {
        tracing::info!(method = session.auth_method.as_str(), "signed in");
        Self {
            session,
            id,
            address,
        }
    }
}

/// The fresh mark of a known browser.
pub struct KnownMark {
    /// For a bearer client.
    pub mark: KnownBrowser,
    /// The `Set-Cookie` header of a browser.
    pub cookie: String,
}

#[derive(Serialize)]
struct Output<'a> {
    user: UserOutput<'a>,
    session: SessionOutput,
    /// The mark of a known browser, for a bearer client.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
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

impl<'a> SignInContext<'a> {
    /// Reads the clock and the key ring once for this request.
    pub async fn new(app: &'a App, request: &'a Request, origin: Origin) -> Self {
        let now = app.clock.now();
        Self {
            app,
            request,
            origin,
            ring: app.keys.ring(now).await,
            now,
        }
    }
}

impl SignInContext<'_> {
    /// Returns the links that this browser requested, or the one whose nonce a bearer client sends.
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn requested_links(&self, bearer: Option<&str>) -> Result<Vec<LinkId>, Problem> {
        let mut nonces = if let Some(nonce) = bearer {
            Vec::from_iter(Nonce::parse(nonce))
        } else {
            let cookie = Cookie::requests(&self.app.config.portal, &self.origin);
            let value = self.request.cookie(cookie.name())?;
            cookie::nonces(value.unwrap_or_default())
        };
        nonces.retain(|nonce| self.ring.has_issued(nonce));
        Ok(nonces.iter().map(Nonce::link).collect())
    }

    /// Returns the marks of the request, see [`App::known_browsers`].
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn known_browsers(&self, known: Option<&str>) -> Result<Vec<KnownBrowser>, Problem> {
        self.app.known_browsers(self.request, &self.origin, known)
    }

    /// Creates a session that starts now; it is not stored yet.
    pub fn new_session(
        &self,
        id: &SessionId,
        user: &UserId,
        epoch: Epoch,
        auth_method: AuthMethod,
    ) -> Session {
        Session {
            hash: id.hash(),
            user: user.clone(),
            epoch,
            created_at: self.now,
            expires_at: Timestamp::from_secs(
                self.now.plus(self.app.config.sessions.lifetime).secs(),
            ),
            last_seen_at: self.now,
            client: self.request.client(),
            auth_time: self.now,
            auth_method,
        }
    }

    /// Returns the client's current session, which `new` replaces; `None` if it has none or if it
    /// is `new` itself.
    ///
    /// # Errors
    /// 400 for two tokens at once, 503 `unavailable` if the token's key may be too new to know.
    fn replaced_session(&self, new: &Session) -> Result<Option<SessionKey>, Problem> {
        let Some(presented) =
            authenticate::presented_token(self.request, &self.app.config.portal, &self.origin)?
        else {
            return Ok(None);
        };
        let claims = authenticate::read_claims(&self.ring, presented.token, self.now)?;
        let old = claims.map(|claims| SessionKey {
            hash: claims.id.hash(),
            user: claims.user,
        });
        Ok(old.filter(|old| old.hash != new.hash))
    }

    /// Returns the sessions that `new` ends: the one that the client has, and those over
    /// `SESSIONS_PER_USER`.
    ///
    /// Costs 1 read and 1 query with such a limit, else nothing.
    ///
    /// # Errors
    /// Those of [`SignInContext::replaced_session`], and 503 if the store cannot be reached.
    pub async fn sessions_to_end(&self, new: &Session) -> Result<EndedSessions, Problem> {
        let replaced = self.replaced_session(new)?;
        let rules = &self.app.config.sessions;
        let store = &self.app.store;
        let ended = store.sessions_to_end(new, replaced, rules);
        Ok(ended.await?)
    }

    /// Returns the new browser that this request signs in from, or `None` if one of its `marks` is
    /// known to the address, or if the portal sends no notice of that. `signed_in_before` says
    /// whether the user has signed in before.
    pub fn new_browser(
        &self,
        session: &Session,
        address: &EmailAddress,
        marks: &[KnownBrowser],
        signed_in_before: bool,
    ) -> Option<NewBrowser> {
        if marks.iter().any(|mark| self.ring.knows(mark, address)) {
            return None;
        }
        let user = (&session.user, session.epoch);
        let app = self.app;
        let notice = app.notice(&self.ring, Notice::NewBrowser, user, address, self.now)?;
        let notice = OutboxEntry {
            client: session.client.clone(),
            language: self.request.language(app.config.language),
            ..notice
        };
        Some(NewBrowser {
            notice: Some(notice).filter(|_| signed_in_before),
        })
    }

    /// Creates the audit events of a session that starts: one in the user's history, and one in the
    /// history of another user whose session it replaces.
    pub fn login_events(
        &self,
        action: Action,
        session: &Session,
        ended: &EndedSessions,
    ) -> Vec<AuditEvent> {
        let client = &session.client;
        let event = |action, user: &UserId, hash| {
            let target = Target::Session(hash);
            self.app.audit_event(action, user, target, client, self.now)
        };
        let mut login = event(action, &session.user, session.hash).with_epoch(session.epoch);
        let auth_method = session.auth_method.as_str().to_owned();
        login.metadata.extend([
            (audit::AUTH_METHOD, auth_method),
            (audit::EXPIRES_AT, session.expires_at.rfc3339()),
        ]);
        let replaced = ended.replaced.as_ref();
        let replaced_id = replaced.map(|old| (audit::REPLACED, old.hash.to_string()));
        login.metadata.extend(replaced_id);
        if !ended.oldest.is_empty() {
            let oldest = ended.oldest.iter().map(|old| old.hash.to_string());
            let oldest: Vec<_> = oldest.collect();
            login.metadata.push((audit::ENDED, oldest.join(" ")));
        }
        let of_other = replaced.filter(|old| old.user != session.user);
        let of_other = of_other.map(|old| event(Action::SessionReplaced, &old.user, old.hash));
        std::iter::once(login).chain(of_other).collect()
    }

    /// Audits a wrong password or code, in the history of the address with this keyed hash.
    ///
    /// Costs 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn record_failure(
        &self,
        action: Action,
        address: KeyedHash,
    ) -> Result<(), Unavailable> {
        let target = Target::Address(address);
        let client = self.request.client();
        let event = self
            .app
            .audit_event(action, address, target, &client, self.now);
        self.app.store.record_event(&event).await
    }

    /// Responds with the session: a cookie and JSON, the token in the body for a bearer client, or
    /// a redirect to `next` or the dashboard for a form.
    ///
    /// # Errors
    /// 503 `unavailable` if no key can sign.
    pub fn respond(
        &self,
        issued: &IssuedSession,
        transport: Transport,
        next: Option<&Next>,
    ) -> Result<Response, Problem> {
        let session = &issued.session;
        let claims = SessionClaims {
            id: issued.id.clone(),
            user: session.user.clone(),
            address: Some(issued.address.clone()),
            expires_at: session.expires_at,
        };
        let key = self
            .ring
            .signing_key(self.now)
            .ok_or_else(Problem::unavailable)?;
        let token = self.ring.sign_session(key, &claims);
        let session_cookie = Cookie::session(&self.app.config.portal, &self.origin)
            .set(&token, session.expires_at.since(self.now));
        let KnownMark { mark, cookie } = self.mark_browser(&issued.address)?;
        let portal = &self.app.config.portal;
        let with_cookies = |response| {
            let response = with_cookie(with_cookie(response, &session_cookie), &cookie);
            FormDraft::discard(response, self.request, portal, &self.origin)
        };
        if self.request.is_form() {
            let page = self.app.config.site.landing_url(next, &self.origin);
            return Ok(with_cookies(response::see_other(&page)));
        }
        let bearer = transport == Transport::Bearer;
        let output = Output {
            user: UserOutput {
                id: session.user.as_str(),
                email: issued.address.as_str(),
            },
            session: SessionOutput {
                expires_at: session.expires_at.rfc3339(),
                token: bearer.then_some(token),
            },
            known: bearer.then(|| mark.expose()),
            next: next.map(Next::as_str),
        };
        let response = response::json(200, &output);
        Ok(if bearer {
            response
        } else {
            with_cookies(response)
        })
    }

    /// Makes this browser known to `address`, by a fresh mark in place of its earlier one: its
    /// wrong passwords and codes count from now.
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn mark_browser(&self, address: &EmailAddress) -> Result<KnownMark, Problem> {
        let mark = self.ring.mark_browser(self.app.random.bytes(), address);
        let mut others = self.known_browsers(None)?;
        others.retain(|other| !self.ring.knows(other, address));
        let cookie = Cookie::known(&self.app.config.portal, &self.origin);
        let value = cookie::with_known_browser(&mark, &others);
        Ok(KnownMark {
            cookie: cookie.set(&value, known_browser::LIFETIME),
            mark,
        })
    }
}
