//! Paths of the portal that code redirects to, links to and calls. `template.yaml` has all routes.

use super::origin::Origin;

pub const ACCOUNT: &str = "/auth/account";
pub const ADMIN_TEMPLATES: &str = "/admin/templates";
pub const ACTIVATE: &str = "/auth/activate";
pub const CHECK_EMAIL: &str = "/auth/check-email";
pub const CONFIRM: &str = "/auth/confirm";
pub const CONTINUE: &str = "/auth/continue";
pub const FORGOT_PASSWORD: &str = "/auth/forgot-password";
pub const REPORT: &str = "/auth/report";
pub const REQUEST_LOGIN: &str = "/auth/request-login";
pub const RESET_PASSWORD: &str = "/auth/reset-password";
pub const SIGN_IN: &str = "/auth/sign-in";
pub const SIGN_UP: &str = "/auth/sign-up";
pub const JWKS: &str = "/.well-known/jwks.json";
pub const TOKEN: &str = "/auth/token";
pub const VERIFY: &str = "/auth/verify";
pub const ADMIN_EMAILS: &str = "/admin/emails";
pub const ADMIN_USERS: &str = "/admin/users";
pub const IMPORT_USERS: &str = "/admin/users/import";
pub const CONFIG: &str = "/auth/config";
pub const ME: &str = "/auth/me";
pub const SESSION: &str = "/auth/session";
pub const LIFT_SUPPRESSION: &str = "/admin/emails/lift";
pub const REDRIVE_EMAIL: &str = "/admin/emails/redrive";

/// The pages whose forms may fail: each says why.
pub const FORMS: [&str; 7] = [
    ACCOUNT,
    CHECK_EMAIL,
    CONFIRM,
    CONTINUE,
    FORGOT_PASSWORD,
    SIGN_IN,
    SIGN_UP,
];

/// Returns the URL of the page behind an emailed link. `token` may come from a request: characters
/// that no token has are dropped, so that it stays one segment of the path.
pub fn link_page(origin: &Origin, page: &str, token: &str) -> String {
    let token: String = token
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .collect();
    origin.join(&format!("{page}/{token}"))
}
