//! Passwords as this portal is configured for them.

use crate::config::{Activation, Config};
use crate::domain::address::EmailAddress;
use crate::domain::password::hash::{Hasher, PasswordCheck, PasswordHash};
use crate::domain::password::{Password, PasswordPolicy};
use crate::env::Env;
use crate::http::Problem;
use crate::http::problem::ProblemType;
use std::sync::Arc;

/// The policy and the hasher.
pub struct Passwords {
    used: bool,
    min_length: usize,
    portal: String,
    hasher: Hasher,
}

impl Passwords {
    /// As configured.
    pub fn new(config: &Config, env: &Env) -> Self {
        let passwords = &config.passwords;
        Self {
            used: config.links.activation == Activation::Password,
            min_length: passwords.min_length,
            portal: config.brand.name.clone(),
            hasher: Hasher::new(passwords.costs, passwords.previous)
                .with_counter(Arc::clone(&env.hashes)),
        }
    }

    /// Whether this portal has passwords at all.
    ///
    /// # Errors
    /// 404 where the first link activates.
    pub fn require_enabled(&self) -> Result<(), Problem> {
        self.used.then_some(()).ok_or_else(Problem::not_found)
    }

    /// What the user with this address wants to sign in with from now on.
    ///
    /// # Errors
    /// 422 with a sentence that says why not.
    pub fn choose(&self, text: &str, address: &EmailAddress) -> Result<Password, Problem> {
        let policy = PasswordPolicy {
            min_length: self.min_length,
            address,
            portal: &self.portal,
        };
        Password::choose(text, &policy).map_err(|weak| {
            Problem::new(ProblemType::WeakPassword, weak.to_string()).with_reason(weak.word())
        })
    }

    /// The hash to store, under a fresh salt.
    pub fn hash(&self, password: &Password, salt: [u8; 16]) -> PasswordHash {
        self.hasher.hash(password, salt)
    }

    /// Whether it is the right one; the same computations whatever is stored.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> PasswordCheck {
        self.hasher.verify(password, stored)
    }

    /// Whether a password with this hash could ever sign in here.
    pub fn accepts(&self, stored: &PasswordHash) -> bool {
        self.hasher.accepts(stored)
    }
}
