//! The pages. `GET /auth/verify/{token}` is the page behind a mailed link; the others are plain forms and notices.
//!
//! Opening a page changes nothing: this function holds no client for any table. A link that cannot work leads to the
//! sign-in page, which says why; one that has already signed this browser in leads on.

mod look;
mod templates;

use aws_types::SdkConfig;
use look::Look;
use shared::clock::Clock;
use shared::config::{Config, OtherBrowser, StartError};
use shared::domain::ids::LinkId;
use shared::domain::link::{Attempt, Link, Nonce};
use shared::domain::next::Next;
use shared::domain::portal::Origin;
use shared::domain::time::Timestamp;
use shared::env::Env;
use shared::http::cookie::{self, Cookie};
use shared::http::problem::Kind;
use shared::http::reply::Reply;
use shared::http::{Problem, Request, Response};
use shared::keys::{Keys, Ring, SessionClaims, Signed};
use shared::lambda::Start;
use shared::randomness::Random;
use shared::signed_in;
use templates::{CheckMail, LinkPage, OldLink, OtherBrowserPage, SignIn, SignedIn};

/// What this function answers.
pub const ROUTES: &[&str] = &[
    "GET /auth/sign-in",
    "GET /auth/check-mail",
    "GET /auth/signed-in",
    "GET /auth/verify/{token}",
    "GET /auth/verify",
];

/// What the pages need: no store.
pub struct Pages {
    config: Config,
    clock: Clock,
    random: Random,
    keys: Keys,
    look: Look,
}

impl Start for Pages {
    async fn start(aws: &SdkConfig, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let keys = Keys::start(aws, &config, env.clock.now()).await?;
        let look = Look::new(&config);
        Ok(Self { clock: env.clock.clone(), random: env.random.clone(), keys, look, config })
    }
}

/// Handles the request.
///
/// # Errors
/// 400 for a cookie that is there twice. Everything else leads to a page.
pub async fn handle(pages: &Pages, request: Request) -> Result<Response, Problem> {
    let own = request.own_origin(&pages.config.site)?;
    let now = pages.clock.now();
    let ring = pages.keys.ring(now).await;
    let visit = Visit { pages, request: &request, own: &own, ring: &ring, now };
    match request.route() {
        "GET /auth/sign-in" => Ok(visit.sign_in()),
        "GET /auth/check-mail" => Ok(visit.check_mail()),
        "GET /auth/signed-in" => visit.signed_in(),
        "GET /auth/verify/{token}" => visit.link(request.path_parameter("token")),
        _ => Ok(visit.old_link()),
    }
}

/// One request on its way.
struct Visit<'a> {
    pages: &'a Pages,
    request: &'a Request,
    own: &'a Origin,
    ring: &'a Ring,
    now: Timestamp,
}

impl Visit<'_> {
    fn sign_in(&self) -> Response {
        let site = &self.pages.config.site;
        let next = self.request.query("next").and_then(|next| Next::parse(next, site.home(self.own), &site.allowed));
        let next = next.map(|next| next.as_str().to_owned());
        self.page(&SignIn { brand: self.brand(), notice: self.notice(), next })
    }

    fn check_mail(&self) -> Response {
        self.page(&CheckMail { brand: self.brand(), notice: self.notice() })
    }

    fn signed_in(&self) -> Result<Response, Problem> {
        Ok(match self.session()? {
            Some(_) => self.page(&SignedIn { brand: self.brand() }),
            None => Reply::see_other(&self.pages.config.site.login_url(self.own)),
        })
    }

    fn old_link(&self) -> Response {
        let login_url = self.pages.config.site.login_url(self.own);
        self.page(&OldLink { brand: self.brand(), login_url })
    }

    fn link(&self, token: &str) -> Result<Response, Problem> {
        // The links of an older system: 64 hexadecimal digits.
        if token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(self.old_link());
        }
        let signed = match self.ring.read_link(token) {
            Ok(signed) => signed,
            Err(error) => return Ok(self.refuse(error.into())),
        };
        let asked = self.has_asked(&signed.content.id)?;
        // Going back to a link that has signed this browser in leads on, however old the link is by now.
        if self.has_redeemed(&signed)? {
            let site = &self.pages.config.site;
            return Ok(Reply::see_other(&site.onwards(&signed.content, asked, self.own)));
        }
        let link = signed.content;
        if link.expires_at <= self.now {
            return Ok(self.refuse(Problem::new(Kind::ExpiredToken, "Ask for a new one.")));
        }
        let elsewhere = self.pages.config.links.other_browser;
        let address = link.address.masked();
        if !asked && elsewhere == OtherBrowser::Off {
            return Ok(self.page(&OtherBrowserPage { brand: self.brand(), address }));
        }
        let attempt = Attempt::new(self.pages.random.bytes());
        let page = LinkPage {
            brand: self.brand(),
            address,
            token,
            attempt: attempt.expose(),
            auto_submit: asked,
            ask_code: !asked && elsewhere == OtherBrowser::Code,
            script: look::SCRIPT,
        };
        Ok(self.page(&page))
    }

    /// Whether this browser asked for the link.
    fn has_asked(&self, link: &LinkId) -> Result<bool, Problem> {
        let cookie = Cookie::ask(&self.pages.config.portal, self.own);
        let nonces = cookie::nonces(self.request.cookie(cookie.name())?.unwrap_or_default());
        Ok(nonces.iter().map(Nonce::link).any(|one| one == *link))
    }

    /// Whether the link has given this browser the session it shows.
    fn has_redeemed(&self, link: &Signed<'_, Link>) -> Result<bool, Problem> {
        let Some(session) = self.session()? else {
            return Ok(false);
        };
        Ok(link.key.session_id(&link.content.id).hash() == session.id.hash())
    }

    fn session(&self) -> Result<Option<SessionClaims>, Problem> {
        let shown = signed_in::token(self.request, &self.pages.config.portal, self.own)?;
        shown.map_or(Ok(None), |shown| signed_in::claims(self.ring, shown.token, self.now))
    }

    /// To the sign-in page, which says why.
    fn refuse(&self, problem: Problem) -> Response {
        problem.on_page(&self.pages.config.site.login_url(self.own)).into_response(true)
    }

    /// What a redirect to this page wants said: one of our own sentences, never the query itself.
    fn notice(&self) -> Option<&'static str> {
        let query = |name| self.request.query(name).unwrap_or_default();
        match (query("error"), query("reason")) {
            ("", _) => None,
            ("invalid_token", "expired") => Some("This link has expired. Ask for a new one."),
            ("invalid_token", "used") => Some("This link has been used already. Ask for a new one."),
            ("invalid_token", _) => Some("This link or code does not work. Try again, or ask for a new one."),
            ("invalid_request", _) => Some("That did not look like an email address. Please check it."),
            ("too_many_attempts", _) => Some("That was too often. Please wait a while, then try again."),
            ("unavailable", _) => Some("That did not work just now. Please try again in a moment."),
            _ => Some("That did not work. Please try again."),
        }
    }

    fn brand(&self) -> &look::Brand {
        &self.pages.look.brand
    }

    fn page(&self, template: &impl askama::Template) -> Response {
        match template.render() {
            Ok(html) => Reply::page(html, &self.pages.look.policy),
            Err(_) => Problem::unavailable().into_response(false),
        }
    }
}
