//! What a function finds around it: environment variables, the clock, randomness.

use crate::clock::Clock;
use crate::randomness::Random;
use std::collections::BTreeMap;

/// The surroundings of a function, as values: one process can hold many.
#[derive(Clone)]
pub struct Env {
    variables: BTreeMap<String, String>,
    /// Tells the time.
    pub clock: Clock,
    /// Draws randomness.
    pub random: Random,
}

impl Env {
    /// The process's own.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let variables = std::env::vars().collect();
        Self { variables, clock: Clock::system(), random: Random::system() }
    }

    /// One made up by the caller.
    pub const fn new(variables: BTreeMap<String, String>, clock: Clock, random: Random) -> Self {
        Self { variables, clock, random }
    }

    /// A variable; an empty one counts as unset, which is how a template says "nothing".
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
