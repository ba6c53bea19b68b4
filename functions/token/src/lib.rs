//! `token` exchanges a session for an access token, which any back end can check by itself.
//!
//! `POST /auth/token` takes a live session, by cookie or as a bearer token, and responds 200
//! `{access_token, token_type: "Bearer", expires_in}` (RFC 6749, 5.1). The token is a JWT (RFC
//! 9068) that KMS signs with RS256: see [`claims`]. It is valid for `ACCESS_TOKEN_MINUTES` (5), and
//! never longer than the session. Ending the session does not end it sooner.
//!
//! `GET /.well-known/openid-configuration` and `GET /.well-known/jwks.json` tell verifiers the
//! issuer and the public keys. They may be cached for five minutes.
//!
//! With `ACCESS_TOKENS=off`, all three are 404. 401 `not-authenticated` without a session, 503
//! `unavailable` if KMS, the store or the key ring cannot be reached.

mod claims;
mod jwk;
mod kms;

use claims::Claims;
use kms::Kms;
use serde::Serialize;
use shared::app::App;
use shared::aws::Aws;
use shared::config::{AccessTokenConfig, Config, StartError};
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::env::Env;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::PUBLIC_KEYS_MAX_AGE;
use shared::lambda::{Bootstrap, Configured};

pub const ROUTES: &[&str] = &[ISSUE, CONFIGURATION, KEYS];
const ISSUE: &str = "POST /auth/token";
const CONFIGURATION: &str = "GET /.well-known/openid-configuration";
const KEYS: &str = "GET /.well-known/jwks.json";

/// The portal, and the keys in KMS.
pub struct Tokens {
    app: App,
    kms: Kms,
}

impl Bootstrap for Tokens {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        Ok(Self {
            app: App::start(aws, env).await?,
            kms: Kms::new(aws),
        })
    }
}

impl Configured for Tokens {
    fn config(&self) -> &Config {
        &self.app.config
    }
}

#[derive(Serialize)]
struct TokenOutput {
    access_token: String,
    token_type: &'static str,
    /// Number of seconds until it expires.
    expires_in: u64,
}

/// The metadata that verifiers read (OpenID Connect Discovery 1.0, 3; RFC 8414, 2).
#[derive(Serialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
    token_endpoint: String,
    response_types_supported: [&'static str; 0],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
}

pub async fn handle(tokens: &Tokens, request: Request) -> Result<Response, Problem> {
    let config = &tokens.app.config;
    let access_tokens = config.access_tokens.as_ref();
    let access_tokens = access_tokens.ok_or_else(Problem::not_found)?;
    let origin = request.portal_origin(&config.site)?;
    match request.route() {
        ISSUE => tokens.issue(&request, &origin, access_tokens).await,
        CONFIGURATION => Ok(response::public_json(
            &configuration(&origin),
            PUBLIC_KEYS_MAX_AGE,
        )),
        KEYS => tokens.key_set(access_tokens).await,
        _ => Err(Problem::not_found()),
    }
}

fn configuration(origin: &Origin) -> Configuration {
    Configuration {
        issuer: origin.as_str().to_owned(),
        jwks_uri: origin.join(paths::JWKS),
        token_endpoint: origin.join(paths::TOKEN),
        response_types_supported: [],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
    }
}

impl Tokens {
    async fn issue(
        &self,
        request: &Request,
        origin: &Origin,
        config: &AccessTokenConfig,
    ) -> Result<Response, Problem> {
        let app = &self.app;
        request.empty_body(&app.config.site, origin)?;
        let authenticated = app.authenticate(request, origin).await?;
        let now = app.clock.now();
        let ring = app.keys.ring(now).await;
        let keys = ring.access_token_keys(&config.key);
        let portal = (&app.config.portal, origin);
        let claims = Claims::new(&authenticated, portal, config, now, app.random.bytes());
        let access_token = self.kms.sign(keys.signing(now), &claims).await?;
        let output = TokenOutput {
            access_token,
            token_type: "Bearer",
            expires_in: claims.expires_in(),
        };
        Ok(authenticated.respond(response::json(200, &output)))
    }

    async fn key_set(&self, config: &AccessTokenConfig) -> Result<Response, Problem> {
        let now = self.app.clock.now();
        let ring = self.app.keys.ring(now).await;
        let set = self
            .kms
            .key_set(&ring.access_token_keys(&config.key))
            .await?;
        Ok(response::public_json(&set, PUBLIC_KEYS_MAX_AGE))
    }
}
