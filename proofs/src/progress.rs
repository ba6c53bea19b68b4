//! How far a proof has come, for the person at the terminal.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts up to a whole, and says so every twentieth of it.
pub struct Progress {
    what: &'static str,
    whole: u64,
    done: AtomicU64,
    shown: bool,
}

impl Progress {
    /// Of `whole` things called `what`; silent where nobody watches.
    pub const fn new(what: &'static str, whole: u64, shown: bool) -> Self {
        Self {
            what,
            whole,
            done: AtomicU64::new(0),
            shown,
        }
    }

    /// One more is done.
    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown && (done * 20 / self.whole.max(1)) != ((done - 1) * 20 / self.whole.max(1)) {
            eprintln!("{done} of {} {}", self.whole, self.what);
        }
    }
}
