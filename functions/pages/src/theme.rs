//! How the pages theme, and the content security policy that lets exactly that through.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::config::Config;
use shared::domain::ids::sha256;
use shared::domain::origin::Origin;

/// Submits the form of a link page once somebody sees it.
pub(crate) const SUBMIT: &str = include_str!("../templates/submit.js");
/// Lets somebody see the password that is being typed.
pub(crate) const SHOW: &str = include_str!("../templates/show.js");
const STYLE: &str = include_str!("../templates/style.css");

/// What every page shows of the portal.
pub(crate) struct Brand {
    pub(crate) name: String,
    pub(crate) logo: Option<String>,
    pub(crate) style: String,
}

/// Made once, at the start.
pub(crate) struct Theme {
    pub(crate) brand: Brand,
    pub(crate) policy: String,
}

impl Theme {
    pub(crate) fn new(config: &Config) -> Self {
        let style = format!(":root{{--accent:{}}}{STYLE}", config.brand.accent);
        let policy = policy(config, &style);
        Self {
            brand: Brand {
                name: config.brand.name.clone(),
                logo: config.brand.logo.clone(),
                style,
            },
            policy,
        }
    }
}

/// Nothing but our own style, scripts and logo. Forms may lead to the frontends: Chrome and Safari
/// apply `form-action` to the redirect after a post as well.
fn policy(config: &Config, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes())));
    let logo = config
        .brand
        .logo
        .as_ref()
        .and_then(|logo| url::Url::parse(logo).ok());
    let images = logo.map_or_else(
        || "'none'".to_owned(),
        |logo| logo.origin().ascii_serialization(),
    );
    let frontends: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
    format!(
        "default-src 'none'; style-src {}; script-src {} {}; img-src {images}; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        hash(style),
        hash(SUBMIT),
        hash(SHOW),
        frontends.join(" "),
    )
}
