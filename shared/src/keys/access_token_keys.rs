//! The keys that sign access tokens: which one signs, and when the others may be retired. Their
//! private halves never leave KMS; the key ring only lists them.

use crate::domain::key_arn::KeyArn;
use crate::domain::time::{HOUR, MINUTE, Timestamp};
use crate::keys::refresh::SIGNING_DELAY;
use serde::Deserialize;
use std::time::Duration;

/// Period for which HTTP caches may keep the published keys.
pub const PUBLIC_KEYS_MAX_AGE: Duration = MINUTE.saturating_mul(5);
/// Maximum lifetime of an access token: the upper bound of `ACCESS_TOKEN_MINUTES`.
const MAX_LIFETIME: Duration = HOUR;
/// Period for which API Gateway's JWT authorizers keep the published keys.
const GATEWAY_CACHE: Duration = HOUR.saturating_mul(2);
/// Period in which a new key is published and does not sign yet. At its end every instance knows
/// the key, and no cache holds a list without it.
const PUBLISHED_BEFORE: Duration = SIGNING_DELAY
    .saturating_add(PUBLIC_KEYS_MAX_AGE)
    .saturating_add(GATEWAY_CACHE);
/// Period in which a superseded key must stay published. At its end every token that it signed has
/// expired, and every cache has been filled again.
const PUBLISHED_AFTER: Duration = MAX_LIFETIME.saturating_add(GATEWAY_CACHE);

/// An entry of `access_token_keys` in the key ring.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredAccessTokenKey {
    arn: String,
    /// Seconds since the Unix epoch.
    added_at: u64,
}

/// A key in KMS that signs, has signed or will sign access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenKey {
    pub arn: KeyArn,
    pub added_at: Timestamp,
}

impl AccessTokenKey {
    /// Returns the key's id in tokens and among the published keys.
    pub fn kid(&self) -> &str {
        self.arn.id()
    }
}

/// The published keys, oldest first. There is at least one.
#[derive(Clone, Debug)]
pub struct AccessTokenKeys {
    first: AccessTokenKey,
    others: Vec<AccessTokenKey>,
}

impl AccessTokenKeys {
    pub(super) fn new(in_ring: &[AccessTokenKey], of_stack: &KeyArn) -> Self {
        let mut keys = in_ring.iter().cloned();
        let of_stack = || AccessTokenKey {
            arn: of_stack.clone(),
            added_at: Timestamp::from_millis(0),
        };
        Self {
            first: keys.next().unwrap_or_else(of_stack),
            others: keys.collect(),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &AccessTokenKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Returns the key that signs at `now`: the newest one that every verifier must know.
    pub fn signing(&self, now: Timestamp) -> &AccessTokenKey {
        let is_known = |key: &&AccessTokenKey| key.added_at.plus(PUBLISHED_BEFORE) <= now;
        let newest = self.others.iter().rev().find(is_known);
        newest.unwrap_or(&self.first)
    }

    /// Returns the time from which a key signs, or `None` for the oldest, which always may.
    pub fn signs_from(&self, key: &AccessTokenKey) -> Option<Timestamp> {
        (*key != self.first).then(|| key.added_at.plus(PUBLISHED_BEFORE))
    }

    /// Returns the time from which a key may be retired, or `None` if no newer one takes over.
    pub fn retires_from(&self, key: &AccessTokenKey) -> Option<Timestamp> {
        let newer = self.all().skip_while(|other| *other != key).skip(1);
        let takes_over = newer
            .map(|newer| newer.added_at.plus(PUBLISHED_BEFORE))
            .min();
        takes_over.map(|at| at.plus(PUBLISHED_AFTER))
    }
}

/// Returns the keys of the ring, or `None` if an entry is not the ARN of a key or appears twice.
pub(super) fn parse(stored: &[StoredAccessTokenKey]) -> Option<Vec<AccessTokenKey>> {
    let mut keys: Vec<AccessTokenKey> = vec![];
    for entry in stored {
        let arn = KeyArn::parse(&entry.arn)?;
        if keys.iter().any(|key| key.kid() == arn.id()) {
            return None;
        }
        keys.push(AccessTokenKey {
            arn,
            added_at: Timestamp::from_secs(entry.added_at),
        });
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::portal::PortalName;
    use crate::keys::KeyRing;
    use serde_json::{Value, json};

    const A: &str = "arn:aws:kms:us-east-1:000000000000:key/a";
    const B: &str = "arn:aws:kms:us-east-1:000000000000:key/b";
    const C: &str = "arn:aws:kms:us-east-1:000000000000:key/c";

    fn ring(access_token_keys: &Value) -> Result<KeyRing, String> {
        let stored = json!({
            "root": "r".repeat(64), "keys": [], "access_token_keys": access_token_keys,
        });
        KeyRing::parse(&stored.to_string(), &PortalName::parse("partner").unwrap())
    }

    fn keys(access_token_keys: &Value) -> AccessTokenKeys {
        let ring = ring(access_token_keys).unwrap();
        ring.access_token_keys(&KeyArn::parse(A).unwrap())
    }

    #[test]
    fn a_new_key_signs_once_every_verifier_must_know_it() {
        let keys = keys(&json!([{"arn": A, "added_at": 0}, {"arn": B, "added_at": 10_000}]));
        let signing = |secs| keys.signing(Timestamp::from_secs(secs)).kid().to_owned();
        let wait = (2 * 60 + 15) * 60;
        assert_eq!(signing(10_000), "a");
        assert_eq!(signing(10_000 + wait - 1), "a");
        assert_eq!(signing(10_000 + wait), "b");
        assert_eq!(keys.all().count(), 2);
    }

    #[test]
    fn a_key_is_retired_once_nothing_that_it_signed_is_left() {
        let keys = keys(&json!([
            {"arn": A, "added_at": 0},
            {"arn": B, "added_at": 10_000},
            {"arn": C, "added_at": 20_000},
        ]));
        let retires: Vec<_> = keys.all().map(|key| keys.retires_from(key)).collect();
        let after = |added: u64| Some(Timestamp::from_secs(added + (2 * 60 + 15 + 3 * 60) * 60));
        assert_eq!(retires, [after(10_000), after(20_000), None]);
    }

    #[test]
    fn the_key_of_the_stack_signs_while_the_ring_has_none() {
        let keys = keys(&json!([]));
        assert_eq!(keys.signing(Timestamp::from_millis(0)).kid(), "a");
        assert_eq!(
            (keys.all().count(), keys.retires_from(&keys.first)),
            (1, None)
        );
    }

    #[test]
    fn an_entry_that_is_not_the_arn_of_one_key_is_rejected() {
        for entries in [
            json!([{"arn": "b", "added_at": 0}]),
            json!([{"arn": B, "added_at": 0}, {"arn": B, "added_at": 1}]),
            json!([{"arn": B}]),
            json!([{"arn": B, "added_at": 0, "more": 0}]),
            json!(B),
        ] {
            assert!(ring(&entries).is_err(), "{entries}");
        }
    }
}
