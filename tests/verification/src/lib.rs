//! Verifies the promises of `docs/security.md` under failure and attack.
//!
//! Each module is one command. `tests/small.rs` runs each of them small inside
//! `cargo test --workspace`; `cargo run --profile verification -p verification -- --help` runs them
//! large. `README.md` says what each of them verifies.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken verification should stop"
)]

pub mod attack_day;
pub mod email_delivery;
pub mod fault_injection;
pub mod fixture;
pub mod forgery;
pub mod fuzzing;
pub mod hash_speed;
pub mod independence;
mod jwt;
mod key_ring;
pub mod key_rotation;
pub mod load;
mod nonces;
pub mod outage;
mod outbox;
mod outcome;
pub mod parallel;
pub mod presses;
pub mod progress;
pub mod race;
pub mod revocation;
pub mod rng;
mod rows;
pub mod simulation;
mod tally;
pub mod timing;
mod units;
pub mod walls;

/// The figures of a run, or its first failures and the commands that replay them.
pub type Report = Result<Figures, String>;

/// Names and values, in the order in which they are printed.
#[derive(Clone, Debug, Default)]
pub struct Figures(pub Vec<(&'static str, String)>);

impl Figures {
    /// Adds a figure with its name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.0.push((name, value.to_string()));
        self
    }
}

/// Returns an error with this message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        let holds: bool = $condition;
        if !holds {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use ensure;

/// Returns an error that shows both values unless they are equal.
macro_rules! ensure_eq {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        let (actual, expected) = (&$actual, &$expected);
        if actual != expected {
            let message = format!($($message)+);
            return Err(format!("{message}: {actual:?} instead of {expected:?}"));
        }
    };
}
pub(crate) use ensure_eq;
