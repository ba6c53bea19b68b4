//! Every environment variable, read and checked once, at the start. A bad one stops the start with a sentence that
//! names it. The same names, in `PascalCase`, are the template's parameters.

use crate::domain::address::EmailAddress;
use crate::domain::portal::{Origin, PortalName, Site};
use crate::env::Env;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Why a function does not start, in a sentence for whoever deploys it.
#[derive(Debug)]
pub struct StartError(pub String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// All there is to configure.
#[derive(Clone, Debug)]
pub struct Config {
    /// `PORTAL`: the short name.
    pub portal: PortalName,
    /// `PUBLIC_URL`, `FRONTEND_URL`, `LOGIN_PATH`, `DASHBOARD_PATH`, `ALLOWED_ORIGINS`: where things are.
    pub site: Site,
    /// How pages and mails look.
    pub brand: Brand,
    /// How links behave.
    pub links: Links,
    /// `SESSION_HOURS`: how long a session lasts, 1 hour to 10 years.
    pub session_lifetime: Duration,
    /// How often one may ask.
    pub asking: Asking,
    /// How much is mailed, and from where.
    pub mail: Mailing,
    /// `AUDIT_DAYS`: how long the audit is kept, 1 to 3650 days.
    pub audit_kept: Duration,
    /// `TABLE_PREFIX`: tables are called `<prefix>-users` and so on.
    pub table_prefix: String,
    /// `KEY_RING_SECRET`: name or ARN of the secret that holds the key ring.
    pub key_ring_secret: String,
}

/// How pages and mails look.
#[derive(Clone, Debug)]
pub struct Brand {
    /// `PORTAL_NAME`: for people, at most 60 characters.
    pub name: String,
    /// `ACCENT_COLOR`: `#rrggbb`.
    pub accent: String,
    /// `LOGO_URL`: an https URL of an image.
    pub logo: Option<String>,
}

/// How links behave.
#[derive(Clone, Debug)]
pub struct Links {
    /// `LINK_MINUTES`: how long a link and its code work, 1 to 1440 minutes.
    pub lifetime: Duration,
    /// `CODE_ATTEMPTS`: how many codes may be tried for one link, 1 to 10.
    pub code_attempts: u64,
    /// `OTHER_BROWSER`: what a link does in a browser that did not ask for it.
    pub other_browser: OtherBrowser,
    /// `ACTIVATION`: how an invited user becomes an active one.
    pub activation: Activation,
}

/// How an invited user becomes an active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// With the first link she redeems: for portals without passwords.
    Link,
    /// With her first password: the default.
    Password,
}

/// What a link does in a browser that did not ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherBrowser {
    /// Signs in after a press of a button: the default.
    Button,
    /// Also wants the code that stands in the mail: for portals whose mail is scanned by machines that press buttons.
    Code,
    /// Signs nobody in.
    Off,
}

/// How often one may ask for a mail, visibly (429).
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// `ASK_PER_MINUTE`: per address and network.
    pub per_minute: u64,
    /// `ASK_PER_HOUR`: per address and network.
    pub per_hour: u64,
    /// `ASK_PER_NETWORK_HOUR`: per network.
    pub per_network_hour: u64,
}

/// How much is mailed, silently limited, and from where.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// `MAIL_FROM`: the sender's address.
    pub from: EmailAddress,
    /// `MAIL_CONFIGURATION_SET`: SES's configuration set, which says where bounces go and that links stay as they are.
    pub configuration_set: String,
    /// `MAIL_PER_HOUR`: to one address.
    pub per_hour: u64,
    /// `MAIL_PER_DAY`: to one address.
    pub per_day: u64,
    /// `MAIL_PER_DAY_PORTAL`: self-requested, for the whole portal.
    pub per_day_portal: u64,
    /// `MAIL_DAYS`: how long the delivery log is kept, 1 to 365 days.
    pub kept: Duration,
}

impl Config {
    /// Reads all variables.
    ///
    /// # Errors
    /// The first variable that is missing or out of bounds, in a sentence.
    pub fn read(env: &Env) -> Result<Self, StartError> {
        let read = Reader(env);
        let frontend = read.optional("FRONTEND_URL", AN_ORIGIN, origin)?;
        let mut allowed =
            read.optional("ALLOWED_ORIGINS", "origins separated by commas alone", origins)?.unwrap_or_default();
        allowed.extend(frontend.clone());
        Ok(Self {
            portal: read.required(
                "PORTAL",
                "1 to 32 of a-z, 0-9 and hyphen, starting with a letter",
                PortalName::parse,
            )?,
            site: Site {
                public: read.optional("PUBLIC_URL", AN_ORIGIN, origin)?,
                frontend,
                login_path: read.required("LOGIN_PATH", A_PATH, path)?,
                dashboard_path: read.required("DASHBOARD_PATH", A_PATH, path)?,
                allowed,
            },
            brand: Brand {
                name: read.required("PORTAL_NAME", "1 to 60 printable characters", title)?,
                accent: read.required("ACCENT_COLOR", "a colour like #0b5cad", color)?,
                logo: read.optional("LOGO_URL", "an https URL", https_url)?,
            },
            links: Links {
                lifetime: read.span("LINK_MINUTES", MINUTE, 1..=1440)?,
                code_attempts: read.number("CODE_ATTEMPTS", 1..=10)?,
                other_browser: read.required("OTHER_BROWSER", "button, code or off", OtherBrowser::parse)?,
                activation: read.required("ACTIVATION", "link or password", Activation::parse)?,
            },
            session_lifetime: read.span("SESSION_HOURS", HOUR, 1..=87_660)?,
            asking: Asking {
                per_minute: read.number("ASK_PER_MINUTE", 1..=60)?,
                per_hour: read.number("ASK_PER_HOUR", 1..=1000)?,
                per_network_hour: read.number("ASK_PER_NETWORK_HOUR", 1..=100_000)?,
            },
            mail: Mailing {
                from: read.required("MAIL_FROM", "a mail address", EmailAddress::parse)?,
                configuration_set: read.required("MAIL_CONFIGURATION_SET", "the name of a configuration set", some)?,
                per_hour: read.number("MAIL_PER_HOUR", 1..=1000)?,
                per_day: read.number("MAIL_PER_DAY", 1..=10_000)?,
                per_day_portal: read.number("MAIL_PER_DAY_PORTAL", 1..=1_000_000)?,
                kept: read.span("MAIL_DAYS", DAY, 1..=365)?,
            },
            audit_kept: read.span("AUDIT_DAYS", DAY, 1..=3650)?,
            table_prefix: read.required("TABLE_PREFIX", "the first part of the tables' names", some)?,
            key_ring_secret: read.required("KEY_RING_SECRET", "the name or ARN of a secret", some)?,
        })
    }
}

impl Activation {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "link" => Some(Self::Link),
            "password" => Some(Self::Password),
            _ => None,
        }
    }
}

impl OtherBrowser {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "button" => Some(Self::Button),
            "code" => Some(Self::Code),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

const AN_ORIGIN: &str = "an origin like https://portal.example.com (http only on localhost), with nothing after it";
const A_PATH: &str = "a path that starts with one slash";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Only as browsers spell it: API Gateway compares the text.
fn origin(text: &str) -> Option<Origin> {
    Origin::parse(text).filter(|origin| origin.as_str() == text)
}

fn origins(text: &str) -> Option<Vec<Origin>> {
    text.split(',').map(origin).collect()
}

fn path(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\\?#".contains(&b));
    (text.starts_with('/') && !text.starts_with("//") && plain).then(|| text.to_owned())
}

fn title(text: &str) -> Option<String> {
    (text.chars().count() <= 60 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

fn https_url(text: &str) -> Option<String> {
    url::Url::parse(text).ok().filter(|url| url.scheme() == "https").map(Into::into)
}

struct Reader<'a>(&'a Env);

impl Reader<'_> {
    fn optional<T>(&self, name: &str, wanted: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StartError> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let parsed = parse(text).ok_or_else(|| StartError(format!("{name} is '{text}', but must be {wanted}.")))?;
        Ok(Some(parsed))
    }

    fn required<T>(&self, name: &str, wanted: &str, parse: fn(&str) -> Option<T>) -> Result<T, StartError> {
        self.optional(name, wanted, parse)?
            .ok_or_else(|| StartError(format!("{name} is not set, but must be {wanted}.")))
    }

    fn number(&self, name: &str, bounds: RangeInclusive<u64>) -> Result<u64, StartError> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let number = self.required(name, &wanted, |text| text.parse().ok())?;
        if bounds.contains(&number) {
            return Ok(number);
        }
        Err(StartError(format!("{name} is {number}, but must be {wanted}.")))
    }

    fn span(&self, name: &str, unit: u64, bounds: RangeInclusive<u64>) -> Result<Duration, StartError> {
        Ok(Duration::from_secs(self.number(name, bounds)? * unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::randomness::Random;
    use std::collections::BTreeMap;

    const GOOD: [(&str, &str); 26] = [
        ("ACTIVATION", "link"),
        ("MAIL_CONFIGURATION_SET", "vestibule-mail"),
        ("PORTAL", "partner"),
        ("PORTAL_NAME", "Partner"),
        ("PUBLIC_URL", "https://login.example.com"),
        ("FRONTEND_URL", "https://portal.example.com"),
        ("LOGIN_PATH", "/login"),
        ("DASHBOARD_PATH", "/"),
        ("ALLOWED_ORIGINS", "https://a.example.com,https://b.example.com"),
        ("ACCENT_COLOR", "#0b5cad"),
        ("LOGO_URL", "https://cdn.example.com/logo.svg"),
        ("MAIL_FROM", "no-reply@example.com"),
        ("LINK_MINUTES", "15"),
        ("CODE_ATTEMPTS", "5"),
        ("OTHER_BROWSER", "button"),
        ("SESSION_HOURS", "24"),
        ("ASK_PER_MINUTE", "1"),
        ("ASK_PER_HOUR", "5"),
        ("ASK_PER_NETWORK_HOUR", "200"),
        ("MAIL_PER_HOUR", "15"),
        ("MAIL_PER_DAY", "40"),
        ("MAIL_PER_DAY_PORTAL", "1000"),
        ("MAIL_DAYS", "30"),
        ("AUDIT_DAYS", "400"),
        ("TABLE_PREFIX", "vestibule"),
        ("KEY_RING_SECRET", "vestibule-key-ring"),
    ];

    fn read_with(name: &str, value: &str) -> Result<Config, StartError> {
        let mut variables: BTreeMap<_, _> = GOOD.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        variables.insert(name.to_owned(), value.to_owned());
        Config::read(&Env::new(variables, Clock::system(), Random::system()))
    }

    #[test]
    fn the_frontend_is_always_allowed() {
        let config = read_with("PORTAL", "partner").unwrap();
        let allowed: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
        assert_eq!(allowed, ["https://a.example.com", "https://b.example.com", "https://portal.example.com"]);
    }

    #[test]
    fn what_may_be_left_out_may_and_nothing_else() {
        let optional = ["PUBLIC_URL", "FRONTEND_URL", "ALLOWED_ORIGINS", "LOGO_URL"];
        for (name, _) in GOOD {
            let read = read_with(name, "");
            if optional.contains(&name) {
                assert!(read.is_ok(), "{name}");
            } else {
                let error = read.unwrap_err().to_string();
                assert!(error.starts_with(name) && error.contains("is not set"), "{error}");
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
            ("ALLOWED_ORIGINS", "https://a.example.com, https://b.example.com"),
            ("ACCENT_COLOR", "red}body{display:none"),
            ("LOGO_URL", "http://cdn.example.com/logo.svg"),
            ("MAIL_FROM", "no-reply"),
            ("LINK_MINUTES", "0"),
            ("LINK_MINUTES", "1441"),
            ("CODE_ATTEMPTS", "11"),
            ("OTHER_BROWSER", "maybe"),
            ("SESSION_HOURS", "87661"),
            ("SESSION_HOURS", "-1"),
            ("ASK_PER_MINUTE", "0"),
            ("MAIL_DAYS", "0"),
            ("AUDIT_DAYS", "x"),
        ] {
            let error = read_with(name, value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name} is ")) && error.contains("must be"), "{error}");
        }
    }
}
