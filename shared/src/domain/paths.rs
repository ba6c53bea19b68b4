//! Paths of the portal that code redirects and links to.

pub const ACTIVATE: &str = "/auth/activate";
pub const CHECK_EMAIL: &str = "/auth/check-email";
pub const FORGOT_PASSWORD: &str = "/auth/forgot-password";
pub const RESET_PASSWORD: &str = "/auth/reset-password";
pub const SIGN_IN: &str = "/auth/sign-in";
pub const SIGN_UP: &str = "/auth/sign-up";
pub const SIGNED_IN: &str = "/auth/signed-in";
pub const VERIFY: &str = "/auth/verify";
