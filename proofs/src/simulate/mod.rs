//! The whole system, simulated: random users, browsers, portals, faults, clock jumps, and stream
//! records that come twice and in any order. An oracle knows what each answer must be; any failure
//! replays from its seed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

mod asking;
mod checks;
mod keys;
mod model;
mod outcome;
mod races;
mod redeeming;
mod sessions;
mod simulation;
mod surroundings;
mod trace;
mod weather;

use crate::dice::Dice;
use crate::parallel::{Seeds, paused};
use crate::{Figures, Proof};
use keys::KeyRing;
use simulation::{PORTALS, Simulation, Tally, start};
use std::fmt::Write;
use std::time::Instant;
use trace::Trace;

/// How many instances of each function a portal has.
const INSTANCES: usize = 2;
/// How often the tables are looked at as a whole: every so many steps, and at the end.
const LOOK_EVERY: usize = 50;
/// One seed of so many is run twice: the same seed must do the same.
const TWICE: u64 = 100;

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// The seeds: two portals each.
    pub seeds: Seeds,
    /// How many steps each.
    pub steps: usize,
    /// Whether each step is printed.
    pub verbose: bool,
}

/// What came of some seeds.
#[derive(Default)]
struct Done {
    seeds: u64,
    steps: u64,
    faults: u64,
    hash: u64,
    twice: u64,
    tally: Tally,
}

impl Done {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.faults += other.faults;
        // The order in which seeds end does not matter.
        self.hash = self.hash.wrapping_add(other.hash);
        self.twice += other.twice;
        for (key, count) in other.tally {
            *self.tally.entry(key).or_default() += count;
        }
    }
}

/// Simulates seed after seed, on all cores.
///
/// # Errors
/// What broke first, with the steps before it and the command that replays it.
pub fn run(size: Size) -> Proof {
    #[expect(clippy::disallowed_methods, reason = "how long the proof itself takes")]
    let started = Instant::now();
    let done = size.seeds.run(|seed| checked(size, seed), Done::add)?;
    let seconds = started.elapsed().as_secs_f64();
    Ok(figures(&done, seconds))
}

fn figures(done: &Done, seconds: f64) -> Figures {
    Figures::default()
        .with("seeds", &done.seeds)
        .with("steps", &done.steps)
        .with("broken", &0)
        .with("seeds run twice, the same both times", &done.twice)
        .with("faults met by calls", &done.faults)
        .with("seconds", &format!("{seconds:.1}"))
        .with(
            "steps a second",
            &format!("{:.0}", done.steps as f64 / seconds),
        )
        .with("trace", &format!("{:016x}", done.hash))
        .with("what came of the steps", &histogram(&done.tally))
}

/// A line for each kind of step: how often it came to what.
fn histogram(tally: &Tally) -> String {
    let mut text = String::new();
    let mut last = "";
    for ((kind, outcome), count) in tally {
        if *kind != last {
            let _infallible = write!(text, "\n  {kind:<13}");
            last = kind;
        }
        let _infallible = write!(text, "  {outcome} {count}");
    }
    text
}

/// One seed, once or twice.
fn checked(size: Size, seed: u64) -> Result<Done, String> {
    let mut done = paused(seed, simulate(size, seed))?;
    if (seed - size.seeds.first).is_multiple_of(TWICE) {
        let again = paused(
            seed,
            simulate(
                Size {
                    verbose: false,
                    ..size
                },
                seed,
            ),
        )?;
        if again.hash != done.hash {
            return Err(format!(
                "seed {seed} did not do the same twice{}",
                replay(size, seed)
            ));
        }
        done.twice = 1;
    }
    Ok(done)
}

fn replay(size: Size, seed: u64) -> String {
    let command = "cargo run --profile proof -p proofs -- simulate";
    format!(
        "\nreplay: {command} --first {seed} --seeds 1 --steps {} --verbose",
        size.steps
    )
}

async fn simulate(size: Size, seed: u64) -> Result<Done, String> {
    let mut dice = Dice::new(seed);
    let keys = KeyRing::new(&mut dice);
    let worlds = [
        start(PORTALS[0], &mut dice, &keys).await,
        start(PORTALS[1], &mut dice, &keys).await,
    ];
    let mut simulation = Simulation::new(dice, &worlds, keys).await;
    let mut trace = Trace::new(size.verbose);
    for step in 1..=size.steps {
        let mut went = simulation.step(step, &mut trace).await;
        if went.is_ok() && step % LOOK_EVERY == 0 {
            went = simulation.check_tables();
        }
        let at = format!("seed {seed}, step {step} of {}", size.steps);
        went.map_err(|why| {
            format!(
                "{at}: {why}\nthe last steps:\n{}{}",
                trace.last(),
                replay(size, seed)
            )
        })?;
    }
    let settled = simulation.settle().await;
    settled.map_err(|why| {
        format!(
            "seed {seed}: {why}\nthe last steps:\n{}{}",
            trace.last(),
            replay(size, seed)
        )
    })?;
    let (faults, hash) = (simulation.weather.faults(), trace.hash());
    Ok(Done {
        seeds: 1,
        steps: size.steps as u64,
        faults,
        hash,
        twice: 0,
        tally: simulation.tally,
    })
}
