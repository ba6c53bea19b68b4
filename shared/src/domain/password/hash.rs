//! Hashing passwords: Argon2id (RFC 9106), stored as PHC strings.
//!
//! A computation blocks the thread for tens of milliseconds of CPU time. Lambda gives a process one
//! request at a time, so no other request waits for it.

use crate::domain::password::Password;
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use subtle::ConstantTimeEq;

/// The parameters of Argon2id, which are the cost of one computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    /// `m`: memory in KiB, at least 8 per lane.
    pub memory_kib: u32,
    /// `t`: passes over the memory.
    pub passes: u32,
    /// `p`: lanes. They are computed one after the other.
    pub lanes: u32,
}

impl Argon2Params {
    /// Maximum of each parameter, so that memory and time of an invocation suffice.
    const MAX: Self = Self {
        memory_kib: 131_072,
        passes: 10,
        lanes: 16,
    };

    /// Parses `m=19456,t=2,p=1`, in this order and spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let params: ParamsString = text.parse().ok()?;
        Self::from_phc(&params).filter(|costs| costs.to_string() == text)
    }

    /// Reads the parameters if they are within bounds. The caller checks their order, and that
    /// there are no others.
    fn from_phc(params: &ParamsString) -> Option<Self> {
        let number = |name| params.get_decimal(name);
        let costs = Self {
            memory_kib: number("m")?,
            passes: number("t")?,
            lanes: number("p")?,
        };
        let is_within_bounds = costs.lanes >= 1
            && costs.lanes <= Self::MAX.lanes
            && costs.memory_kib >= 8 * costs.lanes
            && costs.memory_kib <= Self::MAX.memory_kib
            && costs.passes >= 1
            && costs.passes <= Self::MAX.passes;
        is_within_bounds.then_some(costs)
    }

    /// Computes a hash of the length of `out`, once.
    fn compute(self, password: &Password, salt: &[u8], out: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "parameters, salts and outputs have lengths that Argon2 accepts"
        )]
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)
            .expect("the parameters were checked");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        #[expect(
            clippy::expect_used,
            reason = "without the memory there is no result, not even a wrong one"
        )]
        argon2
            .hash_password_into(password.expose().as_bytes(), salt, out)
            .expect("the memory is available");
    }
}

impl fmt::Display for Argon2Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "m={},t={},p={}",
            self.memory_kib, self.passes, self.lanes
        )
    }
}

/// The stored hash of a password in its canonical spelling:
/// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. `Debug` prints `[redacted]`, because anybody who
/// has the hash can try passwords against it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    text: String,
    costs: Argon2Params,
    salt: Salt,
    output: Output,
}

impl PasswordHash {
    /// Parses a PHC string: Argon2id version 19, a salt of 8 to 48 bytes, a hash of 16 to 64 bytes,
    /// and parameters within bounds. Returns `None` for anything else, including other spellings.
    pub fn parse(text: &str) -> Option<Self> {
        let phc = phc::PasswordHash::new(text).ok()?;
        let is_argon2id =
            phc.algorithm == ARGON2ID_IDENT && phc.version == Some(Version::V0x13.into());
        let costs = Argon2Params::from_phc(&phc.params)?;
        let is_canonical = phc.to_string() == text && phc.params.to_string() == costs.to_string();
        let salt = phc.salt?;
        let output = phc.hash?;
        (is_argon2id && is_canonical && output.len() >= 16).then(|| Self {
            text: text.to_owned(),
            costs,
            salt,
            output,
        })
    }

    /// Returns the PHC string, for the table. Never log it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the parameters that the hash was computed with.
    pub const fn costs(&self) -> Argon2Params {
        self.costs
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The result of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    Match,
    /// The password matches, but its hash has the previous parameters. Store a new one.
    MatchNeedsRehash,
    /// The password does not match, or there is no hash.
    NoMatch,
}

/// Computes hashes with the current parameters, and verifies those of the previous ones.
#[derive(Debug)]
pub struct Hasher {
    current: Argon2Params,
    previous: Option<Argon2Params>,
    /// Salt and hash to compare with if no hash is stored. No password is known for them, and a
    /// match does not count.
    dummy: ([u8; 16], [u8; 32]),
    counter: Arc<AtomicU64>,
}

impl Hasher {
    /// Returns a hasher for `current` that also verifies hashes of `previous`.
    pub fn new(current: Argon2Params, previous: Option<Argon2Params>) -> Self {
        let previous = previous.filter(|costs| *costs != current);
        Self {
            current,
            previous,
            dummy: ([0x5a; 16], [0xa5; 32]),
            counter: Arc::default(),
        }
    }

    /// Counts the computations in `counter`.
    #[must_use]
    pub fn with_counter(self, counter: Arc<AtomicU64>) -> Self {
        Self { counter, ..self }
    }

    /// Computes the hash to store. Every password needs a new random `salt`.
    pub fn hash(&self, password: &Password, salt: [u8; 16]) -> PasswordHash {
        let mut bytes = [0; 32];
        self.compute(self.current, password, &salt, &mut bytes);
        #[expect(
            clippy::expect_used,
            reason = "PHC strings hold salts of 16 and hashes of 32 bytes"
        )]
        build(self.current, salt, bytes).expect("a PHC string of a checked hash")
    }

    /// Compares a password with a stored hash. The computations are the same whether or not a hash
    /// is stored: one with the current parameters, and one with the previous ones if there are any.
    /// The duration therefore says nothing about the account.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> PasswordCheck {
        let mut check = PasswordCheck::NoMatch;
        let outcomes = [
            (Some(self.current), PasswordCheck::Match),
            (self.previous, PasswordCheck::MatchNeedsRehash),
        ];
        for (costs, on_match) in outcomes
            .into_iter()
            .filter_map(|(costs, on_match)| Some((costs?, on_match)))
        {
            let stored = stored.filter(|stored| stored.costs == costs);
            let dummy: (&[u8], &[u8]) = (&self.dummy.0, &self.dummy.1);
            let (salt, expected) = stored.map_or(dummy, |stored| {
                (stored.salt.as_ref(), stored.output.as_bytes())
            });
            let mut bytes = vec![0; expected.len()];
            self.compute(costs, password, salt, &mut bytes);
            let is_equal = bool::from(bytes.ct_eq(expected));
            if is_equal && stored.is_some() {
                check = on_match;
            }
        }
        check
    }

    /// Returns whether passwords can be verified with this hash. A hash with other parameters never
    /// matches, so an import rejects it.
    pub fn accepts(&self, stored: &PasswordHash) -> bool {
        stored.costs == self.current || Some(stored.costs) == self.previous
    }

    /// Returns the number of hashes computed so far.
    pub fn computed(&self) -> u64 {
        self.counter.load(Ordering::Relaxed)
    }

    fn compute(&self, costs: Argon2Params, password: &Password, salt: &[u8], out: &mut [u8]) {
        costs.compute(password, salt, out);
        self.counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn build(costs: Argon2Params, salt: [u8; 16], bytes: [u8; 32]) -> Option<PasswordHash> {
    let phc = phc::PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: costs.to_string().parse().ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&bytes).ok()?),
    };
    PasswordHash::parse(&phc.to_string())
}

#[cfg(test)]
mod tests;
