//! Authenticating a request. Every request that needs a session goes through here.

use crate::app::App;
use crate::domain::ids::UserId;
use crate::domain::origin::Origin;
use crate::domain::portal::PortalName;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::cookie::{self, Cookie};
use crate::http::response::with_cookie;
use crate::http::{Problem, Request, Response};
use crate::keys::{KeyRing, SessionClaims, TokenError};
use crate::store::Unavailable;
use std::time::Duration;

/// A user and the session that authenticated the request.
pub struct Authenticated {
    pub user: User,
    pub session: Session,
    /// True for a token in the cookie, false for a bearer token.
    pub by_cookie: bool,
    /// The session's cookie, set again if it would otherwise expire before the session.
    pub renewed_cookie: Option<String>,
}

impl Authenticated {
    /// Requires that the user has signed in, or confirmed the session, within `max_age`.
    ///
    /// # Errors
    /// 401 `reauthentication-required` if that is longer ago.
    pub fn require_recent(&self, max_age: Duration, now: Timestamp) -> Result<(), Problem> {
        if now.since(self.session.auth_time) <= max_age {
            Ok(())
        } else {
            Err(Problem::reauthentication_required(max_age))
        }
    }

    /// Returns `response` with the session's cookie, if it was renewed.
    pub fn respond(&self, response: Response) -> Response {
        match &self.renewed_cookie {
            Some(cookie) => with_cookie(response, cookie),
            None => response,
        }
    }
}

/// The session token in a request.
pub struct PresentedToken<'a> {
    pub token: &'a str,
    /// True for a token in the cookie, false for a bearer token.
    pub by_cookie: bool,
}

/// Returns the session token in `request`, if it has one.
///
/// # Errors
/// 400 if it has two: a repeated cookie, or a cookie and a bearer token.
pub fn presented_token<'a>(
    request: &'a Request,
    portal: &PortalName,
    origin: &Origin,
) -> Result<Option<PresentedToken<'a>>, Problem> {
    let cookie = request.cookie(Cookie::session(portal, origin).name())?;
    // RFC 9110, 11.1: the scheme's case does not matter.
    let scheme = request
        .header("authorization")
        .and_then(|value| value.split_once(' '));
    let bearer = scheme
        .filter(|(name, _)| name.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    match (cookie, bearer) {
        (Some(_), Some(_)) => Err(Problem::invalid_request(|t| t.cookie_and_bearer)),
        (Some(token), None) => Ok(Some(PresentedToken {
            token,
            by_cookie: true,
        })),
        (None, bearer) => Ok(bearer.map(|token| PresentedToken {
            token,
            by_cookie: false,
        })),
    }
}

/// Returns the claims of a token that this portal signed and that has not expired. Only the
/// session's row says if the session still exists.
///
/// # Errors
/// 503 `unavailable` if the token's key may be too new for this copy of the key ring.
pub fn read_claims(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<Option<SessionClaims>, Problem> {
    match ring.read_session(token) {
        Ok(signed) => Ok(Some(signed.content).filter(|claims| claims.expires_at > now)),
        Err(TokenError::Invalid) => Ok(None),
        Err(TokenError::UnknownKeyWhileStale) => Err(Problem::unavailable()),
    }
}

impl App {
    /// Authenticates `request`. Costs 1 read of the store, and every five minutes, or every minute
    /// with `IDLE_MINUTES`, 1 write that renews the session's `last_seen_at`.
    ///
    /// # Errors
    /// 401 `not-authenticated` without a live session; 400 and 503 as for [`presented_token`] and
    /// [`read_claims`].
    pub async fn authenticate(
        &self,
        request: &Request,
        origin: &Origin,
    ) -> Result<Authenticated, Problem> {
        let (authenticated, ()) = self
            .authenticate_with(request, origin, async |_| Ok(()))
            .await?;
        Ok(authenticated)
    }

    /// Authenticates `request` and concurrently runs `also` for the user that the token names. The
    /// result of `also` counts only if the request is authenticated.
    ///
    /// # Errors
    /// The errors of [`App::authenticate`] and of `also`.
    pub async fn authenticate_with<T>(
        &self,
        request: &Request,
        origin: &Origin,
        also: impl AsyncFnOnce(&UserId) -> Result<T, Unavailable>,
    ) -> Result<(Authenticated, T), Problem> {
        let (mut authenticated, presented, result) =
            self.find_authenticated(request, origin, also).await?;
        authenticated.renewed_cookie = self
            .touch_session(&authenticated.session, &presented, origin)
            .await?;
        Ok((authenticated, result?))
    }

    /// Authenticates `request` as [`App::authenticate_with`], for a page: it changes nothing.
    ///
    /// # Errors
    /// The errors of [`App::authenticate_with`].
    pub async fn read_authenticated<T>(
        &self,
        request: &Request,
        origin: &Origin,
        also: impl AsyncFnOnce(&UserId) -> Result<T, Unavailable>,
    ) -> Result<(Authenticated, T), Problem> {
        let (authenticated, _, result) = self.find_authenticated(request, origin, also).await?;
        Ok((authenticated, result?))
    }

    async fn find_authenticated<'a, T>(
        &self,
        request: &'a Request,
        origin: &Origin,
        also: impl AsyncFnOnce(&UserId) -> Result<T, Unavailable>,
    ) -> Result<(Authenticated, PresentedToken<'a>, Result<T, Unavailable>), Problem> {
        let now = self.clock.now();
        let presented = presented_token(request, &self.config.portal, origin)?
            .ok_or_else(Problem::not_authenticated)?;
        let ring = self.keys.ring(now).await;
        let claims =
            read_claims(&ring, presented.token, now)?.ok_or_else(Problem::not_authenticated)?;
        let hash = claims.id.hash();
        let (found, result) = tokio::join!(
            self.store.find_session(&claims.user, &hash, now),
            also(&claims.user)
        );
        let rules = &self.config.sessions;
        let live = found?.filter(|(_, session)| !rules.is_idle(session, now));
        let (user, session) = live.ok_or_else(Problem::not_authenticated)?;
        let authenticated = Authenticated {
            user,
            session,
            by_cookie: presented.by_cookie,
            renewed_cookie: None,
        };
        Ok((authenticated, presented, result))
    }

    /// Renews `last_seen_at` at intervals, and returns the cookie to set again if it would
    /// expire before the session.
    async fn touch_session(
        &self,
        session: &Session,
        presented: &PresentedToken<'_>,
        origin: &Origin,
    ) -> Result<Option<String>, Problem> {
        let now = self.clock.now();
        if now.since(session.last_seen_at) < self.config.sessions.touch_interval() {
            return Ok(None);
        }
        if !self.store.touch_session(session, now).await? {
            return Err(Problem::not_authenticated());
        }
        let outlives_cookies = session.expires_at.since(session.created_at) > cookie::MAX_AGE;
        let cookie = || {
            let left = session.expires_at.since(now);
            Cookie::session(&self.config.portal, origin).set(presented.token, left)
        };
        Ok((outlives_cookies && presented.by_cookie).then(cookie))
    }
}
