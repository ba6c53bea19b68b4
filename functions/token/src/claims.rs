//! The claims of an access token.

use serde::Serialize;
use shared::auth::authenticate::Authenticated;
use shared::config::AccessTokenConfig;
use shared::domain::ids::encode;
use shared::domain::origin::Origin;
use shared::domain::portal::PortalName;
use shared::domain::time::Timestamp;
use shared::domain::user::Resource;

/// The size of `resources` in JSON above which a token leaves them out: API Gateway takes 10 KB of
/// headers.
const MAX_RESOURCES: usize = 4096;

/// The claims of an access token (RFC 9068, 2.2). Times are in seconds since 1970.
#[derive(Serialize)]
pub(crate) struct Claims<'a> {
    /// The origin of the portal.
    iss: &'a str,
    /// `ACCESS_TOKEN_AUDIENCE`, or the issuer.
    aud: &'a str,
    sub: &'a str,
    /// The portal's short name: the client of every token is the portal's own frontend.
    client_id: &'a str,
    email: &'a str,
    role: &'a str,
    /// Left out if they are larger than 4 KB: `GET /auth/me` has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a [Resource]>,
    /// The id of the session, as in `GET /auth/me`.
    sid: String,
    auth_time: u64,
    amr: [&'static str; 1],
    iat: u64,
    exp: u64,
    jti: String,
}

impl<'a> Claims<'a> {
    pub(crate) fn new(
        authenticated: &'a Authenticated,
        portal: (&'a PortalName, &'a Origin),
        config: &'a AccessTokenConfig,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Self {
        let (user, session) = (&authenticated.user, &authenticated.session);
        let resources = user.resources.as_slice();
        let size = serde_json::to_vec(resources).map_or(0, |json| json.len());
        let (portal, origin) = portal;
        let iss = origin.as_str();
        let end = now.plus(config.lifetime).secs();
        Self {
            iss,
            aud: config.audience.as_deref().unwrap_or(iss),
            sub: user.id.as_str(),
            client_id: portal.as_str(),
            email: user.address.as_str(),
            role: &user.role,
            resources: (size <= MAX_RESOURCES).then_some(resources),
            sid: session.hash.to_string(),
            auth_time: session.auth_time.secs(),
            amr: [session.auth_method.amr()],
            iat: now.secs(),
            exp: end.min(session.expires_at.secs()),
            jti: encode(&jti),
        }
    }

    /// Returns the number of seconds for which the token is valid.
    pub(crate) const fn expires_in(&self) -> u64 {
        self.exp - self.iat
    }
}
