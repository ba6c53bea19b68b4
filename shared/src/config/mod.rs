//! Every environment variable, read and checked once, at the start. A bad one stops the start with
//! a sentence that names it. The same names, in `PascalCase`, are the template's parameters.

use crate::domain::address::EmailAddress;
use crate::domain::password::PasswordPolicy;
use crate::domain::password::hash::Argon2Params;
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
    /// `PUBLIC_URL`, `FRONTEND_URL`, `LOGIN_PATH`, `DASHBOARD_PATH`, `ALLOWED_ORIGINS`: where
    /// things are.
    pub site: Site,
    /// How pages and mails look.
    pub brand: Brand,
    /// How links behave.
    pub links: LinkConfig,
    /// `SESSION_HOURS`: how long a session lasts, 1 hour to 10 years.
    pub session_lifetime: Duration,
    /// What a password must be, and what its hash costs.
    pub passwords: PasswordConfig,
    /// How often one may ask.
    pub request_limits: RequestLimits,
    /// How much is mailed, and from where.
    pub email: EmailConfig,
    /// `AUDIT_DAYS`: how long the audit is kept, 1 to 3650 days.
    pub audit_retention: Duration,
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
pub struct LinkConfig {
    /// `LINK_MINUTES`: how long a link and its code work, 1 to 1440 minutes.
    pub lifetime: Duration,
    /// `CODE_ATTEMPTS`: how many codes may be tried for one link, 1 to 10.
    pub code_attempts: u64,
    /// `OTHER_BROWSER`: what a link does in a browser that did not ask for it.
    pub other_browser: OtherBrowser,
    /// `ACTIVATION_HOURS`: how long an invitation's link works, 1 to 720 hours.
    pub activation_lifetime: Duration,
    /// `RESET_MINUTES`: how long a link for another password works, 5 to 1440 minutes.
    pub reset_lifetime: Duration,
    /// `ACTIVATION`: how an invited user becomes an active one.
    pub activation: Activation,
    /// `SELF_SIGN_UP`: whether anybody may become a user.
    pub sign_up: bool,
    /// `ACTIVATE_URL`: the frontend's page for invitations, which gets the link's token after
    /// `#token=`.
    pub activate_url: Option<String>,
    /// `RESET_URL`: the same for another password.
    pub reset_url: Option<String>,
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
    /// Also wants the code that stands in the mail: for portals whose mail is scanned by machines
    /// that press buttons.
    Code,
    /// Signs nobody in.
    Off,
}

/// What a password must be, and what its hash costs.
#[derive(Clone, Copy, Debug)]
pub struct PasswordConfig {
    /// `PASSWORD_MINIMUM`: the fewest characters of a new one, 8 to 64.
    pub min_length: usize,
    /// `ARGON2_MEMORY_KIB` and `ARGON2_PASSES`: what hashing one costs, 7168 to 131072 KiB and 1 to
    /// 10 passes over them.
    pub costs: Argon2Params,
    /// `PREVIOUS_ARGON2`: what it cost before, while such hashes are still stored, such as
    /// `m=19456,t=2,p=1`.
    pub previous: Option<Argon2Params>,
    /// `PASSWORD_ATTEMPTS`: how many attempts an address takes in a quarter of an hour.
    pub attempts: u64,
    /// `PASSWORD_FAILURES`: how many wrong ones in a row an address takes, until a mailed link is
    /// used.
    pub failures: u64,
    /// `PASSWORD_PER_NETWORK_HOUR`: how many wrong ones a network may try, an hour.
    pub per_network_hour: u64,
}

/// How often one may ask for a mail, visibly (429).
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// `REQUESTS_PER_MINUTE`: per address and network.
    pub per_minute: u64,
    /// `REQUESTS_PER_HOUR`: per address and network.
    pub per_hour: u64,
    /// `REQUESTS_PER_NETWORK_HOUR`: per network.
    pub per_network_hour: u64,
    /// `SIGN_UPS_PER_DAY`: per mailbox, whatever tag its address carries.
    pub sign_ups_per_day: u64,
}

/// How much is mailed, silently limited, and from where.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// `EMAIL_FROM`: the sender's address.
    pub from: EmailAddress,
    /// `EMAIL_CONFIGURATION_SET`: SES's configuration set, which says where bounces go and that
    /// links stay as they are.
    pub configuration_set: String,
    /// `EMAILS_PER_HOUR`: to one address.
    pub per_hour: u64,
    /// `EMAILS_PER_DAY`: to one address.
    pub per_day: u64,
    /// `EMAILS_PER_DAY_PORTAL`: self-requested, for the whole portal.
    pub per_day_portal: u64,
    /// `EMAIL_DAYS`: how long the delivery log is kept, 1 to 365 days.
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
        let mut allowed = read
            .optional(
                "ALLOWED_ORIGINS",
                "origins separated by commas, without spaces",
                origins,
            )?
            .unwrap_or_default();
        allowed.extend(frontend.clone());
        Ok(Self {
            portal: read.required(
                "PORTAL",
                "1 to 32 lowercase letters, digits and hyphens, starting with a letter",
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
                accent: read.required("ACCENT_COLOR", "a color like #0b5cad", color)?,
                logo: read.optional("LOGO_URL", "an https URL", https_url)?,
            },
            links: LinkConfig {
                lifetime: read.span("LINK_MINUTES", MINUTE, 1..=1440)?,
                code_attempts: read.number("CODE_ATTEMPTS", 1..=10)?,
                other_browser: read.required(
                    "OTHER_BROWSER",
                    "button, code or off",
                    OtherBrowser::parse,
                )?,
                activation_lifetime: read.span("ACTIVATION_HOURS", HOUR, 1..=720)?,
                reset_lifetime: read.span("RESET_MINUTES", MINUTE, 5..=1440)?,
                activation: read.required("ACTIVATION", "link or password", Activation::parse)?,
                sign_up: read.required("SELF_SIGN_UP", "on or off", on_or_off)?,
                activate_url: read.optional("ACTIVATE_URL", A_PAGE, page_url)?,
                reset_url: read.optional("RESET_URL", A_PAGE, page_url)?,
            },
            session_lifetime: read.span("SESSION_HOURS", HOUR, 1..=87_660)?,
            passwords: PasswordConfig {
                min_length: read.size("PASSWORD_MINIMUM", 8..=64)?,
                costs: Argon2Params {
                    memory_kib: read.size("ARGON2_MEMORY_KIB", 7168..=131_072)?,
                    passes: read.size("ARGON2_PASSES", 1..=10)?,
                    lanes: 1,
                },
                previous: read.optional(
                    "PREVIOUS_ARGON2",
                    "Argon2 parameters like m=19456,t=2,p=1",
                    Argon2Params::parse,
                )?,
                attempts: read.number("PASSWORD_ATTEMPTS", 1..=1000)?,
                failures: read.number("PASSWORD_FAILURES", 10..=10_000)?,
                per_network_hour: read.number("PASSWORD_PER_NETWORK_HOUR", 1..=100_000)?,
            },
            request_limits: RequestLimits {
                per_minute: read.number("REQUESTS_PER_MINUTE", 1..=60)?,
                per_hour: read.number("REQUESTS_PER_HOUR", 1..=1000)?,
                per_network_hour: read.number("REQUESTS_PER_NETWORK_HOUR", 1..=100_000)?,
                sign_ups_per_day: read.number("SIGN_UPS_PER_DAY", 1..=1000)?,
            },
            email: EmailConfig {
                from: read.required("EMAIL_FROM", "an email address", EmailAddress::parse)?,
                configuration_set: read.required(
                    "EMAIL_CONFIGURATION_SET",
                    "the name of an SES configuration set",
                    some,
                )?,
                per_hour: read.number("EMAILS_PER_HOUR", 1..=1000)?,
                per_day: read.number("EMAILS_PER_DAY", 1..=10_000)?,
                per_day_portal: read.number("EMAILS_PER_DAY_PORTAL", 1..=1_000_000)?,
                kept: read.span("EMAIL_DAYS", DAY, 1..=365)?,
            },
            audit_retention: read.span("AUDIT_DAYS", DAY, 1..=3650)?,
            table_prefix: read.required("TABLE_PREFIX", "the prefix of the table names", some)?,
            key_ring_secret: read.required(
                "KEY_RING_SECRET",
                "the name or ARN of a secret",
                some,
            )?,
        })
    }
}

impl Config {
    /// What a password that `address` chooses is measured against.
    pub fn password_policy<'a>(&'a self, address: &'a EmailAddress) -> PasswordPolicy<'a> {
        PasswordPolicy {
            min_length: self.passwords.min_length,
            address,
            portal: &self.brand.name,
        }
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

const AN_ORIGIN: &str =
    "an origin like https://portal.example.com, without a path (http only on localhost)";
const A_PAGE: &str = "an https URL (or one on http://localhost) without a fragment";
const A_PATH: &str = "a path that starts with a single slash";

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
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"\\?#".contains(&b));
    (text.starts_with('/') && !text.starts_with("//") && plain).then(|| text.to_owned())
}

fn on_or_off(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// A page that a fragment can be put after.
fn page_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let good = Origin::of(&url).is_some() && url.fragment().is_none() && url.username().is_empty();
    good.then(|| url.into())
}

fn title(text: &str) -> Option<String> {
    (text.chars().count() <= 60 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

fn https_url(text: &str) -> Option<String> {
    url::Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https")
        .map(Into::into)
}

struct Reader<'a>(&'a Env);

impl Reader<'_> {
    fn optional<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StartError> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let parsed = parse(text)
            .ok_or_else(|| StartError(format!("{name} is '{text}', but it must be {wanted}.")))?;
        Ok(Some(parsed))
    }

    fn required<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, StartError> {
        self.optional(name, wanted, parse)?
            .ok_or_else(|| StartError(format!("{name} is not set. It must be {wanted}.")))
    }

    fn number(&self, name: &str, bounds: RangeInclusive<u64>) -> Result<u64, StartError> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let number = self.required(name, &wanted, |text| text.parse().ok())?;
        if bounds.contains(&number) {
            return Ok(number);
        }
        Err(StartError(format!(
            "{name} is {number}, but it must be {wanted}."
        )))
    }

    /// A number of a smaller type, which its bounds fit into.
    fn size<T: TryFrom<u64>>(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<T, StartError> {
        let number = self.number(name, bounds)?;
        T::try_from(number)
            .map_err(|_| StartError(format!("{name} is {number}, but it must be smaller.")))
    }

    fn span(
        &self,
        name: &str,
        unit: u64,
        bounds: RangeInclusive<u64>,
    ) -> Result<Duration, StartError> {
        Ok(Duration::from_secs(self.number(name, bounds)? * unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::random::Random;
    use std::collections::BTreeMap;

    const GOOD: [(&str, &str); 39] = [
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
        ("EMAIL_CONFIGURATION_SET", "vestibule-mail"),
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
        ("EMAIL_FROM", "no-reply@example.com"),
        ("LINK_MINUTES", "15"),
        ("CODE_ATTEMPTS", "5"),
        ("OTHER_BROWSER", "button"),
        ("SESSION_HOURS", "24"),
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
        ("EMAIL_DAYS", "30"),
        ("AUDIT_DAYS", "400"),
        ("TABLE_PREFIX", "vestibule"),
        ("KEY_RING_SECRET", "vestibule-key-ring"),
    ];

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
    fn passwords_are_hashed_at_the_configured_costs_in_one_lane() {
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
    fn what_may_be_left_out_may_and_nothing_else() {
        let optional = [
            "PUBLIC_URL",
            "FRONTEND_URL",
            "ALLOWED_ORIGINS",
            "LOGO_URL",
            "ACTIVATE_URL",
            "RESET_URL",
            "PREVIOUS_ARGON2",
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
            ("EMAIL_FROM", "no-reply"),
            ("LINK_MINUTES", "0"),
            ("LINK_MINUTES", "1441"),
            ("CODE_ATTEMPTS", "11"),
            ("OTHER_BROWSER", "maybe"),
            ("SELF_SIGN_UP", "yes"),
            ("ACTIVATE_URL", "http://portal.example.com/activate"),
            ("RESET_URL", "https://portal.example.com/reset#token=x"),
            ("SESSION_HOURS", "87661"),
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
