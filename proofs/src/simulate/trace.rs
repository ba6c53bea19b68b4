//! What happened, step by step: the last steps as text, all of them as a hash.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many lines a failure shows.
const KEPT: usize = 15;

/// The steps of one seed so far.
#[derive(Default)]
pub(super) struct Trace {
    lines: VecDeque<String>,
    hash: DefaultHasher,
    verbose: bool,
}

impl Trace {
    pub(super) fn new(verbose: bool) -> Self {
        Self {
            verbose,
            ..Self::default()
        }
    }

    /// Takes down one step.
    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    pub(super) fn note(&mut self, line: String) {
        line.hash(&mut self.hash);
        if self.verbose {
            eprintln!("{line}");
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The same steps with the same answers have the same.
    pub(super) fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// The last lines.
    pub(super) fn last(&self) -> String {
        self.lines
            .iter()
            .map(|line| format!("  {line}\n"))
            .collect()
    }
}
