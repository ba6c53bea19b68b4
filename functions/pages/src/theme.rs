//! The style and the scripts of the pages, and the content security policy that allows nothing
//! else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::config::Config;
use shared::domain::ids::sha256;
use shared::domain::origin::Origin;

/// Submits the form of a link page as soon as the page is visible.
pub(crate) const SUBMIT_LINK: &str = include_str!("../templates/submit.js");
/// Adds a checkbox that shows the password.
pub(crate) const SHOW_PASSWORD: &str = include_str!("../templates/show.js");
/// Loads a page again that the back-forward cache shows: the session may have ended since.
pub(crate) const RELOAD: &str = include_str!("../templates/reload.js");
const STYLE: &str = include_str!("../templates/style.css");

/// The parts of the brand that every page shows.
pub(crate) struct PageBrand {
    pub(crate) name: String,
    pub(crate) logo: Option<String>,
    pub(crate) style: String,
}

pub(crate) struct Theme {
    pub(crate) brand: PageBrand,
    /// The value of the `Content-Security-Policy` header.
    pub(crate) policy: String,
}

impl Theme {
    pub(crate) fn new(config: &Config) -> Self {
        let style = format!(":root{{--accent:{}}}{STYLE}", config.brand.accent);
        Self {
            policy: content_security_policy(config, &style),
            brand: PageBrand {
                name: config.brand.name.clone(),
                logo: config.brand.logo.clone(),
                style,
            },
        }
    }
}

/// Allows only our own style and scripts, the logo, and forms. `form-action` includes the
/// frontends, because Chrome and Safari apply it to the redirect after a form as well.
fn content_security_policy(config: &Config, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes())));
    let scripts = [SUBMIT_LINK, SHOW_PASSWORD, RELOAD].map(hash).join(" ");
    let logo = config.brand.logo.as_ref();
    let images = match logo.and_then(|logo| url::Url::parse(logo).ok()) {
        Some(logo) => logo.origin().ascii_serialization(),
        None => "'none'".to_owned(),
    };
    let frontends: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
    [
        "default-src 'none'".to_owned(),
        format!("style-src {}", hash(style)),
        format!("script-src {scripts}"),
        format!("img-src {images}"),
        format!("form-action 'self' {}", frontends.join(" ")),
        "base-uri 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}
