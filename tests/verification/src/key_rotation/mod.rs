//! Rotates keys under traffic.
//!
//! Every function has several instances, each with a copy of the key ring of its own age, some of
//! them cut off from Secrets Manager for a while. Meanwhile keys are appended and removed. Nobody
//! is signed out, no valid link or code is refused, and only a copy that is 10 minutes old may
//! respond 503.

mod copies;
mod traffic;

use crate::key_ring::{KeyRing, SIGNS_AFTER};
use crate::parallel::{Seeds, paused};
use crate::rng::{Rng, random};
use crate::tally::Tally;
use crate::{Figures, Report};
use clap::Args;
use copies::Copies;
use kit::{World, mins, parameters, secs};
use std::collections::BTreeMap;
use std::time::Duration;
use traffic::{SESSION_LIFETIME, Traffic};

/// The number of instances of each function.
const INSTANCES: usize = 4;

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The first seed
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// The number of seeds; each has a portal of its own
    #[arg(long, default_value_t = 200)]
    pub seeds: u64,
    /// The number of keys appended to each portal's key ring
    #[arg(long, default_value_t = 20)]
    pub rotations: usize,
}

/// Rotates the keys of one portal after another.
///
/// # Errors
/// Fails with the first wrong response and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let seeds = Seeds::new(settings.first, settings.seeds, show_progress);
    let run_seed = |seed| {
        paused(seed, rotate(seed, settings.rotations)).map_err(|why| {
            let command = "cargo run --profile verification -p verification -- key-rotation";
            let rotations = settings.rotations;
            format!(
                "seed {seed}, {why}\n\
                 replay: {command} --first {seed} --seeds 1 --rotations {rotations}"
            )
        })
    };
    let outcomes = seeds.run(run_seed, Tally::add)?;
    Ok(Figures::default()
        .with("rotations", &(settings.seeds * settings.rotations as u64))
        .with("outcomes", &outcomes))
}

async fn rotate(seed: u64, rotations: usize) -> Result<Tally, String> {
    let mut rng = Rng::derive(seed, 0);
    let keys = KeyRing::new(&mut rng);
    let other_browser = if rng.one_in(2) { "button" } else { "off" };
    let world = World::in_process(local::Options {
        public_url: Some("http://localhost:8787".to_owned()),
        parameters: parameters(&[
            ("OtherBrowser", other_browser),
            ("SessionHours", "1"),
            ("RequestsPerMinute", "60"),
            ("RequestsPerHour", "1000"),
            ("RequestsPerNetworkHour", "100000"),
            ("EmailsPerHour", "1000"),
            ("EmailsPerDay", "1000"),
            ("EmailsPerDayPortal", "100000"),
        ]),
        key_ring: Some(keys.value()),
        random: Some(random(Rng::derive(seed, 1))),
        instances: INSTANCES,
        events_by_hand: true,
        ..local::Options::default()
    })
    .await;
    let copies = Copies::new(Rng::derive(seed, 2), INSTANCES, world.clock.now().millis());
    let clock = world.clock.clone();
    let injected = copies.clone();
    world
        .portal
        .set_fault(move |attempt| injected.inject(attempt, &clock));

    let mut traffic = Traffic::new(&world, rng, keys, copies, other_browser == "off");
    let mut retired = BTreeMap::new();
    for _ in 0..rotations {
        let appended_at = traffic.now();
        traffic.keys.append(&mut traffic.rng, appended_at);
        traffic.publish_keys();
        traffic.copies.cut_off_some(appended_at, &mut traffic.rng);
        // Sometimes the next key is appended before this one signs.
        let until = world
            .clock
            .now()
            .plus(mins(3 + traffic.rng.below(40) as u64));
        while world.clock.now() < until {
            // Every second counts when the new key begins to sign and copies become stale.
            let age = traffic.now() - appended_at;
            let is_critical = (SIGNS_AFTER - 15_000..SIGNS_AFTER + 25_000).contains(&age);
            let pause = traffic.rng.below(if is_critical { 1500 } else { 20_000 });
            world.clock.advance(Duration::from_millis(1 + pause as u64));
            traffic
                .act()
                .await
                .map_err(|why| format!("{}: {why}", world.clock.now().rfc3339()))?;
            let now = traffic.now();
            retire_keys(&traffic.keys, &mut retired, traffic.copies.oldest(), now);
        }
        let before = traffic.keys.keys.len();
        let now = traffic.now();
        traffic.keys.keys.retain(|key| {
            let retired_at = retired.get(&key.kid);
            retired_at.is_none_or(|at| now <= at + SESSION_LIFETIME + 1000)
        });
        let removed = before - traffic.keys.keys.len();
        traffic
            .outcomes
            .count_by("keys removed after their last session", removed);
        traffic.publish_keys();
        world.portal.sweep_ttl().unwrap();
        traffic.check_all_sessions().await?;
    }
    remove_leaked_key(&mut traffic).await?;
    traffic.copies.count_refreshes(&mut traffic.outcomes);
    Ok(traffic.outcomes)
}

/// Records the keys that no instance signs with any more: all copies have a newer key that signs.
fn retire_keys(keys: &KeyRing, retired: &mut BTreeMap<String, u64>, oldest_copy: u64, now: u64) {
    let mut keys = keys.keys.iter().rev();
    let newest = keys
        .by_ref()
        .find(|key| oldest_copy > key.added_at && key.signs(now));
    if newest.is_some() {
        for key in keys {
            retired.entry(key.kid.clone()).or_insert(now);
        }
    }
}

/// Removes a key that has leaked while its tokens are valid: once every copy is refreshed, they
/// are refused, and nothing else is.
async fn remove_leaked_key(traffic: &mut Traffic<'_>) -> Result<(), String> {
    traffic.copies.reconnect();
    traffic.world.clock.advance(secs(16));
    traffic.check_all_sessions().await?;
    let Some(leaked) = traffic.busiest_key().filter(|kid| kid != "1") else {
        return Ok(());
    };
    traffic.keys.keys.retain(|key| key.kid != leaked);
    traffic.publish_keys();
    traffic.world.clock.advance(shared::keys::REFRESH_EVERY);
    traffic.check_removed_key(&leaked).await
}
