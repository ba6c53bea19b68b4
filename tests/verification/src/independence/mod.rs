//! A client sees the consequences of what it has done, and of nothing that others do (promise 1).
//!
//! One client makes the same random steps, at the same times, in two worlds. The other clients of
//! the two worlds do different things in between: they guess passwords and codes, request emails
//! and accounts, sign in, sign out, and reach limits, some of them in the network of a client that
//! has a known browser. Each response must be the same in both worlds, to the byte, and so must the
//! calls to DynamoDB that it cost.
//!
//! A client that has the right password or code in an unknown browser may find out that the limit
//! of the address is reached, and whoever reads the mailbox may see that a budget is used up. The
//! comparison ends there, after a check that this is the reason.

mod client;
mod comparison;
mod observation;
mod others;

use crate::parallel::{Seeds, paused};
use crate::rng::{Rng, random};
use crate::tally::Tally;
use crate::{Figures, Report};
use clap::Args;
use client::ScriptedClient;
use comparison::Difference;
use kit::{ADA, CHEAP_HASHES, PASSWORD, World, parameters, secs};
use local::Options;
use others::Others;
use std::time::Duration;

/// The account of the client that is compared.
const EVE: &str = "eve@example.com";

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The first of the seeds
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// The number of seeds; each has two worlds
    #[arg(long, default_value_t = 1000)]
    pub seeds: u64,
    /// The number of steps of the client that is compared
    #[arg(long, default_value_t = 60)]
    pub steps: usize,
}

/// Compares two worlds for each seed.
///
/// # Errors
/// Fails with the first difference and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let seeds = Seeds::new(settings.first, settings.seeds, show_progress);
    let steps = settings.steps;
    let run_seed = |seed| {
        paused(seed, compare(seed, steps)).map_err(|why| {
            let command = "cargo run --profile verification -p verification -- independence";
            format!(
                "seed {seed}, {why}\nreplay: {command} --first {seed} --seeds 1 --steps {steps}"
            )
        })
    };
    let outcomes = seeds.run(run_seed, Tally::add)?;
    Ok(Figures::default().with("steps", &outcomes))
}

async fn compare(seed: u64, steps: usize) -> Result<Tally, String> {
    let is_known = Rng::derive(seed, 0).one_in(2);
    let worlds = [start(seed).await, start(seed).await];
    let [one, other] = &worlds;
    let mut clients = [
        ScriptedClient::start(one, is_known).await,
        ScriptedClient::start(other, is_known).await,
    ];
    let mut others = [
        Others::start(&clients[0], one, Rng::derive(seed, 2)).await,
        Others::start(&clients[1], other, Rng::derive(seed, 3)).await,
    ];
    let mut times = Rng::derive(seed, 4);
    let mut tally = Tally::default();
    for n in 0..steps {
        let pauses = [pause(&mut times), pause(&mut times)];
        let mut results = vec![];
        for ((world, client), others) in worlds.iter().zip(&mut clients).zip(&mut others) {
            world.clock.advance(pauses[0]);
            others.act().await;
            world.clock.advance(pauses[1]);
            let mut rng = Rng::derive(seed, 100 + n as u64);
            results.push(client.step(&mut rng).await);
        }
        tally.count(format!("{:?}", results[0].step));
        let pair = [&results[0], &results[1]];
        match comparison::compare(&worlds, pair).map_err(|why| format!("step {n}, {why}"))? {
            None => {}
            Some(Difference::Limit) => {
                tally.count("ended as a limit of the address was reached");
                break;
            }
            Some(Difference::Budget) => {
                tally.count("ended as the budget of emails was used up");
                break;
            }
        }
    }
    Ok(tally)
}

/// Draws a pause: mostly seconds, sometimes minutes or an hour.
fn pause(rng: &mut Rng) -> Duration {
    let most = *rng.pick(&[1, 20, 20, 200, 200, 4000]);
    secs(rng.below(most + 1) as u64)
}

async fn start(seed: u64) -> World {
    let pairs = [
        ("SelfSignUp", "on"),
        ("PasswordPerNetworkHour", "20"),
        ("RequestsPerNetworkHour", "20"),
    ];
    let world = World::in_process(Options {
        public_url: Some("http://localhost:8787".to_owned()),
        user: Some(EVE.to_owned()),
        parameters: parameters(&[&CHEAP_HASHES, &pairs[..]].concat()),
        random: Some(random(Rng::derive(seed, 1))),
        ..Options::default()
    })
    .await;
    for email in [ADA, EVE] {
        world.set_password(email, PASSWORD).await;
    }
    world
}
