//! The style and the script of the pages, and the content security policy that allows nothing
//! else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::config::Config;
use shared::domain::ids::sha256;
use shared::domain::origin::Origin;

pub(crate) const SCRIPT: &str = include_str!("../templates/page.js");
const STYLE: &str = include_str!("../templates/style.css");

/// The parts of the brand that every page shows.
pub(crate) struct PageBrand {
    pub(crate) name: String,
    pub(crate) accent: String,
    /// The color of text on the accent.
    pub(crate) on_accent: &'static str,
    pub(crate) logo: Option<String>,
    pub(crate) logo_dark: Option<String>,
    /// The URL where users get help.
    pub(crate) support: Option<String>,
    pub(crate) style: String,
}

pub(crate) struct Theme {
    pub(crate) brand: PageBrand,
    /// The value of the `Content-Security-Policy` header.
    pub(crate) policy: String,
}

impl Theme {
    pub(crate) fn new(config: &Config) -> Self {
        let brand = &config.brand;
        let style = format!(":root{{--accent:{}}}{STYLE}", brand.accent);
        Self {
            policy: content_security_policy(config, &style),
            brand: PageBrand {
                name: brand.name.clone(),
                accent: brand.accent.clone(),
                on_accent: brand.on_accent(),
                logo: brand.logo.clone(),
                logo_dark: brand.logo.as_ref().and(brand.logo_dark.clone()),
                support: brand.support.as_ref().map(|support| support.url()),
                style,
            },
        }
    }
}

/// Allows only our own style, script and requests, the logos, and forms. `form-action` includes the
/// frontends, because Chrome and Safari apply it to the redirect after a form as well.
fn content_security_policy(config: &Config, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes())));
    let logos = [&config.brand.logo, &config.brand.logo_dark];
    let logos = logos.into_iter().flatten();
    let logos = logos.filter_map(|logo| url::Url::parse(logo).ok());
    let logos = logos.map(|logo| format!(" {}", logo.origin().ascii_serialization()));
    let frontends: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
    [
        "default-src 'none'".to_owned(),
        format!("style-src {}", hash(style)),
        format!("script-src {}", hash(SCRIPT)),
        "connect-src 'self'".to_owned(),
        format!("img-src 'self'{}", String::from_iter(logos)),
        format!("form-action 'self' {}", frontends.join(" ")),
        "base-uri 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}
