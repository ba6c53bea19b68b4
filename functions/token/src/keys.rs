//! The keys that sign access tokens: one, or several during a rotation.

use shared::config::AccessTokenConfig;
use shared::domain::time::{HOUR, Timestamp};
use shared::keys::{AccessTokenKey, KeyRing, REFRESH_EVERY};
use std::time::Duration;

/// Period in which a new key is published and does not sign yet. API Gateway caches keys for two
/// hours, and instances of this function refresh the key ring every five minutes.
pub(crate) const PUBLISHED_BEFORE_SIGNING: Duration = HOUR
    .saturating_mul(2)
    .saturating_add(REFRESH_EVERY.saturating_mul(2));

/// The keys that verifiers must know, oldest first. There is at least one.
pub(crate) struct SigningKeys {
    first: AccessTokenKey,
    others: Vec<AccessTokenKey>,
}

impl SigningKeys {
    /// Returns the keys in the ring, or the template's key if there are none.
    pub(crate) fn new(ring: &KeyRing, config: &AccessTokenConfig) -> Self {
        let mut keys = ring.access_token_keys.iter().cloned();
        let of_template = || AccessTokenKey {
            arn: config.key.clone(),
            added_at: 0,
        };
        Self {
            first: keys.next().unwrap_or_else(of_template),
            others: keys.collect(),
        }
    }

    /// Returns the key that signs at `now`: the newest one that every verifier must know.
    pub(crate) fn signing(&self, now: Timestamp) -> &AccessTokenKey {
        let is_known = |key: &&AccessTokenKey| {
            let added = Timestamp::from_secs(key.added_at);
            added.plus(PUBLISHED_BEFORE_SIGNING) <= now
        };
        let newest = self.others.iter().rev().find(is_known);
        newest.unwrap_or(&self.first)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &AccessTokenKey> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// Returns the key's id in tokens: the last part of its ARN.
pub(crate) fn kid(key: &AccessTokenKey) -> &str {
    key.arn.rsplit(['/', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(arn: &str, added_at: u64) -> AccessTokenKey {
        AccessTokenKey {
            arn: arn.to_owned(),
            added_at,
        }
    }

    #[test]
    fn a_new_key_signs_once_every_verifier_must_know_it() {
        let keys = SigningKeys {
            first: key("arn:aws:kms:us-east-1:1:key/a", 0),
            others: vec![key("arn:aws:kms:us-east-1:1:key/b", 10_000)],
        };
        let signing = |secs| kid(keys.signing(Timestamp::from_secs(secs)));
        let wait = PUBLISHED_BEFORE_SIGNING.as_secs();
        assert_eq!(wait, 2 * 3600 + 600);
        assert_eq!(signing(10_000 + wait - 1), "a");
        assert_eq!(signing(10_000 + wait), "b");
        assert_eq!(keys.all().count(), 2);
    }
}
