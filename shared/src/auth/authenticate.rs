//! Whom a request signs in. Every authenticated request goes through here.

use crate::app::App;
use crate::domain::ids::UserId;
use crate::domain::origin::Origin;
use crate::domain::portal::PortalName;
use crate::domain::session::{Session, TOUCH_INTERVAL};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::cookie::{self, Cookie};
use crate::http::{Problem, Request};
use crate::keys::{KeyRing, SessionClaims, TokenError};
use crate::store::Unavailable;

/// Somebody signed in.
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// By which session.
    pub session: Session,
    /// The session's cookie again, where it would otherwise end before the session does.
    pub renewed_cookie: Option<String>,
}

/// The session token that a request shows.
pub struct PresentedToken<'a> {
    /// The token.
    pub token: &'a str,
    /// In its cookie; else as a bearer token.
    pub by_cookie: bool,
}

/// The session token that `request` shows, if it shows one.
///
/// # Errors
/// 400 when it shows two: a cookie twice, or a cookie and a bearer token.
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
        (Some(_), Some(_)) => Err(Problem::invalid_request(
            "Send either a session cookie or a bearer token, not both.",
        )),
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

/// What a session token says, if this portal signed it and its time is not over. Whether the
/// session still lives, only its row says.
///
/// # Errors
/// 503 when that cannot be told for the moment.
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
    /// Whom `request` signs in: 1 look at the store, and every five minutes 1 write that the
    /// session was seen.
    ///
    /// # Errors
    /// 401 when nobody, 400 and 503 as for [`token`] and [`claims`].
    pub async fn authenticate(
        &self,
        request: &Request,
        origin: &Origin,
    ) -> Result<Authenticated, Problem> {
        let (signed_in, ()) = self
            .authenticate_with(request, origin, async |_| Ok(()))
            .await?;
        Ok(signed_in)
    }

    /// The same, and beside the look what `also` does for the user whom the token names: of use
    /// only if she is signed in.
    ///
    /// # Errors
    /// As [`App::signed_in`], and those of `also`.
    pub async fn authenticate_with<T>(
        &self,
        request: &Request,
        origin: &Origin,
        also: impl AsyncFnOnce(&UserId) -> Result<T, Unavailable>,
    ) -> Result<(Authenticated, T), Problem> {
        let now = self.clock.now();
        let shown = presented_token(request, &self.config.portal, origin)?
            .ok_or_else(Problem::not_authenticated)?;
        let ring = self.keys.ring(now).await;
        let claims =
            read_claims(&ring, shown.token, now)?.ok_or_else(Problem::not_authenticated)?;
        let hash = claims.id.hash();
        let (found, also) = tokio::join!(
            self.store.find_session(&claims.user, &hash, now),
            also(&claims.user)
        );
        let (user, session) = found?.ok_or_else(Problem::not_authenticated)?;
        let renewed_cookie = self.touch_session(&session, &shown, origin, now).await?;
        Ok((
            Authenticated {
                user,
                session,
                renewed_cookie,
            },
            also?,
        ))
    }

    /// Notes every five minutes that the session was used; gives its cookie again where that would
    /// end before it does.
    async fn touch_session(
        &self,
        session: &Session,
        shown: &PresentedToken<'_>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<String>, Problem> {
        if now.since(session.last_seen_at) < TOUCH_INTERVAL {
            return Ok(None);
        }
        if !self.store.touch_session(session, now).await? {
            return Err(Problem::not_authenticated());
        }
        let outlives_cookies = session.expires_at.since(session.created_at) > cookie::MAX_AGE;
        let cookie = || {
            let left = session.expires_at.since(now);
            Cookie::session(&self.config.portal, origin).set(shown.token, left)
        };
        Ok((outlives_cookies && shown.by_cookie).then(cookie))
    }
}
