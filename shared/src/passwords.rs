//! Password rules and hashes as this portal is configured.

use crate::config::{Activation, Config};
use crate::domain::address::EmailAddress;
use crate::domain::password::hash::{Hasher, PasswordCheck, PasswordHash};
use crate::domain::password::{Password, PasswordPolicy};
use crate::env::Env;
use crate::http::Problem;
use std::sync::Arc;

/// The password rules and the hasher of this portal.
pub struct Passwords {
    used: bool,
    min_length: usize,
    portal: String,
    hasher: Hasher,
}

impl Passwords {
    /// Creates both from the configuration.
    pub fn new(config: &Config, env: &Env) -> Self {
        let passwords = &config.passwords;
        Self {
            used: config.links.activation == Activation::Password,
            min_length: passwords.min_length,
            portal: config.brand.name.clone(),
            hasher: Hasher::new(passwords.costs, passwords.previous)
                .with_counter(Arc::clone(&env.hash_counter)),
        }
    }

    /// Checks that this portal has passwords.
    ///
    /// # Errors
    /// 404 `not-found` if the first link activates.
    pub fn require_enabled(&self) -> Result<(), Problem> {
        self.used.then_some(()).ok_or_else(Problem::not_found)
    }

    /// Checks a new password of the user with this address.
    ///
    /// # Errors
    /// 422 `weak-password` with a `reason`.
    pub fn choose(&self, text: &str, address: &EmailAddress) -> Result<Password, Problem> {
        let policy = PasswordPolicy {
            min_length: self.min_length,
            address,
            portal: &self.portal,
        };
        Ok(Password::choose(text, &policy)?)
    }

    /// Hashes a password with a fresh salt.
    pub fn hash(&self, password: &Password, salt: [u8; 16]) -> PasswordHash {
        self.hasher.hash(password, salt)
    }

    /// Verifies a password. The computations are the same whatever is stored.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> PasswordCheck {
        self.hasher.verify(password, stored)
    }

    /// Returns true if a password with this hash could sign in here.
    pub fn accepts(&self, stored: &PasswordHash) -> bool {
        self.hasher.accepts(stored)
    }
}
