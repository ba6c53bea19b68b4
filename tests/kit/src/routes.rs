//! The paths of the API. Only tests about raw requests spell a path themselves.

/// The page that redirects to the dashboard.
pub const ROOT: &str = "/";
pub const ICON: &str = "/favicon.ico";
pub const CHANGE_PASSWORD_PAGE: &str = "/.well-known/change-password";
/// The beginning of all paths that users open.
pub const AUTH: &str = "/auth/";
/// The beginning of all paths that administrators call.
pub const ADMIN: &str = "/admin/";
pub const REQUEST_LOGIN: &str = "/auth/request-login";
pub const CHECK_EMAIL: &str = "/auth/check-email";
pub const VERIFY: &str = "/auth/verify";
pub const SIGN_IN: &str = "/auth/sign-in";
pub const CONTINUE: &str = "/auth/continue";
pub const ACCOUNT: &str = "/auth/account";
pub const ACTIVATE: &str = "/auth/activate";
pub const FORGOT_PASSWORD: &str = "/auth/forgot-password";
pub const RESET_PASSWORD: &str = "/auth/reset-password";
pub const REPORT: &str = "/auth/report";
pub const SIGN_UP: &str = "/auth/sign-up";
pub const ME: &str = "/auth/me";
pub const SESSION: &str = "/auth/session";
pub const CONFIG: &str = "/auth/config";
pub const CLIENT: &str = "/auth/client/1/vestibule.js";
pub const CLIENT_TYPES: &str = "/auth/client/1/vestibule.d.ts";
pub const TOKEN: &str = "/auth/token";
pub const JWKS: &str = "/.well-known/jwks.json";
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub const CHANGE_PASSWORD: &str = "/auth/change-password";
pub const CONFIRM: &str = "/auth/confirm";
pub const LOGOUT: &str = "/auth/logout";
pub const SESSIONS: &str = "/auth/sessions";
pub const END_SESSION: &str = "/auth/end-session";
pub const USERS: &str = "/admin/users";
pub const IMPORT_USERS: &str = "/admin/users/import";
pub const EMAILS: &str = "/admin/emails";
pub const LIFT_SUPPRESSION: &str = "/admin/emails/lift";
pub const REDRIVE_EMAIL: &str = "/admin/emails/redrive";
pub const TEMPLATES: &str = "/admin/templates";

/// The inbox of the local portal, which is not part of the API.
pub const LOCAL_INBOX: &str = "/_local/inbox";

/// Returns the path of one session.
pub fn session(id: &str) -> String {
    format!("{SESSIONS}/{id}")
}

/// Returns the path of one user.
pub fn user(id: &str) -> String {
    format!("{USERS}/{id}")
}

/// Returns the path that emails a user's invitation again.
pub fn resend(id: &str) -> String {
    format!("{USERS}/{id}/resend")
}

/// Returns the path of the audit records of one user.
pub fn user_audit(id: &str) -> String {
    format!("{USERS}/{id}/audit")
}

/// Returns the path of the emails to one user.
pub fn user_emails(id: &str) -> String {
    format!("{USERS}/{id}/emails")
}

/// Returns the path of the texts of an email.
pub fn template(message: &str, language: &str) -> String {
    format!("{TEMPLATES}/{message}/{language}")
}

/// Returns the path of all sessions of one user.
pub fn user_sessions(id: &str) -> String {
    format!("{USERS}/{id}/sessions")
}
