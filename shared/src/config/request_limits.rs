//! Limits on requesting emails that callers can see (429).

use super::StartError;
use super::reader::Reader;

/// Limits on requesting emails that callers can see (429).
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// `REQUESTS_PER_MINUTE`: per address and network.
    pub per_minute: u64,
    /// `REQUESTS_PER_HOUR`: per address and network.
    pub per_hour: u64,
    /// `REQUESTS_PER_NETWORK_HOUR`: per network, over all addresses.
    pub per_network_hour: u64,
    /// `SIGN_UPS_PER_DAY`: per mailbox, whatever tag its address carries.
    pub sign_ups_per_day: u64,
}

impl RequestLimits {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            per_minute: read.number("REQUESTS_PER_MINUTE", 1..=60)?,
            per_hour: read.number("REQUESTS_PER_HOUR", 1..=1000)?,
            per_network_hour: read.number("REQUESTS_PER_NETWORK_HOUR", 1..=100_000)?,
            sign_ups_per_day: read.number("SIGN_UPS_PER_DAY", 1..=1000)?,
        })
    }
}
