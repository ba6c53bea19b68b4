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
mod tests {
    use super::*;

    /// Made by the reference implementation: `echo -n <password> | argon2 <salt> -id -t <t> -k <m>
    /// -p <p> -l <length> -e`.
    const REFERENCE: [(&str, &str); 5] = [
        (
            "password",
            "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw\
             $9iBLzuApLFRzr3bOvFkEWfh9ZzjT0WZNwad70kzTAV0",
        ),
        (
            "password",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\
             $cpx6VEQbwTVZvcpxNIxOVUWZ5xnAipUmAe1cg2GMG70",
        ),
        (
            "Pässe 🎉 語",
            "$argon2id$v=19$m=256,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$B1/oP+WWowR5A9ZMi+jBPw",
        ),
        (
            "lanes",
            "$argon2id$v=19$m=128,t=2,p=4$MDEyMzQ1Njc4OWFiY2RlZg\
             $67GDPgoXkpbUJ6hPPD5vOLUKsz5MmEd/PIeRr2U8guDP\
             E2UuSnFYfesRAeZKXO4MdFGVxu/L030fug76+elL0A",
        ),
        (
            " ",
            "$argon2id$v=19$m=32,t=1,p=1$YSBzYWx0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE\
             $oSH+iEEiiFb10EZunr75wXNGxZFQtg4I",
        ),
    ];

    const CHEAP: Argon2Params = Argon2Params {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    const CHEAPER: Argon2Params = Argon2Params {
        memory_kib: 32,
        passes: 2,
        lanes: 1,
    };
    const OTHER: Argon2Params = Argon2Params {
        memory_kib: 64,
        passes: 2,
        lanes: 1,
    };

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    fn hash(costs: Argon2Params, text: &str) -> PasswordHash {
        Hasher::new(costs, None).hash(&password(text), *b"0123456789abcdef")
    }

    #[test]
    fn hashes_of_the_reference_implementation_verify() {
        for (text, phc) in REFERENCE {
            let stored = PasswordHash::parse(phc).unwrap();
            let hasher = Hasher::new(stored.costs(), None);
            assert_eq!(
                hasher.verify(&password(text), Some(&stored)),
                PasswordCheck::Match,
                "{phc}"
            );
            assert_eq!(
                hasher.verify(&password("another"), Some(&stored)),
                PasswordCheck::NoMatch,
                "{phc}"
            );
        }
    }

    #[test]
    fn hashes_are_those_of_the_reference_implementation() {
        let (text, phc) = REFERENCE[0];
        let ours = Hasher::new(Argon2Params::parse("m=19456,t=2,p=1").unwrap(), None)
            .hash(&password(text), *b"sixteen bytes ok");
        assert_eq!(ours.as_str(), phc);
    }

    #[test]
    fn the_test_vector_of_rfc_9106_is_met() {
        // Section 5.3 has a secret and associated data, which PHC strings lack: this tests the
        // crate alone.
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon2 =
            Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2
            .hash_password_into(&[1; 32], &[2; 16], &mut tag)
            .unwrap();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    #[test]
    fn a_hash_matches_only_its_password_and_says_when_it_needs_a_rehash() {
        let hasher = Hasher::new(CHEAP, Some(CHEAPER));
        let (new, old, foreign) = (
            hash(CHEAP, "open"),
            hash(CHEAPER, "open"),
            hash(OTHER, "open"),
        );
        let checks = |text| {
            [Some(&new), Some(&old), Some(&foreign), None]
                .map(|stored| hasher.verify(&password(text), stored))
        };
        assert_eq!(
            checks("open"),
            [
                PasswordCheck::Match,
                PasswordCheck::MatchNeedsRehash,
                PasswordCheck::NoMatch,
                PasswordCheck::NoMatch
            ]
        );
        assert_eq!(checks("Open"), [PasswordCheck::NoMatch; 4]);
        assert_eq!(
            [&new, &old, &foreign].map(|stored| hasher.accepts(stored)),
            [true, true, false]
        );
    }

    #[test]
    fn the_computations_are_the_same_whatever_is_stored() {
        let stored = [
            Some(hash(CHEAP, "open")),
            Some(hash(CHEAPER, "open")),
            Some(hash(OTHER, "open")),
            None,
        ];
        for (previous, each) in [(None, 1), (Some(CHEAPER), 2), (Some(CHEAP), 1)] {
            for stored in &stored {
                for text in ["open", "shut"] {
                    let hasher = Hasher::new(CHEAP, previous);
                    hasher.verify(&password(text), stored.as_ref());
                    assert_eq!(hasher.computed(), each, "{previous:?} {text}");
                }
            }
        }
    }

    #[test]
    fn the_password_of_the_dummy_hash_does_not_match() {
        let mut tag = [0; 32];
        tag.copy_from_slice(hash(CHEAP, "open").output.as_bytes());
        let hasher = Hasher {
            dummy: (*b"0123456789abcdef", tag),
            ..Hasher::new(CHEAP, None)
        };
        for stored in [None, Some(hash(OTHER, "open"))] {
            assert_eq!(
                hasher.verify(&password("open"), stored.as_ref()),
                PasswordCheck::NoMatch
            );
        }
        assert_eq!(
            hasher.verify(&password("open"), Some(&hash(CHEAP, "open"))),
            PasswordCheck::Match
        );
    }

    #[test]
    fn another_salt_gives_another_hash_and_one_changed_bit_does_not_match() {
        let hasher = Hasher::new(CHEAP, None);
        let one = hash(CHEAP, "open");
        assert_ne!(
            hasher.hash(&password("open"), [0; 16]).as_str(),
            one.as_str()
        );
        for at in [0, 31] {
            let mut bytes: [u8; 32] = one.output.as_bytes().try_into().unwrap();
            bytes[at] ^= 1;
            let near = build(CHEAP, *b"0123456789abcdef", bytes).unwrap();
            assert_eq!(
                hasher.verify(&password("open"), Some(&near)),
                PasswordCheck::NoMatch,
                "byte {at}"
            );
        }
    }

    #[test]
    fn a_hash_parses_only_in_its_canonical_spelling() {
        let one = hash(CHEAP, "open");
        assert_eq!(
            PasswordHash::parse(one.as_str()).unwrap().as_str(),
            one.as_str()
        );
        let good = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                    $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(PasswordHash::parse(good).is_some());
        for (part, instead) in [
            ("$argon2id", "$argon2i"),
            ("$argon2id", "argon2id"),
            ("$argon2id", "$argon2id$argon2id"),
            ("$v=19", "$v=16"),
            ("$v=19", "$v=019"),
            ("$v=19", "$v=+19"),
            ("$v=19", ""),
            ("m=64,t=1,p=1", "t=1,m=64,p=1"),
            ("m=64,t=1,p=1", "m=064,t=1,p=1"),
            ("m=64,t=1,p=1", "m=64,t=1"),
            ("m=64,t=1,p=1", "m=64,t=1,p=1,keyid=AAAA"),
            ("m=64,t=1,p=1", "m=64,m=64,t=1,p=1"),
            ("m=64,t=1,p=1", "m=7,t=1,p=1"),
            ("m=64,t=1,p=1", "m=64,t=0,p=1"),
            ("m=64,t=1,p=1", "m=64,t=1,p=0"),
            ("m=64,t=1,p=1", "m=4294967295,t=1,p=1"),
            ("m=64,t=1,p=1", "m=64,t=4294967295,p=1"),
            ("m=64,t=1,p=1", "m=99999999999,t=1,p=1"),
            ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZg=="),
            ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZh"),
            ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEy"),
            ("MDEyMzQ1Njc4OWFiY2RlZg", ""),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAA",
            ),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$",
            ),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
            ),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
            ),
        ] {
            let bad = good.replacen(part, instead, 1);
            assert_ne!(bad, good);
            assert!(PasswordHash::parse(&bad).is_none(), "{bad}");
        }
        for bad in [
            "",
            "$",
            "hunter2",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=64,t=1,p=1",
        ] {
            assert!(PasswordHash::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parameters_parse_only_in_their_canonical_spelling_within_bounds() {
        assert_eq!(
            Argon2Params::parse("m=19456,t=2,p=1"),
            Some(Argon2Params {
                memory_kib: 19_456,
                passes: 2,
                lanes: 1
            })
        );
        for bad in [
            "",
            "m=19456",
            "m=19456,t=2",
            "m=19456,t=2,p=1,",
            " m=19456,t=2,p=1",
            "m=19456, t=2, p=1",
            "m=19456,t=2,p=1,keyid=AAAA",
            "t=2,m=19456,p=1",
            "m=19456,t=+2,p=1",
            "m=31,t=2,p=4",
            "m=131073,t=2,p=1",
            "m=19456,t=11,p=1",
            "m=19456,t=2,p=17",
        ] {
            assert_eq!(Argon2Params::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_hash_prints_as_redacted() {
        assert_eq!(format!("{:?}", hash(CHEAP, "open")), "[redacted]");
    }
}
