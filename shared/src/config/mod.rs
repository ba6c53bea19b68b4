//! Every environment variable, read and checked once at the start. A bad one stops the start with a
//! sentence that names it. The template's parameters have the same names in `PascalCase`.

mod access_tokens;
mod brand;
mod email;
mod links;
mod passwords;
mod reader;
mod request_limits;
mod sessions;
mod site;
mod spelling;

pub use access_tokens::AccessTokenConfig;
pub use brand::{Brand, SupportContact};
pub use email::EmailConfig;
pub use links::{Activation, LinkConfig, OtherBrowser};
pub use passwords::PasswordConfig;
pub use request_limits::RequestLimits;

use crate::domain::language::Language;
use crate::domain::portal::PortalName;
use crate::domain::proxy_secrets::ProxySecrets;
use crate::domain::session::SessionRules;
use crate::domain::site::Site;
use crate::domain::time::DAY;
use crate::env::Env;
use reader::Reader;
use std::fmt;
use std::time::Duration;

/// The reason that a function does not start, as a sentence for the person who deploys it.
#[derive(Debug)]
pub struct StartError(pub String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// The configuration of a portal: one struct per concern.
#[derive(Clone, Debug)]
pub struct Config {
    /// `PORTAL`: the short name.
    pub portal: PortalName,
    pub site: Site,
    /// `PROXY_SECRET`: set if visitors reach the portal only through a proxy.
    pub proxy_secrets: ProxySecrets,
    pub brand: Brand,
    /// `LANGUAGE`: `en` or `de`, for those who prefer no language that Vestibule has.
    pub language: Language,
    pub links: LinkConfig,
    pub sessions: SessionRules,
    /// `ACCESS_TOKENS`: set if the portal issues access tokens.
    pub access_tokens: Option<AccessTokenConfig>,
    pub passwords: PasswordConfig,
    pub request_limits: RequestLimits,
    pub email: EmailConfig,
    /// `AUDIT_DAYS`: retention of the audit, 1 to 3650 days.
    pub audit_retention: Duration,
    /// `TABLE_PREFIX`: tables are called `<prefix>-users` and so on.
    pub table_prefix: String,
    /// `KEY_RING_SECRET`: name or ARN of the secret that holds the key ring.
    pub key_ring_secret: String,
}

impl Config {
    /// Reads all variables.
    ///
    /// # Errors
    /// [`StartError`] names the first variable that is missing or out of bounds.
    pub fn read(env: &Env) -> Result<Self, StartError> {
        let read = Reader(env);
        let wanted = "1 to 32 lowercase letters, digits and hyphens, starting with a letter";
        let brand = Brand::read(&read)?;
        Ok(Self {
            portal: read.required("PORTAL", wanted, PortalName::parse)?,
            site: site::read_site(&read)?,
            proxy_secrets: read_proxy_secrets(env)?,
            links: LinkConfig::read(&read)?,
            sessions: sessions::read_rules(&read)?,
            access_tokens: AccessTokenConfig::read(&read)?,
            passwords: PasswordConfig::read(&read)?,
            request_limits: RequestLimits::read(&read)?,
            email: EmailConfig::read(&read, &brand.name)?,
            brand,
            language: read.required("LANGUAGE", "en or de", Language::parse)?,
            audit_retention: read.duration("AUDIT_DAYS", DAY, 1..=3650)?,
            table_prefix: read.text("TABLE_PREFIX", "the prefix of the table names")?,
            key_ring_secret: read.text("KEY_RING_SECRET", "the name or ARN of a secret")?,
        })
    }
}

/// Reads `PROXY_SECRET`. The error does not repeat it, as that of other variables does.
fn read_proxy_secrets(env: &Env) -> Result<ProxySecrets, StartError> {
    let Some(text) = env.get("PROXY_SECRET") else {
        return Ok(ProxySecrets::default());
    };
    let wanted = "32 to 128 visible ASCII characters, or two such values separated by a comma";
    ProxySecrets::parse(text).ok_or_else(|| StartError(format!("PROXY_SECRET must be {wanted}.")))
}

#[cfg(test)]
mod tests {
    use super::{Config, StartError};
    use crate::clock::Clock;
    use crate::domain::origin::Origin;
    use crate::domain::password::hash::Argon2Params;
    use crate::env::Env;
    use crate::random::Random;
    use std::collections::BTreeMap;

    const GOOD: [(&str, &str); 50] = [
        ("PASSWORD_ATTEMPTS", "10"),
        ("PASSWORD_FAILURES", "100"),
        ("PASSWORD_PER_NETWORK_HOUR", "100"),
        ("ACTIVATION", "link"),
        ("ACTIVATION_HOURS", "72"),
        ("RESET_MINUTES", "60"),
        ("SELF_SIGN_UP", "off"),
        ("SIGN_UPS_PER_DAY", "3"),
        ("ACTIVATE_URL", "https://portal.example.com/activate"),
        ("RESET_URL", "https://portal.example.com/reset"),
        ("EMAIL_CONFIGURATION_SET", "vestibule-emails"),
        ("PORTAL", "partner"),
        ("PORTAL_NAME", "Partner"),
        ("PUBLIC_URL", "https://login.example.com"),
        ("FRONTEND_URL", "https://portal.example.com"),
        ("LOGIN_PATH", "/login"),
        ("DASHBOARD_PATH", "/"),
        (
            "ALLOWED_ORIGINS",
            "https://a.example.com,https://b.example.com",
        ),
        ("ACCENT_COLOR", "#0b5cad"),
        ("LOGO_URL", "https://cdn.example.com/logo.svg"),
        ("LOGO_URL_DARK", "https://cdn.example.com/dark.svg"),
        ("SUPPORT_CONTACT", "help@example.com"),
        ("LANGUAGE", "de"),
        ("EMAIL_FROM", "no-reply@example.com"),
        ("LINK_MINUTES", "15"),
        ("CODE_ATTEMPTS", "5"),
        ("OTHER_BROWSER", "button"),
        ("SESSION_HOURS", "24"),
        ("IDLE_MINUTES", "0"),
        ("SESSIONS_PER_USER", "0"),
        ("CONFIRM_MINUTES", "0"),
        ("ACCESS_TOKENS", "on"),
        ("ACCESS_TOKEN_MINUTES", "5"),
        ("ACCESS_TOKEN_AUDIENCE", "https://api.example.com"),
        (
            "ACCESS_TOKEN_KEY",
            "arn:aws:kms:eu-central-1:123456789012:key/1",
        ),
        ("PASSWORD_MINIMUM", "15"),
        ("ARGON2_MEMORY_KIB", "19456"),
        ("ARGON2_PASSES", "2"),
        ("PREVIOUS_ARGON2", "m=7168,t=5,p=1"),
        ("REQUESTS_PER_MINUTE", "1"),
        ("REQUESTS_PER_HOUR", "5"),
        ("REQUESTS_PER_NETWORK_HOUR", "200"),
        ("EMAILS_PER_HOUR", "15"),
        ("EMAILS_PER_DAY", "40"),
        ("EMAILS_PER_DAY_PORTAL", "1000"),
        ("NOTICES", "new-browser,sessions-ended"),
        ("EMAIL_DAYS", "30"),
        ("AUDIT_DAYS", "400"),
        ("TABLE_PREFIX", "vestibule"),
        ("KEY_RING_SECRET", "vestibule-key-ring"),
    ];

    fn long_path(length: usize) -> String {
        format!("/{}", "a".repeat(length - 1))
    }

    /// Returns an https URL that is also an origin.
    fn long_url(length: usize) -> String {
        let label = "a".repeat(63);
        let url = format!("https://{}.example", [label.as_str(); 9].join("."));
        format!("{}.example", &url[..length - ".example".len()])
    }

    fn read_with(name: &str, value: &str) -> Result<Config, StartError> {
        let mut variables: BTreeMap<_, _> = GOOD
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        variables.insert(name.to_owned(), value.to_owned());
        Config::read(&Env::new(variables, Clock::system(), Random::system()))
    }

    #[test]
    fn the_frontend_is_always_allowed() {
        let config = read_with("PORTAL", "partner").unwrap();
        let allowed: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
        assert_eq!(
            allowed,
            [
                "https://a.example.com",
                "https://b.example.com",
                "https://portal.example.com"
            ]
        );
    }

    #[test]
    fn passwords_are_hashed_with_the_configured_parameters_in_one_lane() {
        let passwords = read_with("ARGON2_MEMORY_KIB", "65536").unwrap().passwords;
        assert_eq!(
            (passwords.min_length, passwords.costs.to_string().as_str()),
            (15, "m=65536,t=2,p=1")
        );
        assert_eq!(passwords.previous, Argon2Params::parse("m=7168,t=5,p=1"));
        assert_eq!(
            read_with("PREVIOUS_ARGON2", "").unwrap().passwords.previous,
            None
        );
    }

    #[test]
    fn only_optional_variables_may_be_missing() {
        let optional = [
            "ACCESS_TOKEN_AUDIENCE",
            "PUBLIC_URL",
            "FRONTEND_URL",
            "ALLOWED_ORIGINS",
            "LOGO_URL",
            "LOGO_URL_DARK",
            "SUPPORT_CONTACT",
            "ACTIVATE_URL",
            "RESET_URL",
            "PREVIOUS_ARGON2",
            "NOTICES",
        ];
        for (name, _) in GOOD {
            let read = read_with(name, "");
            if optional.contains(&name) {
                assert!(read.is_ok(), "{name}");
            } else {
                let error = read.unwrap_err().to_string();
                assert!(
                    error.starts_with(name) && error.contains("is not set"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn a_value_out_of_bounds_stops_the_start_with_a_sentence_that_names_it() {
        for (name, value) in [
            ("PORTAL", "Not Good"),
            ("PORTAL_NAME", "two\nlines"),
            ("PUBLIC_URL", "http://login.example.com"),
            ("FRONTEND_URL", "https://portal.example.com/path"),
            ("LOGIN_PATH", "//evil.example"),
            ("DASHBOARD_PATH", "dashboard"),
            ("FRONTEND_URL", "https://Portal.example.com"),
            ("ALLOWED_ORIGINS", "https://a.example.com,*"),
            (
                "ALLOWED_ORIGINS",
                "https://a.example.com, https://b.example.com",
            ),
            ("ACCENT_COLOR", "red}body{display:none"),
            ("LOGO_URL", "http://cdn.example.com/logo.svg"),
            ("LOGO_URL", &long_url(513)),
            ("LOGO_URL_DARK", &long_url(513)),
            ("SUPPORT_CONTACT", "the front desk"),
            ("SUPPORT_CONTACT", "javascript:alert(1)"),
            ("LANGUAGE", "fr"),
            ("LOGIN_PATH", &long_path(257)),
            ("PUBLIC_URL", &long_url(101)),
            ("ACTIVATE_URL", &long_url(129)),
            ("RESET_URL", &long_url(129)),
            ("EMAIL_FROM", "no-reply"),
            ("LINK_MINUTES", "0"),
            ("LINK_MINUTES", "1441"),
            ("CODE_ATTEMPTS", "11"),
            ("OTHER_BROWSER", "maybe"),
            ("SELF_SIGN_UP", "yes"),
            ("ACTIVATE_URL", "http://portal.example.com/activate"),
            ("RESET_URL", "https://portal.example.com/reset#token=x"),
            ("SESSION_HOURS", "87661"),
            ("IDLE_MINUTES", "43201"),
            ("SESSIONS_PER_USER", "51"),
            ("CONFIRM_MINUTES", "1441"),
            ("ACCESS_TOKENS", "yes"),
            ("ACCESS_TOKEN_MINUTES", "61"),
            ("ACCESS_TOKEN_KEY", "alias/one"),
            ("ACCESS_TOKEN_AUDIENCE", "an audience"),
            ("SESSION_HOURS", "-1"),
            ("PASSWORD_MINIMUM", "7"),
            ("PASSWORD_MINIMUM", "65"),
            ("ARGON2_MEMORY_KIB", "7167"),
            ("ARGON2_MEMORY_KIB", "131073"),
            ("ARGON2_PASSES", "0"),
            ("ARGON2_PASSES", "11"),
            ("PREVIOUS_ARGON2", "m=19456,t=2"),
            ("PREVIOUS_ARGON2", "t=2,m=19456,p=1"),
            ("PREVIOUS_ARGON2", "m=131073,t=2,p=1"),
            ("REQUESTS_PER_MINUTE", "0"),
            ("NOTICES", "new-browser, sessions-ended"),
            ("NOTICES", "new-browser,"),
            ("NOTICES", "New-Browser"),
            ("EMAIL_DAYS", "0"),
            ("AUDIT_DAYS", "x"),
        ] {
            let error = read_with(name, value).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name} is ")) && error.contains("must be"),
                "{error}"
            );
        }
    }
}
