//! The templates of the pages, with their fields. askama escapes every value except for the style
//! and the scripts, which are part of this program.

use crate::flash::Flash;
use crate::pending_email::PendingEmail;
use crate::theme::PageBrand;
use askama::Template;
use shared::domain::address::EmailAddress;
use shared::domain::next::Next;
use shared::keys::SessionClaims;

#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) idempotency_key: String,
    pub(crate) flash: Option<Flash>,
    pub(crate) next: Option<Next>,
    pub(crate) forgot_url: String,
    pub(crate) sign_up_url: String,
    pub(crate) has_passwords: bool,
    pub(crate) has_sign_up: bool,
    pub(crate) script: &'static str,
}

#[derive(Template)]
#[template(path = "check-email.html")]
pub(crate) struct CheckEmailPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) flash: Option<Flash>,
    pub(crate) pending: PendingEmail,
    pub(crate) next: Option<Next>,
    /// The page that requests another email.
    pub(crate) request_url: String,
    /// This browser has sent no nonce: it blocks cookies, or has requested no email lately.
    pub(crate) lacks_request: bool,
    pub(crate) has_passwords: bool,
}

#[derive(Template)]
#[template(path = "sign-up.html")]
pub(crate) struct SignUpPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) idempotency_key: String,
    pub(crate) flash: Option<Flash>,
    pub(crate) next: Option<Next>,
    pub(crate) has_passwords: bool,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "forgot-password.html")]
pub(crate) struct ForgotPasswordPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) idempotency_key: String,
    pub(crate) flash: Option<Flash>,
    pub(crate) next: Option<Next>,
    pub(crate) login_url: String,
}

/// The form behind an invitation or a reset link.
#[derive(Template)]
#[template(path = "set-password.html")]
pub(crate) struct SetPasswordPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) flash: Option<Flash>,
    pub(crate) session: Option<SessionClaims>,
    pub(crate) is_invitation: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) token: &'a str,
    pub(crate) idempotency_key: String,
    pub(crate) min_length: usize,
    pub(crate) script: &'static str,
}

#[derive(Template)]
#[template(path = "old-invitation.html")]
pub(crate) struct OldInvitationPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) idempotency_key: String,
    pub(crate) heading: &'static str,
    pub(crate) is_used: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) next: Option<Next>,
    pub(crate) login_url: String,
    pub(crate) forgot_url: String,
}

#[derive(Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedInPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) script: &'static str,
}

#[derive(Template)]
#[template(path = "not-signed-in.html")]
pub(crate) struct NotSignedInPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "old-link.html")]
pub(crate) struct OldLinkPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "other-browser.html")]
pub(crate) struct OtherBrowserPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) address: &'a EmailAddress,
    /// The page that requests another link.
    pub(crate) request_url: String,
}

/// The page behind an expired link that does not hold its `next`: only the endpoint that its form
/// posts to can look it up.
#[derive(Template)]
#[template(path = "expired-link.html")]
pub(crate) struct ExpiredLinkPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) action: &'static str,
    pub(crate) token: &'a str,
    pub(crate) has_password: bool,
}

/// The page behind a sign-in link that was used in another browser.
#[derive(Template)]
#[template(path = "used-link.html")]
pub(crate) struct UsedLinkPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) address: &'a EmailAddress,
    pub(crate) token: &'a str,
    pub(crate) login_url: String,
}

/// The page behind a sign-in link.
#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) flash: Option<Flash>,
    pub(crate) address: &'a EmailAddress,
    /// The session that this browser has already, which signing in ends.
    pub(crate) session: Option<SessionClaims>,
    pub(crate) login_url: String,
    pub(crate) token: &'a str,
    pub(crate) idempotency_key: String,
    pub(crate) auto_submit: bool,
    pub(crate) ask_code: bool,
    pub(crate) script: &'static str,
}
