//! `pages` serves the built-in pages: forms, and the pages behind the links in emails. It also
//! serves frontends: what the portal offers, and the client for browsers.
//!
//! Opening a page changes nothing: this function has no client for any table, so a page shows what
//! its link's token says. A link that cannot work redirects to the page that requests a new one,
//! which says why; a link that has already signed this browser in redirects to its landing page.
//!
//! Responds 200 with HTML, or with a redirect. 404 for a page that this portal does not have, 400
//! for a request with two sessions.

mod client;
mod flash;
mod forms;
mod links;
mod pending_email;
mod portal_config;
mod templates;
mod theme;

use aws_config::SdkConfig;
use flash::Flash;
use shared::auth::authenticate;
use shared::clock::Clock;
use shared::config::{Activation, Config, StartError};
use shared::domain::link::{IdempotencyKey, Nonce};
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::domain::time::Timestamp;
use shared::env::Env;
use shared::http::cookie::{self, Cookie};
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::{KeyRing, KeyRingCache, SessionClaims};
use shared::lambda::Bootstrap;
use shared::random::Random;
use templates::{NotSignedInPage, SignedInPage};
use theme::{PageBrand, Theme};

pub const ROUTES: &[&str] = &[
    "GET /auth/sign-in",
    "GET /auth/sign-up",
    "GET /auth/forgot-password",
    "GET /auth/check-email",
    "GET /auth/signed-in",
    "GET /auth/verify/{token}",
    "GET /auth/activate/{token}",
    "GET /auth/reset-password/{token}",
    "GET /auth/verify",
    "GET /auth/config",
    "GET /auth/client/1/vestibule.js",
    "GET /auth/client/1/vestibule.d.ts",
];

pub struct Pages {
    config: Config,
    clock: Clock,
    random: Random,
    keys: KeyRingCache,
    theme: Theme,
}

impl Bootstrap for Pages {
    async fn start(aws: &SdkConfig, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let keys = KeyRingCache::start(aws, &config, env.clock.now()).await?;
        let theme = Theme::new(&config);
        Ok(Self {
            clock: env.clock.clone(),
            random: env.random.clone(),
            keys,
            theme,
            config,
        })
    }
}

pub async fn handle(pages: &Pages, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&pages.config.site)?;
    let now = pages.clock.now();
    let ring = pages.keys.ring(now).await;
    let page = PageContext {
        pages,
        request: &request,
        origin: &origin,
        ring: &ring,
        now,
    };
    let token = request.path_parameter("token");
    match request.route() {
        "GET /auth/sign-in" => Ok(page.sign_in()),
        "GET /auth/sign-up" => page.sign_up(),
        "GET /auth/forgot-password" => page.forgot_password(),
        "GET /auth/check-email" => page.check_email(),
        "GET /auth/signed-in" => page.signed_in(),
        "GET /auth/verify/{token}" => page.sign_in_link(token),
        "GET /auth/activate/{token}" => page.activation_link(token),
        "GET /auth/reset-password/{token}" => Ok(page.reset_link(token)),
        "GET /auth/verify" => Ok(page.old_link()),
        "GET /auth/config" => Ok(page.portal_config()),
        "GET /auth/client/1/vestibule.js" => Ok(client::module()),
        "GET /auth/client/1/vestibule.d.ts" => Ok(client::types()),
        _ => Err(Problem::not_found()),
    }
}

/// Everything that a page is made of: one request, and what this function holds.
struct PageContext<'a> {
    pages: &'a Pages,
    request: &'a Request,
    origin: &'a Origin,
    ring: &'a KeyRing,
    now: Timestamp,
}

impl PageContext<'_> {
    /// Serves the landing page. Without a session it redirects to the sign-in page, but a browser
    /// that one of our forms sent here blocks cookies, and would go round in a circle.
    fn signed_in(&self) -> Result<Response, Problem> {
        if self.session()?.is_some() {
            return Ok(self.render(&SignedInPage {
                brand: self.brand(),
                script: theme::RELOAD,
            }));
        }
        let login_url = self.login_url(None);
        if self.request.header("sec-fetch-site") != Some("same-origin") {
            return Ok(response::see_other(&login_url));
        }
        Ok(self.render(&NotSignedInPage {
            brand: self.brand(),
            login_url,
        }))
    }

    /// Returns the session that the request presents, if this portal signed it and it has not
    /// expired. It may have been revoked: only its row says that.
    fn session(&self) -> Result<Option<SessionClaims>, Problem> {
        let portal = &self.pages.config.portal;
        match authenticate::presented_token(self.request, portal, self.origin)? {
            Some(presented) => authenticate::read_claims(self.ring, presented.token, self.now),
            None => Ok(None),
        }
    }

    /// Returns the nonces of the emails that this browser has requested. Fails with 400 where the
    /// cookie was sent twice.
    fn nonces(&self) -> Result<Vec<Nonce>, Problem> {
        let cookie = Cookie::requests(&self.pages.config.portal, self.origin);
        let value = self.request.cookie(cookie.name())?;
        Ok(cookie::nonces(value.unwrap_or_default()))
    }

    /// Redirects to the sign-in page, which describes the problem.
    fn redirect_to_login(&self, problem: Problem, next: Option<&Next>) -> Response {
        problem
            .redirect_form_to(&self.login_url(None))
            .with_next(next)
            .into_response(true)
    }

    fn login_url(&self, next: Option<&Next>) -> String {
        Next::add_to(next, &self.pages.config.site.login_url(self.origin))
    }

    /// Returns the `next` of the query, unless it is invalid.
    fn next(&self) -> Option<Next> {
        let next = self.request.query("next")?;
        let site = &self.pages.config.site;
        site.parse_next(next, self.origin).ok().flatten()
    }

    /// Returns the key of this view of a form: posting it twice acts once.
    fn idempotency_key(&self) -> String {
        let key = IdempotencyKey::new(self.pages.random.bytes());
        key.expose().to_owned()
    }

    fn has_passwords(&self) -> bool {
        self.pages.config.links.activation == Activation::Password
    }

    fn flash(&self, invalid_form: &str) -> Option<Flash> {
        let min_length = self.pages.config.passwords.min_length;
        Flash::new(self.request, invalid_form, min_length)
    }

    fn brand(&self) -> &PageBrand {
        &self.pages.theme.brand
    }

    fn render(&self, template: &impl askama::Template) -> Response {
        match template.render() {
            Ok(html) => response::page(html, &self.pages.theme.policy),
            Err(_) => Problem::unavailable().into_response(false),
        }
    }
}
