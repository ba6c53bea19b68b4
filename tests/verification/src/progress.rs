//! Shows the person at the terminal how far a run has come.

use std::sync::atomic::{AtomicU64, Ordering};

/// Prints a line for every twentieth of the work.
pub struct Progress {
    name: &'static str,
    total: u64,
    done: AtomicU64,
    show: bool,
}

impl Progress {
    /// Counts up to `total` things with this name; prints nothing unless `show`.
    pub const fn new(name: &'static str, total: u64, show: bool) -> Self {
        Self {
            name,
            total,
            done: AtomicU64::new(0),
            show,
        }
    }

    /// Counts one more thing as done.
    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let twentieths = |done| done * 20 / self.total.max(1);
        if self.show && twentieths(done) != twentieths(done - 1) {
            eprintln!("{done} of {} {}", self.total, self.name);
        }
    }
}
