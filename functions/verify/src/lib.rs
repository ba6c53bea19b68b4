//! `POST /auth/verify` exchanges a sign-in link or a code for a session.
//!
//! Takes one of these, each with `transport?`:
//! - `{token, idempotency_key?, code?}` from the page behind a link. `code` is required in another
//!   browser with `OtherBrowser=code`. A repeat with the same idempotency key within 60 seconds
//!   gets the same session;
//! - `{code}` from the browser that requested the email;
//! - `{request, code}` from a bearer client that requested it.
//!
//! Responds 200 `{user: {id, email}, session: {expires_at}}` with the session cookie. With
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
use shared::config::{Activation, OtherBrowser};
use shared::domain::ids::LinkId;
use shared::domain::link::{IdempotencyKey, Link, Nonce, Purpose, RedeemContext};
use shared::domain::next::Next;
use shared::domain::paths;
use shared::domain::session::AuthMethod;
use shared::http::cookie::{self, Cookie};
use shared::http::request::Transport;
use shared::http::{Problem, Request, Response};
use shared::keys::Signed;
use shared::store::links::UserTransition;

pub const ROUTES: &[&str] = &["POST /auth/verify"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: Option<String>,
    idempotency_key: Option<String>,
    code: Option<String>,
    request: Option<String>,
    #[serde(default)]
    transport: Transport,
}

struct Verify<'a> {
    context: SignInContext<'a>,
    /// The links that this browser or bearer client has requested.
    requested: Vec<LinkId>,
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
    let nonces = presented_nonces(&context, input.request.as_deref())?;
    let requested = context.ring.issued_nonces(nonces);
    let verify = Verify {
        requested: requested.iter().map(Nonce::link).collect(),
        context,
    };
    let redeemed = verify.redeem_input(&input).await?;
    let origin = &verify.context.origin;
    let next = redeemed.link.next.as_ref();
    let page = site.landing_url(next.filter(|_| redeemed.same_browser), origin);
    verify
        .context
        .respond(&redeemed.issued, input.transport, &page)
}

/// Returns the nonces in the cookie, or the one that a bearer client sends.
fn presented_nonces(
    context: &SignInContext<'_>,
    bearer: Option<&str>,
) -> Result<Vec<Nonce>, Problem> {
    if let Some(nonce) = bearer {
        return Ok(Nonce::parse(nonce).into_iter().collect());
    }
    let cookie = Cookie::requests(&context.app.config.portal, &context.origin);
    let value = context.request.cookie(cookie.name())?;
    Ok(cookie::nonces(value.unwrap_or_default()))
}

impl Verify<'_> {
    async fn redeem_input(&self, input: &Input) -> Result<Redeemed, Problem> {
        let origin = &self.context.origin;
        match (&input.token, &input.code) {
            (Some(token), code) => {
                let idempotency_key =
                    IdempotencyKey::parse_optional(input.idempotency_key.as_deref())?;
                let login_url = self.context.app.config.site.login_url(origin);
                self.by_link(token, idempotency_key.as_ref(), code.as_deref())
                    .await
                    .map_err(|problem| problem.redirect_form_to(&login_url))
            }
            (None, Some(code)) => {
                let code_page = origin.join(paths::CHECK_EMAIL);
                self.by_code(code)
                    .await
                    .map_err(|problem| problem.redirect_form_to(&code_page))
            }
            (None, None) => Err(Problem::invalid_request("Send `token` or `code`.")),
        }
    }

    /// Redeems the link with this token. In a browser that did not request it, `OTHER_BROWSER` says
    /// whether that works.
    async fn by_link(
        &self,
        token: &str,
        idempotency_key: Option<&IdempotencyKey>,
        code: Option<&str>,
    ) -> Result<Redeemed, Problem> {
        let mut signed = self.context.ring.read_link(Purpose::SignIn, token)?;
        let same_browser = self.requested.contains(&signed.content.id);
        if same_browser && signed.content.next.as_ref().is_some_and(Next::is_in_row) {
            let store = &self.context.app.store;
            signed.content.next = store.find_link_next(&signed.content.id).await?;
        }
        let link = &signed.content.id;
        match self.context.app.config.links.other_browser {
            OtherBrowser::Off if !same_browser => return Err(Problem::invalid_token()),
            OtherBrowser::Code if !same_browser => {
                let code = code.ok_or_else(Problem::invalid_token)?;
                let link_page = paths::link_page(&self.context.origin, paths::VERIFY, token);
                self.require_code(link, code)
                    .await
                    .map_err(|problem| problem.redirect_form_to(&link_page))?;
            }
            OtherBrowser::Off | OtherBrowser::Code | OtherBrowser::Button => {}
        }
        let by = RedeemContext {
            same_browser,
            idempotency_key: idempotency_key.map(IdempotencyKey::hash),
        };
        self.redeem(signed, &by, AuthMethod::Link).await
    }

    async fn redeem(
        &self,
        signed: Signed<'_, Link>,
        by: &RedeemContext,
        auth_method: AuthMethod,
    ) -> Result<Redeemed, Problem> {
        let user = match self.context.app.config.links.activation {
            Activation::Link => UserTransition::Activate,
            Activation::Password => UserTransition::None,
        };
        let issued = self
            .context
            .redeem_link(&signed, by, auth_method, user)
            .await?;
        Ok(Redeemed {
            issued,
            link: signed.content,
            same_browser: by.same_browser,
        })
    }
}
