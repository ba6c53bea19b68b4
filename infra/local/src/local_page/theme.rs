//! The style and the script of the page, and the content security policies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::domain::ids::sha256;

/// The style of the built-in pages, so that this page looks like them. In a layer, any rule of
/// [`STYLE`] takes precedence over it.
const PAGES_STYLE: &str = include_str!("../../../../functions/pages/templates/style.css");
const STYLE: &str = include_str!("../../templates/local/style.css");
pub(super) const SCRIPT: &str = include_str!("../../templates/local/script.js");

/// The content security policy of an email. No script runs and no form is sent, not even where the
/// email is opened outside of its frame. Its links open new tabs.
pub(super) const EMAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    img-src https: data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; \
    sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// Returns the style of a portal with this accent color.
pub(super) fn style(accent: &str) -> String {
    format!(":root{{--accent:{accent}}}@layer pages{{{PAGES_STYLE}}}{STYLE}")
}

/// Returns the content security policy of the page, which allows its own style and script, emails
/// in frames, and reading the inbox.
pub(super) fn page_policy(style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; frame-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(style),
        hash(SCRIPT),
    )
}
