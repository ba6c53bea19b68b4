//! Every environment variable, read and checked once at the start. A bad one stops the start with a
//! sentence that names it. The template's parameters have the same names in `PascalCase`.

mod brand;
mod email;
mod links;
mod passwords;
mod reader;
mod request_limits;
mod site;

pub use brand::Brand;
pub use email::EmailConfig;
pub use links::{Activation, LinkConfig, OtherBrowser};
pub use passwords::PasswordConfig;
pub use request_limits::RequestLimits;

use crate::domain::portal::PortalName;
use crate::domain::site::Site;
use crate::domain::time::{DAY, HOUR};
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
    pub brand: Brand,
    pub links: LinkConfig,
    /// `SESSION_HOURS`: lifetime of a session, 1 hour to 10 years.
    pub session_lifetime: Duration,
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
        Ok(Self {
            portal: read.required("PORTAL", wanted, PortalName::parse)?,
            site: site::read_site(&read)?,
            brand: Brand::read(&read)?,
            links: LinkConfig::read(&read)?,
            session_lifetime: read.duration("SESSION_HOURS", HOUR, 1..=87_660)?,
            passwords: PasswordConfig::read(&read)?,
            request_limits: RequestLimits::read(&read)?,
            email: EmailConfig::read(&read)?,
            audit_retention: read.duration("AUDIT_DAYS", DAY, 1..=3650)?,
            table_prefix: read.text("TABLE_PREFIX", "the prefix of the table names")?,
            key_ring_secret: read.text("KEY_RING_SECRET", "the name or ARN of a secret")?,
        })
    }
}

#[cfg(test)]
mod tests;
