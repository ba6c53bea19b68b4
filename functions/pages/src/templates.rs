//! The templates of the pages, with their fields. askama escapes every value except for the style,
//! the script and the attributes, which are part of this program.

use crate::filters;
use crate::frame::Frame;
use askama::Template;
use shared::domain::address::EmailAddress;
use shared::domain::user::User;
use shared::keys::SessionClaims;

/// The form that asks for the address.
#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// The session that this browser has already, which signing in ends.
    pub(crate) session: Option<SessionClaims>,
    /// True where the next step is an email, without a choice.
    pub(crate) by_email: bool,
    /// The form that signs in with a password, where this one does not.
    pub(crate) password_url: Option<String>,
    pub(crate) sign_up_url: Option<String>,
}

/// The second step: a password, or an email.
#[derive(Template)]
#[template(path = "continue.html")]
pub(crate) struct ContinuePage<'a> {
    pub(crate) frame: Frame<'a>,
    /// False in a browser that blocks cookies, which is asked for the address again.
    pub(crate) has_address: bool,
    pub(crate) change_url: String,
    pub(crate) forgot_url: String,
}

#[derive(Template)]
#[template(path = "check-email.html")]
pub(crate) struct CheckEmailPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) sentence: &'static str,
    /// The email has a code that works in this browser.
    pub(crate) has_code: bool,
    pub(crate) is_sign_up: bool,
    /// Path that sends another email.
    pub(crate) action: &'static str,
    /// The page that requests another email.
    pub(crate) request_url: String,
    pub(crate) can_send_again: bool,
    /// Number of seconds until another email may be sent.
    pub(crate) wait: u64,
    /// This browser has sent no nonce: it blocks cookies, or has requested no email lately.
    pub(crate) lacks_request: bool,
    /// The page that follows a sign-in in another tab. `None` where a session has begun before.
    pub(crate) landing_url: Option<String>,
    pub(crate) has_passwords: bool,
}

#[derive(Template)]
#[template(path = "sign-up.html")]
pub(crate) struct SignUpPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) has_passwords: bool,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "forgot-password.html")]
pub(crate) struct ForgotPasswordPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) login_url: String,
}

/// The form behind an invitation or a reset link.
#[derive(Template)]
#[template(path = "set-password.html")]
pub(crate) struct SetPasswordPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) session: Option<SessionClaims>,
    pub(crate) is_invitation: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) token: &'a str,
    pub(crate) min_length: usize,
}

#[derive(Template)]
#[template(path = "old-invitation.html")]
pub(crate) struct OldInvitationPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) heading: &'static str,
    pub(crate) is_used: bool,
    pub(crate) is_sign_up: bool,
    pub(crate) address: &'a EmailAddress,
    pub(crate) login_url: String,
    pub(crate) forgot_url: String,
}

/// The page behind an expired link that does not hold its `next`: only the endpoint that its form
/// posts to can look it up.
#[derive(Template)]
#[template(path = "expired-link.html")]
pub(crate) struct ExpiredLinkPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) action: &'static str,
    pub(crate) token: &'a str,
    pub(crate) has_password: bool,
}

/// The page behind a sign-in link that was used in another browser.
#[derive(Template)]
#[template(path = "used-link.html")]
pub(crate) struct UsedLinkPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) address: &'a EmailAddress,
    pub(crate) token: &'a str,
    pub(crate) login_url: String,
}

/// The page behind a sign-in link.
#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) address: &'a EmailAddress,
    /// The session that this browser has already, which signing in ends.
    pub(crate) session: Option<SessionClaims>,
    pub(crate) login_url: String,
    pub(crate) token: &'a str,
    /// True if no browser requested the link.
    pub(crate) is_invitation: bool,
    pub(crate) auto_submit: bool,
    pub(crate) ask_code: bool,
}

/// The page behind the link of a notice.
#[derive(Template)]
#[template(path = "report.html")]
pub(crate) struct ReportPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) token: &'a str,
}

/// A page with a few sentences and one way on.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) heading: &'static str,
    pub(crate) texts: Vec<&'static str>,
    /// The address that the sentences name.
    pub(crate) address: Option<&'a EmailAddress>,
    pub(crate) url: String,
    pub(crate) button: &'static str,
    pub(crate) more: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) user: &'a User,
    pub(crate) sessions: Vec<SessionRow>,
    /// The frontend's page after a sign-in, if there is a frontend.
    pub(crate) dashboard_url: Option<String>,
    pub(crate) has_passwords: bool,
    pub(crate) min_length: usize,
}

/// A session of the list on the account page.
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) ip: String,
    pub(crate) last_seen: String,
    pub(crate) is_current: bool,
}

#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) address: &'a EmailAddress,
    pub(crate) has_passwords: bool,
}
