//! Passwords as this portal is configured for them.

use crate::config::{Activation, Config};
use crate::domain::address::EmailAddress;
use crate::domain::hashing::{Hasher, PasswordHash, Verdict};
use crate::domain::password::{Password, Policy};
use crate::env::Env;
use crate::http::Problem;
use crate::http::problem::Kind;
use std::sync::Arc;

/// The policy and the hasher.
pub struct Passwords {
    used: bool,
    at_least: usize,
    portal: String,
    hasher: Hasher,
}

impl Passwords {
    /// As configured.
    pub fn new(config: &Config, env: &Env) -> Self {
        let passwords = &config.passwords;
        Self {
            used: config.links.activation == Activation::Password,
            at_least: passwords.at_least,
            portal: config.brand.name.clone(),
            hasher: Hasher::new(passwords.costs, passwords.previous)
                .counting_in(Arc::clone(&env.hashes)),
        }
    }

    /// Whether this portal has passwords at all.
    ///
    /// # Errors
    /// 404 where the first link activates.
    pub fn are_used(&self) -> Result<(), Problem> {
        self.used.then_some(()).ok_or_else(Problem::not_found)
    }

    /// What the user with this address wants to sign in with from now on.
    ///
    /// # Errors
    /// 422 with a sentence that says why not.
    pub fn chosen(&self, text: &str, address: &EmailAddress) -> Result<Password, Problem> {
        let policy = Policy {
            at_least: self.at_least,
            address,
            portal: &self.portal,
        };
        Password::chosen(text, &policy)
            .map_err(|weak| Problem::new(Kind::WeakPassword, weak.to_string()).because(weak.word()))
    }

    /// The hash to store, under a fresh salt.
    pub fn hash(&self, password: &Password, salt: [u8; 16]) -> PasswordHash {
        self.hasher.hash(password, salt)
    }

    /// Whether it is the right one; the same computations whatever is stored.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Verdict {
        self.hasher.verify(password, stored)
    }

    /// Whether a password with this hash could ever sign in here.
    pub fn accepts(&self, stored: &PasswordHash) -> bool {
        self.hasher.accepts(stored)
    }
}
