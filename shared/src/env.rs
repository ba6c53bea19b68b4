//! What a function finds around it: environment variables, the clock, randomness.

use crate::clock::Clock;
use crate::random::Random;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The surroundings of a function, as values: one process can hold many.
#[derive(Clone)]
pub struct Env {
    variables: BTreeMap<String, String>,
    /// Tells the time.
    pub clock: Clock,
    /// Draws randomness.
    pub random: Random,
    /// Counts the password hashes that are computed: every account must take as many.
    pub hashes: Arc<AtomicU64>,
}

impl Env {
    /// The process's own.
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
            hashes: Arc::default(),
        }
    }

    /// One made up by the caller.
    pub fn new(variables: BTreeMap<String, String>, clock: Clock, random: Random) -> Self {
        Self {
            variables,
            clock,
            random,
            hashes: Arc::new(AtomicU64::new(0)),
        }
    }

    /// A variable; an empty one counts as unset, which is how a template says "nothing".
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}
