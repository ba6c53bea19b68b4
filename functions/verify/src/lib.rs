//! `POST /auth/verify` exchanges a sign-in link or a code for a session.
//!
//! Takes one of these, each with `transport?`:
//! - `{token, idempotency_key?, code?}` from the page behind a link. `code` is required in another
//!   browser with `OtherBrowser=code`. A repeat with the same idempotency key within 60 seconds
//!   gets the same session;
//! - `{code, next?, for?}` from the browser that requested the email. Where a form fails, the page
//!   that asks for the code keeps `next` and `for`;
//! - `{request, code}` from a bearer client that requested it.
//!
//! Responds 200 `{user: {id, email}, session: {expires_at}, next?}` with the session cookie. With
//! `transport: "bearer"` the response holds `session.token` instead of the cookie. A form is
//! redirected to `next` or the dashboard.
//!
//! A link that does not work is 400 `invalid-token`, 410 `expired-token` or 410 `used-token`. A
//! code that does not work is 400 `invalid-token` with `attempts_left`, for every reason and after
//! the same calls. One that is not 8 digits is 400 `invalid-request`, and not counted.

mod code;

use serde::Deserialize;
use shared::app::App;
use shared::auth::issue_session::{IssuedSession, SignInContext};
use shared::auth::request_email::parse_next;
use shared::config::{Activation, OtherBrowser};
use shared::domain::ids::LinkId;
use shared::domain::known_browser::KnownBrowser;
use shared::domain::link::{IdempotencyKey, Link, LinkAccount, Purpose, RedeemContext};
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::session::AuthMethod;
use shared::http::problem::ProblemType;
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Signed;

pub const ROUTES: &[&str] = &["POST /auth/verify"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Option<String>,
    idempotency_key: Option<String>,
    code: Option<String>,
    request: Option<String>,
    /// The mark of a known browser, from the last sign-in of a bearer client.
    known: Option<String>,
    /// The `next` of the page that asks for the code, for its redirect.
    next: Option<String>,
    /// The email that this page waits for: `sign-up`, or another.
    #[serde(rename = "for")]
    pending: Option<String>,
    #[serde(default)]
    transport: Transport,
}

struct Verify<'a> {
    context: SignInContext<'a>,
    /// The links that this browser or bearer client has requested.
    requested: Vec<LinkId>,
    /// The marks that make this client a known browser.
    marks: Vec<KnownBrowser>,
}

struct Redeemed {
    issued: IssuedSession,
    link: Link,
    /// The link was requested by this browser. Only there `next` is followed.
    same_browser: bool,
}

pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let site = &app.config.site;
    let origin = request.portal_origin(site)?;
    let input: Input = request.body(site, &origin)?;
    let context = SignInContext::new(app, &request, origin).await;
    let verify = Verify {
        requested: context.requested_links(input.request.as_deref())?,
        marks: context.known_browsers(input.known.as_deref())?,
        context,
    };
    let redeemed = verify.redeem_input(&input).await?;
    let next = redeemed.link.next.page();
    let next = next.filter(|_| redeemed.same_browser);
    verify
        .context
        .respond(&redeemed.issued, input.transport, next)
}

/// Returns the page that asks for the code again.
fn code_page(origin: &Origin, pending: Option<&str>) -> String {
    let page = origin.join(paths::CHECK_EMAIL);
    match pending {
        Some("sign-up") => page + "?for=sign-up",
        _ => page,
    }
}

impl Verify<'_> {
    async fn redeem_input(&self, input: &Input) -> Result<Redeemed, Problem> {
        match (&input.token, &input.code) {
            (Some(token), _) => self.redeem_token(token, input).await,
            (None, Some(code)) => self.redeem_code(code, input).await,
            (None, None) => Err(Problem::invalid_request(|t| t.token_or_code)),
        }
    }

    /// Redeems a link by its token. A form that fails is redirected to the page of the link, which
    /// asks for the code again or offers to end the session of whoever used the link, or else to
    /// the sign-in page, or the sign-up page where an account would be needed for another email.
    async fn redeem_token(&self, token: &str, input: &Input) -> Result<Redeemed, Problem> {
        let (app, origin) = (self.context.app, &self.context.origin);
        let login_url = app.config.site.login_url(origin);
        let link_page = paths::link_page(origin, paths::VERIFY, token);
        let key = IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
        let signed = app
            .read_link(&self.context.ring, Purpose::SignIn, token)
            .await
            .map_err(|problem| problem.redirect_form_to(&login_url))?;
        let next = signed.content.next.page().cloned();
        let is_sign_up = matches!(signed.content.account, LinkAccount::New { .. });
        let sign_up = (is_sign_up && app.config.links.sign_up).then(|| origin.join(paths::SIGN_UP));
        let redeemed = self.redeem_link(signed, key.as_ref(), input.code.as_deref(), &link_page);
        redeemed.await.map_err(|problem| {
            let page = match problem.kind {
                ProblemType::UsedToken => &link_page,
                ProblemType::ExpiredToken => sign_up.as_ref().unwrap_or(&login_url),
                _ => &login_url,
            };
            problem.redirect_form_to(page).with_next(next.as_ref())
        })
    }

    async fn redeem_link(
        &self,
        signed: Signed<'_, Link>,
        key: Option<&IdempotencyKey>,
        code: Option<&str>,
        link_page: &str,
    ) -> Result<Redeemed, Problem> {
        let link = &signed.content.id;
        let same_browser = self.requested.contains(link);
        if !same_browser {
            self.check_other_browser(link, code, link_page).await?;
        }
        let by = RedeemContext {
            same_browser,
            idempotency_key: key.map(IdempotencyKey::hash),
        };
        self.redeem(signed, &by, AuthMethod::Link).await
    }

    async fn redeem_code(&self, code: &str, input: &Input) -> Result<Redeemed, Problem> {
        let (app, origin) = (self.context.app, &self.context.origin);
        let next = parse_next(input.next.as_deref(), &app.config.site, origin)?;
        let code_page = code_page(origin, input.pending.as_deref());
        self.by_code(code).await.map_err(|problem| {
            problem
                .redirect_form_to(&code_page)
                .with_next(next.as_ref())
        })
    }

    /// Decides whether a link works in a browser that did not request it. A form with a wrong code
    /// is redirected to `link_page`.
    async fn check_other_browser(
        &self,
        link: &LinkId,
        code: Option<&str>,
        link_page: &str,
    ) -> Result<(), Problem> {
        match self.context.app.config.links.other_browser {
            OtherBrowser::Button => Ok(()),
            OtherBrowser::Off => Err(Problem::invalid_token()),
            OtherBrowser::Code => {
                let code = code.ok_or_else(Problem::invalid_token)?;
                let checked = self.require_code(link, code).await;
                checked.map_err(|problem| problem.redirect_form_to(link_page))
            }
        }
    }

    async fn redeem(
        &self,
        signed: Signed<'_, Link>,
        by: &RedeemContext,
        auth_method: AuthMethod,
    ) -> Result<Redeemed, Problem> {
        let activation = self.context.app.config.links.activation;
        if activation == Activation::Password && signed.content.account != LinkAccount::Active {
            return Err(Problem::invalid_token());
        }
        let issued = self
            .context
            .redeem_link(&signed, by, auth_method, None, &self.marks)
            .await?;
        Ok(Redeemed {
            issued,
            link: signed.content,
            same_browser: by.same_browser,
        })
    }
}
