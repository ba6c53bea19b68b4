//! Simulates two portals with random steps and faults, and compares them with an oracle.
//!
//! Every seed picks the [steps] of users, administrators, time and AWS. The [model] knows what each
//! response must be; while there are faults, a response may also be a 503. The [invariants] hold of
//! the tables at any time. The same seed does the same again.

mod audit;
mod client;
mod code_steps;
mod concurrent_steps;
mod counters;
mod email_delivery_steps;
mod email_request_steps;
mod emails;
mod environment;
mod environment_steps;
mod faults;
mod invariants;
mod limits;
mod link_reading;
mod link_steps;
mod mailing;
mod model;
mod password_oracle;
mod password_steps;
mod portal;
mod redeem_steps;
mod request_oracle;
mod rules;
mod session_steps;
mod set_password_steps;
mod sign_in_checks;
mod steps;

use crate::key_ring::KeyRing;
use crate::parallel::{Seeds, paused};
use crate::rng::Rng;
use crate::tally::Tally;
use crate::{Figures, Report, ensure};
use clap::Args;
use steps::{PORTALS, Simulation};

/// One seed of so many is run twice, and must do the same.
const RUN_TWICE: u64 = 100;
/// The number of steps that a failure shows.
const SHOWN_STEPS: usize = 15;

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The first of the seeds
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// The number of seeds; each has two portals
    #[arg(long, default_value_t = 10_000)]
    pub seeds: u64,
    /// The number of steps for each seed
    #[arg(long, default_value_t = 500)]
    pub steps: usize,
    /// Prints every step; for a single seed
    #[arg(long)]
    pub verbose: bool,
}

/// Simulates each seed.
///
/// # Errors
/// Fails with the first difference, the steps before it, and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let seeds = Seeds::new(settings.first, settings.seeds, show_progress);
    let outcomes = seeds.run(|seed| run_seed(settings, seed), Tally::add)?;
    Ok(Figures::default()
        .with("seeds", &settings.seeds)
        .with("steps", &(settings.seeds * settings.steps as u64))
        .with("outcomes", &outcomes))
}

/// Runs a seed once or twice.
fn run_seed(settings: &Settings, seed: u64) -> Result<Tally, String> {
    let (mut outcomes, trace) = paused(seed, simulate(settings, seed))?;
    if (seed - settings.first).is_multiple_of(RUN_TWICE) {
        let quiet = Settings {
            verbose: false,
            ..*settings
        };
        let (_, repeated) = paused(seed, simulate(&quiet, seed))?;
        let mut lines = trace.iter().zip(&repeated);
        let difference = lines.find(|(first, second)| first != second);
        ensure!(
            difference.is_none(),
            "seed {seed} did not do the same twice: {difference:?}{}",
            replay(settings, seed)
        );
        outcomes.count("seeds run twice, the same both times");
    }
    Ok(outcomes)
}

/// Returns the outcomes of a seed and a line for each step.
async fn simulate(settings: &Settings, seed: u64) -> Result<(Tally, Vec<String>), String> {
    let mut rng = Rng::new(seed);
    let keys = KeyRing::new(&mut rng);
    let started = [
        portal::start(PORTALS[0], &mut rng, &keys).await,
        portal::start(PORTALS[1], &mut rng, &keys).await,
    ];
    let mut simulation = Simulation::new(&started, rng, keys, settings.verbose).await;
    let result = simulation.run(settings.steps).await;
    let Simulation {
        trace, outcomes, ..
    } = simulation;
    result.map_err(|why| {
        let shown = &trace[trace.len().saturating_sub(SHOWN_STEPS)..];
        let shown = shown.join("\n  ");
        let replay = replay(settings, seed);
        format!("seed {seed}, {why}\nthe last steps:\n  {shown}{replay}")
    })?;
    Ok((outcomes, trace))
}

fn replay(settings: &Settings, seed: u64) -> String {
    let command = "cargo run --profile verification -p verification -- simulation";
    let steps = settings.steps;
    format!("\nreplay: {command} --first {seed} --seeds 1 --steps {steps} --verbose")
}
