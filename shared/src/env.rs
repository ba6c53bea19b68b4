//! The environment of a function: variables, clock and randomness.

use crate::clock::Clock;
use crate::random::Random;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The environment of a function as a value, so that one process can hold many.
#[derive(Clone)]
pub struct Env {
    variables: BTreeMap<String, String>,
    pub clock: Clock,
    pub random: Random,
    /// Counts Argon2 computations. Only tests read it: every kind of account must cost the same
    /// number.
    pub hash_counter: Arc<AtomicU64>,
}

impl Env {
    /// Reads the process's environment.
    pub fn of_process() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let variables = std::env::vars().collect();
        Self {
            variables,
            clock: Clock::system(),
            random: Random::system(),
            hash_counter: Arc::default(),
        }
    }

    /// Creates an environment from values.
    pub fn new(variables: BTreeMap<String, String>, clock: Clock, random: Random) -> Self {
        Self {
            variables,
            clock,
            random,
            hash_counter: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Returns a variable. An empty one counts as unset, as templates have no other way to say so.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}
