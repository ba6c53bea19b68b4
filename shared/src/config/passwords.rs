//! Requirements on passwords, the cost of their hashes, and limits on guessing them.

use super::StartError;
use super::reader::Reader;
use crate::domain::password::hash::Argon2Params;

/// Requirements on passwords, the cost of their hashes, and limits on guessing them.
#[derive(Clone, Copy, Debug)]
pub struct PasswordConfig {
    /// `PASSWORD_MINIMUM`: minimum length of a new password in characters, 8 to 64.
    pub min_length: usize,
    /// `ARGON2_MEMORY_KIB` and `ARGON2_PASSES`: 7168 to 131072 KiB and 1 to 10 passes.
    pub costs: Argon2Params,
    /// `PREVIOUS_ARGON2`: the parameters of hashes that are still stored from before, such as
    /// `m=19456,t=2,p=1`.
    pub previous: Option<Argon2Params>,
    /// `PASSWORD_ATTEMPTS`: attempts at one address from one network per 15 minutes.
    pub attempts: u64,
    /// `PASSWORD_FAILURES`: attempts at one address since its user last signed in.
    pub failures: u64,
    /// `PASSWORD_PER_NETWORK_HOUR`: wrong passwords from one network per hour. The row that counts
    /// them has an attribute for each address.
    pub per_network_hour: u64,
}

impl PasswordConfig {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            min_length: read.size("PASSWORD_MINIMUM", 8..=64)?,
            costs: Argon2Params {
                memory_kib: read.size("ARGON2_MEMORY_KIB", 7168..=131_072)?,
                passes: read.size("ARGON2_PASSES", 1..=10)?,
                lanes: 1,
            },
            previous: read.optional(
                "PREVIOUS_ARGON2",
                "Argon2 parameters like m=19456,t=2,p=1",
                previous,
            )?,
            attempts: read.number("PASSWORD_ATTEMPTS", 1..=1000)?,
            failures: read.number("PASSWORD_FAILURES", 10..=10_000)?,
            per_network_hour: read.number("PASSWORD_PER_NETWORK_HOUR", 1..=1000)?,
        })
    }
}

/// Accepts parameters with as much memory as the largest number of lanes needs.
fn previous(text: &str) -> Option<Argon2Params> {
    Argon2Params::parse(text).filter(|params| params.memory_kib >= 128)
}
