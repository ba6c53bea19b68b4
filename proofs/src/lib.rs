//! The promises under failure and attack. Each module is one proof: a function that takes its size,
//! says on the way how far it has come, and gives figures or the first thing that broke.
//! `tests/portal/proofs.rs` runs each small inside `cargo test`; `cargo run --profile proof -p
//! proofs -- --help` runs them large. `docs/proofs.md` says what each proves.

pub mod crash;
pub mod dice;
pub mod forge;
pub mod fuzz;
pub mod hash;
pub mod outage;
pub mod parallel;
pub mod progress;
pub mod race;
pub mod rotate;
pub mod simulate;
pub mod stage;
pub mod timing;

/// What came of a proof: figures, or what broke and how to see it again.
pub type Proof = Result<Figures, String>;

/// What a proof measured: names and values, as they are printed.
#[derive(Clone, Debug, Default)]
pub struct Figures(pub Vec<(&'static str, String)>);

impl Figures {
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.0.push((name, value.to_string()));
        self
    }
}
