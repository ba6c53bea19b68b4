//! The pages. `GET /auth/verify/{token}`, `GET /auth/activate/{token}` and `GET
//! /auth/reset-password/{token}` are the pages behind mailed links; the others are plain forms and
//! notices.
//!
//! Opening a page changes nothing: this function holds no client for any table. A link that cannot
//! work leads to where a new one is asked for, which says why; one that has already signed this
//! browser in leads on.

mod flash;
mod forms;
mod links;
mod templates;
mod theme;

use aws_types::SdkConfig;
use flash::Flash;
use shared::auth::authenticate;
use shared::clock::Clock;
use shared::config::{Activation, Config, StartError};
use shared::domain::origin::Origin;
use shared::domain::time::Timestamp;
use shared::env::Env;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::{KeyRing, KeyRingCache, SessionClaims};
use shared::lambda::Bootstrap;
use shared::random::Random;
use templates::SignedInPage;
use theme::Theme;

/// What this function answers.
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
];

/// What the pages need: no store.
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

/// Handles the request.
///
/// # Errors
/// 400 for a cookie that is there twice, 404 for a page that this portal does not have. Everything
/// else leads to a page.
pub async fn handle(pages: &Pages, request: Request) -> Result<Response, Problem> {
    let origin = request.portal_origin(&pages.config.site)?;
    let now = pages.clock.now();
    let ring = pages.keys.ring(now).await;
    let visit = PageContext {
        pages,
        request: &request,
        origin: &origin,
        ring: &ring,
        now,
    };
    let token = request.path_parameter("token");
    match request.route() {
        "GET /auth/sign-in" => Ok(visit.sign_in()),
        "GET /auth/sign-up" => visit.sign_up(),
        "GET /auth/forgot-password" => visit.forgot_password(),
        "GET /auth/check-email" => Ok(visit.check_mail()),
        "GET /auth/signed-in" => visit.signed_in(),
        "GET /auth/verify/{token}" => visit.link(token),
        "GET /auth/activate/{token}" => visit.activate(token),
        "GET /auth/reset-password/{token}" => Ok(visit.reset_password(token)),
        _ => Ok(visit.old_link()),
    }
}

/// One request on its way.
struct PageContext<'a> {
    pages: &'a Pages,
    request: &'a Request,
    origin: &'a Origin,
    ring: &'a KeyRing,
    now: Timestamp,
}

impl PageContext<'_> {
    fn signed_in(&self) -> Result<Response, Problem> {
        Ok(match self.session()? {
            Some(_) => self.page(&SignedInPage {
                brand: self.brand(),
            }),
            None => response::see_other(&self.login_url()),
        })
    }

    fn session(&self) -> Result<Option<SessionClaims>, Problem> {
        let shown =
            authenticate::presented_token(self.request, &self.pages.config.portal, self.origin)?;
        shown.map_or(Ok(None), |shown| {
            authenticate::read_claims(self.ring, shown.token, self.now)
        })
    }

    /// To the sign-in page, which says why.
    fn refuse(&self, problem: Problem) -> Response {
        problem
            .redirect_form_to(&self.login_url())
            .into_response(true)
    }

    fn login_url(&self) -> String {
        self.pages.config.site.login_url(self.origin)
    }

    fn has_passwords(&self) -> bool {
        self.pages.config.links.activation == Activation::Password
    }

    fn flash(&self, check: &str) -> Option<Flash> {
        flash::flash(self.request, check, self.pages.config.passwords.min_length)
    }

    fn brand(&self) -> &theme::Brand {
        &self.pages.theme.brand
    }

    fn page(&self, template: &impl askama::Template) -> Response {
        match template.render() {
            Ok(html) => response::page(html, &self.pages.theme.policy),
            Err(_) => Problem::unavailable().into_response(false),
        }
    }
}
