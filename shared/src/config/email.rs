//! The sender of emails, their silent limits, and the retention of the delivery log.

use super::StartError;
use super::reader::Reader;
use crate::domain::address::EmailAddress;
use crate::domain::time::DAY;
use std::time::Duration;

/// The sender of emails, their silent limits, and the retention of the delivery log.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// `EMAIL_FROM`: the sender's address.
    pub from: EmailAddress,
    /// `EMAIL_CONFIGURATION_SET`: SES's configuration set, which receives bounces and leaves links
    /// untouched.
    pub configuration_set: String,
    /// `EMAILS_PER_HOUR`: to one address.
    pub per_hour: u64,
    /// `EMAILS_PER_DAY`: to one address.
    pub per_day: u64,
    /// `EMAILS_PER_DAY_PORTAL`: self-requested emails of the whole portal.
    pub per_day_portal: u64,
    /// `EMAIL_DAYS`: retention of the delivery log, 1 to 365 days.
    pub retention: Duration,
}

impl EmailConfig {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            from: read.required("EMAIL_FROM", "an email address", EmailAddress::parse)?,
            configuration_set: read.text(
                "EMAIL_CONFIGURATION_SET",
                "the name of an SES configuration set",
            )?,
            per_hour: read.number("EMAILS_PER_HOUR", 1..=1000)?,
            per_day: read.number("EMAILS_PER_DAY", 1..=10_000)?,
            per_day_portal: read.number("EMAILS_PER_DAY_PORTAL", 1..=1_000_000)?,
            retention: read.duration("EMAIL_DAYS", DAY, 1..=365)?,
        })
    }
}
