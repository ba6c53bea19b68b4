//! The templates and what they are filled with. askama escapes every value but the style and the
//! scripts, which are ours.

use crate::flash::Flash;
use crate::forms::PendingEmail;
use crate::theme::Brand;
use askama::Template;
use shared::domain::address::EmailAddress;

#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) flash: Option<Flash>,
    pub(crate) next: Option<String>,
    pub(crate) passwords: bool,
    pub(crate) sign_up: bool,
    pub(crate) script: &'static str,
}

#[derive(Template)]
#[template(path = "check-email.html")]
pub(crate) struct CheckMail<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) flash: Option<Flash>,
    pub(crate) wanted: PendingEmail,
    pub(crate) passwords: bool,
}

#[derive(Template)]
#[template(path = "sign-up.html")]
pub(crate) struct SignUp<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) flash: Option<Flash>,
    pub(crate) passwords: bool,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "forgot-password.html")]
pub(crate) struct ForgotPassword<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) flash: Option<Flash>,
    pub(crate) login_url: String,
}

/// The form of an invitation, and of a link for another password.
#[derive(Template)]
#[template(path = "set-password.html")]
pub(crate) struct SetPassword<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) flash: Option<Flash>,
    pub(crate) invited: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) token: &'a str,
    pub(crate) idempotency_key: &'a str,
    pub(crate) min_length: usize,
    pub(crate) script: &'static str,
}

#[derive(Template)]
#[template(path = "old-invitation.html")]
pub(crate) struct OldInvitation<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) heading: &'static str,
    pub(crate) used: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedInPage<'a> {
    pub(crate) brand: &'a Brand,
}

#[derive(Template)]
#[template(path = "old-link.html")]
pub(crate) struct OldLink<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "other-browser.html")]
pub(crate) struct OtherBrowserPage<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) address: String,
}

#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) address: String,
    pub(crate) token: &'a str,
    pub(crate) idempotency_key: &'a str,
    pub(crate) auto_submit: bool,
    pub(crate) ask_code: bool,
    pub(crate) script: &'static str,
}
