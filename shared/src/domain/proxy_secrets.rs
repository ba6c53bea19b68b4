//! The secrets with which a proxy in front of the API proves itself.

use crate::domain::secret::Secret;
use subtle::ConstantTimeEq;

/// The secrets of the proxy: none if there is no proxy, and two while one replaces the other.
#[derive(Clone, Debug, Default)]
pub struct ProxySecrets(Vec<Secret<String>>);

impl ProxySecrets {
    /// Reads up to two secrets, separated by a comma. Each must be 32 to 128 visible ASCII
    /// characters.
    pub fn parse(text: &str) -> Option<Self> {
        let secrets: Vec<_> = text.split(',').collect();
        let is_valid = |secret: &&str| {
            (32..=128).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let all_are_valid = secrets.len() <= 2 && secrets.iter().all(is_valid);
        let secrets = secrets.into_iter().map(str::to_owned).map(Secret::new);
        all_are_valid.then(|| Self(secrets.collect()))
    }

    /// Returns whether no proxy is expected.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of the secrets is `presented`.
    pub fn contains(&self, presented: &str) -> bool {
        let presented = presented.as_bytes();
        let is_presented =
            |secret: &Secret<String>| secret.expose().as_bytes().ct_eq(presented).into();
        self.0.iter().any(is_presented)
    }
}
