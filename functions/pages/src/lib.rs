//! `pages` serves the built-in pages: forms, the pages behind the links in emails, and the account.
//! It also serves frontends: what the portal offers, and the client for browsers.
//!
//! Opening a page changes nothing: this function may only read tables. The first pages read none.
//! A link that cannot work redirects to the page that requests a new one, which says why; a link
//! that has already signed this browser in redirects to its landing page.
//!
//! Responds with HTML, or with a redirect. 404 for a page that this portal does not have and for
//! what no function has, 400 for a request with two sessions; a browser gets these as pages too.

mod account;
mod client;
mod filters;
mod flash;
mod forms;
mod frame;
mod icon;
mod links;
mod pending_email;
mod portal_config;
mod report;
mod templates;
mod theme;
mod unrouted;

use flash::Flash;
use frame::Frame;
use shared::app::App;
use shared::auth::authenticate;
use shared::aws::Aws;
use shared::config::{Activation, Config, StartError};
use shared::domain::language::Language;
use shared::domain::link::{IdempotencyKey, Nonce};
use shared::domain::next::Next;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::time::Timestamp;
use shared::env::Env;
use shared::http::cookie::{self, Cookie};
use shared::http::form_draft::FormDraft;
use shared::http::problem::{ProblemType, Reader};
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::keys::{KeyRing, SessionClaims};
use shared::lambda::{Bootstrap, Configured};
use templates::MessagePage;
use theme::Theme;

pub const ROUTES: &[&str] = &[
    "GET /",
    "GET /favicon.ico",
    "GET /.well-known/change-password",
    "GET /auth/sign-in",
    "GET /auth/continue",
    "POST /auth/continue",
    "GET /auth/sign-up",
    "GET /auth/forgot-password",
    "GET /auth/check-email",
    "GET /auth/account",
    "GET /auth/confirm",
    "GET /auth/verify/{token}",
    "GET /auth/activate/{token}",
    "GET /auth/reset-password/{token}",
    "GET /auth/report/{token}",
    "GET /auth/verify",
    "GET /auth/config",
    "GET /auth/client/1/vestibule.js",
    "GET /auth/client/1/vestibule.d.ts",
    "GET /{proxy+}",
    "HEAD /",
    "HEAD /{proxy+}",
];

pub struct Pages {
    app: App,
    theme: Theme,
}

impl Bootstrap for Pages {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let app = App::without_connection(aws, env).await?;
        let theme = Theme::new(&app.config);
        Ok(Self { app, theme })
    }
}

impl Configured for Pages {
    fn config(&self) -> &Config {
        &self.app.config
    }
}

pub async fn handle(pages: &Pages, request: Request) -> Result<Response, Problem> {
    let app = &pages.app;
    let request = unrouted::read_head_as_get(request);
    let origin = request.portal_origin(&app.config.site)?;
    let now = app.clock.now();
    let ring = app.keys.ring(now).await;
    let page = PageContext {
        app,
        theme: &pages.theme,
        request: &request,
        origin: &origin,
        ring: &ring,
        language: request.language(app.config.language),
        now,
    };
    match page.serve().await {
        Err(problem) if request.accepts_html() && !request.is_form() => page.problem(problem),
        result => result,
    }
}

/// Everything that a page is made of: one request, and what this function holds.
struct PageContext<'a> {
    app: &'a App,
    theme: &'a Theme,
    request: &'a Request,
    origin: &'a Origin,
    ring: &'a KeyRing,
    language: Language,
    now: Timestamp,
}

impl PageContext<'_> {
    async fn serve(&self) -> Result<Response, Problem> {
        let token = self.request.path_parameter("token");
        match self.request.route() {
            "GET /" => Ok(response::see_other(
                &self.app.config.site.dashboard_url(self.origin),
            )),
            "GET /favicon.ico" => Ok(icon::icon(&self.theme.brand)),
            "GET /.well-known/change-password" => Ok(self.change_password()),
            "GET /auth/sign-in" => self.sign_in(),
            "GET /auth/continue" => self.continue_sign_in(),
            "POST /auth/continue" => self.take_address(),
            "GET /auth/sign-up" => self.sign_up(),
            "GET /auth/forgot-password" => self.forgot_password(),
            "GET /auth/check-email" => self.check_email(),
            "GET /auth/account" => self.account().await,
            "GET /auth/confirm" => self.confirm().await,
            "GET /auth/verify/{token}" => self.sign_in_link(token),
            "GET /auth/activate/{token}" => self.activation_link(token).await,
            "GET /auth/reset-password/{token}" => self.reset_link(token).await,
            "GET /auth/report/{token}" => self.report_link(token),
            "GET /auth/verify" => self.old_link(),
            "GET /auth/config" => Ok(self.portal_config()),
            "GET /auth/client/1/vestibule.js" => Ok(client::module()),
            "GET /auth/client/1/vestibule.d.ts" => Ok(client::types()),
            _ => self.unrouted(),
        }
    }

    /// Redirects password managers to the page that requests a new password, if there are any.
    fn change_password(&self) -> Response {
        let page = if self.has_passwords() {
            paths::FORGOT_PASSWORD
        } else {
            paths::SIGN_IN
        };
        response::see_other(&self.origin.join(page))
    }

    /// Serves a problem as a page with the same status.
    fn problem(&self, problem: Problem) -> Result<Response, Problem> {
        let t = self.language.pages();
        let (heading, texts) = match problem.kind {
            ProblemType::NotFound => (t.not_found, vec![t.not_found_text]),
            ProblemType::Unavailable => (t.unavailable, vec![t.try_later]),
            _ => return Err(problem),
        };
        let Ok(frame) = self.frame("") else {
            return Err(problem);
        };
        let mut response = self.render(&MessagePage {
            frame,
            heading,
            texts,
            address: None,
            url: self.login_url(None),
            button: t.to_sign_in,
            more: None,
        });
        *response.status_mut() = problem.status();
        Ok(response)
    }

    /// Returns what all pages have. `focus` is the id of the input with the focus. Fails with 400
    /// where a cookie was sent twice.
    fn frame(&self, focus: &'static str) -> Result<Frame<'_>, Problem> {
        let key = IdempotencyKey::new(self.app.random.bytes());
        let min_length = self.app.config.passwords.min_length;
        Ok(Frame {
            brand: &self.theme.brand,
            t: self.language.pages(),
            lang: self.language.tag(),
            script: theme::SCRIPT,
            flash: Flash::new(self.request, self.language, min_length),
            focus,
            draft: self.draft()?,
            next: self.next(),
            idempotency_key: key.expose().to_owned(),
        })
    }

    fn draft(&self) -> Result<FormDraft, Problem> {
        FormDraft::read(self.request, &self.app.config.portal, self.origin)
    }

    /// Returns the session that the request presents, if this portal signed it and it has not
    /// expired. It may have been revoked: only its row says that.
    fn session(&self) -> Result<Option<SessionClaims>, Problem> {
        let portal = &self.app.config.portal;
        match authenticate::presented_token(self.request, portal, self.origin)? {
            Some(presented) => authenticate::read_claims(self.ring, presented.token, self.now),
            None => Ok(None),
        }
    }

    /// Returns the nonces of the emails that this browser has requested. Fails with 400 where the
    /// cookie was sent twice.
    fn nonces(&self) -> Result<Vec<Nonce>, Problem> {
        let cookie = Cookie::requests(&self.app.config.portal, self.origin);
        let value = self.request.cookie(cookie.name())?;
        Ok(cookie::nonces(value.unwrap_or_default()))
    }

    /// Redirects to `page`, which describes the problem.
    fn redirect_to(&self, page: &str, problem: Problem, next: Option<&Next>) -> Response {
        problem
            .redirect_form_to(page)
            .with_next(next)
            .into_response(
                Reader {
                    sent_form: true,
                    ..Reader::default()
                },
                self.language,
            )
    }

    fn login_url(&self, next: Option<&Next>) -> String {
        Next::add_to(next, &self.app.config.site.login_url(self.origin))
    }

    /// Returns the `next` of the query, unless it is invalid.
    fn next(&self) -> Option<Next> {
        let next = self.request.query("next")?;
        let site = &self.app.config.site;
        site.parse_next(next, self.origin).ok().flatten()
    }

    fn has_passwords(&self) -> bool {
        self.app.config.links.activation == Activation::Password
    }

    fn has_sign_up(&self) -> bool {
        self.app.config.links.sign_up
    }

    fn render(&self, template: &impl askama::Template) -> Response {
        match template.render() {
            Ok(html) => response::page(html, &self.theme.policy),
            Err(_) => Problem::unavailable().into_response(Reader::default(), self.language),
        }
    }
}
