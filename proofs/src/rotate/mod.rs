//! Rotation under traffic: several instances of every function, each with a copy of the key ring of
//! its own age, some of them cut off from Secrets Manager for a while, while keys are appended and
//! removed and people ask, redeem and look. Nobody is signed out, no good link or code is refused,
//! and only a copy that is 10 minutes old may say "later".

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

mod copies;
mod traffic;

use crate::dice::{Dice, random};
use crate::parallel::{Seeds, paused};
use crate::{Figures, Proof};
use copies::Copies;
use serde_json::json;
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tests::{World, owned};
use traffic::Traffic;

/// How many instances of each function there are.
const INSTANCES: usize = 4;
/// How old an appended key is when it begins to sign.
const SIGNS_AT: u64 = 600_000;
/// How long a session lives here: short, so that keys can leave.
pub(crate) const SESSION: u64 = 3_600_000;

/// How much is rotated.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// The seeds: a portal each.
    pub seeds: Seeds,
    /// How many keys are appended to each portal's ring.
    pub rotations: usize,
}

/// What came of some seeds.
#[derive(Default)]
struct Done {
    rotations: u64,
    removals: u64,
    refreshes: (u64, u64),
    oldest_copy: u64,
    refused_after_removal: u64,
    answers: BTreeMap<(&'static str, &'static str), u64>,
}

impl Done {
    fn add(&mut self, other: Self) {
        self.rotations += other.rotations;
        self.removals += other.removals;
        self.refreshes.0 += other.refreshes.0;
        self.refreshes.1 += other.refreshes.1;
        self.oldest_copy = self.oldest_copy.max(other.oldest_copy);
        self.refused_after_removal += other.refused_after_removal;
        for (key, count) in other.answers {
            *self.answers.entry(key).or_default() += count;
        }
    }
}

/// Rotates the keys of portal after portal.
///
/// # Errors
/// What was refused that is good, or accepted that is not, and the command that replays it.
pub fn run(size: Size) -> Proof {
    let replay = |seed, why| {
        let command = "cargo run --profile proof -p proofs -- rotate";
        format!(
            "seed {seed}: {why}\nreplay: {command} --first {seed} --seeds 1 --rotations {}",
            size.rotations
        )
    };
    let one = |seed| paused(seed, rotate(seed, size.rotations)).map_err(|why| replay(seed, why));
    let done = size.seeds.run(one, Done::add)?;
    let requests: u64 = done.answers.values().sum();
    let by_kind = done
        .answers
        .iter()
        .map(|((kind, outcome), count)| format!("\n  {kind}  {outcome}  {count}"));
    Ok(Figures::default()
        .with("rotations", &done.rotations)
        .with(
            "keys removed once nothing of theirs could live",
            &done.removals,
        )
        .with("copies renewed", &done.refreshes.0)
        .with("renewals that failed", &done.refreshes.1)
        .with(
            "the oldest copy in use, minutes",
            &(done.oldest_copy / 60_000),
        )
        .with("requests", &requests)
        .with("wrong refusals", &0)
        .with(
            "refused once their key was taken away",
            &done.refused_after_removal,
        )
        .with("answers", &by_kind.collect::<String>()))
}

/// A key of the ring.
struct Key {
    kid: String,
    secret: String,
    added_at: u64,
    /// Since when no instance signs with it; `None` while one may.
    retired_at: Option<u64>,
}

/// The ring as Secrets Manager holds it.
struct Ring {
    root: String,
    keys: Vec<Key>,
    appended: usize,
}

impl Ring {
    fn value(&self) -> String {
        // Seconds, as the documented command writes them.
        let key = |key: &Key| json!({"kid": key.kid, "secret": key.secret, "added_at": key.added_at / 1000});
        json!({"root": self.root, "keys": self.keys.iter().map(key).collect::<Vec<_>>()})
            .to_string()
    }

    fn append(&mut self, dice: &mut Dice, now: u64) {
        self.appended += 1;
        let (kid, secret) = ((self.appended + 1).to_string(), secret(dice));
        self.keys.push(Key {
            kid,
            secret,
            added_at: now,
            retired_at: None,
        });
    }

    /// Notes which keys no instance signs with any more: all copies know a younger one that signs.
    fn retire(&mut self, oldest_copy: u64, now: u64) {
        let signs =
            |key: &Key| oldest_copy > key.added_at && now >= key.added_at / 1000 * 1000 + SIGNS_AT;
        let Some(youngest) = self.keys.iter().rposition(signs) else {
            return;
        };
        for key in &mut self.keys[..youngest] {
            key.retired_at.get_or_insert(now);
        }
    }

    /// Removes the keys that nothing living was signed with; says how many.
    fn remove_old(&mut self, now: u64) -> u64 {
        let before = self.keys.len();
        self.keys
            .retain(|key| key.retired_at.is_none_or(|at| now <= at + SESSION + 1000));
        (before - self.keys.len()) as u64
    }

    /// When a key was added; the first one always was there.
    fn added_at(&self, kid: &str) -> u64 {
        self.keys
            .iter()
            .find(|key| key.kid == kid)
            .map_or(0, |key| key.added_at)
    }
}

fn secret(dice: &mut Dice) -> String {
    (0..4).map(|_| format!("{:016x}", dice.throw())).collect()
}

async fn rotate(seed: u64, rotations: usize) -> Result<Done, String> {
    let mut dice = Dice::of(seed, 0);
    let mut ring = Ring {
        root: secret(&mut dice),
        keys: vec![],
        appended: 0,
    };
    let parameters = [
        (
            "OtherBrowser",
            if dice.one_in(2) { "button" } else { "off" },
        ),
        ("SessionHours", "1"),
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("RequestsPerNetworkHour", "100000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "1000"),
        ("EmailsPerDayPortal", "100000"),
    ];
    let world = World::in_process(local::Options {
        public_url: Some("http://localhost:8787".to_owned()),
        parameters: owned(&parameters),
        key_ring: Some(ring.value()),
        random: Some(random(Dice::of(seed, 1))),
        instances: INSTANCES,
        events_by_hand: true,
        ..local::Options::default()
    })
    .await;
    let copies = Arc::new(Copies::new(
        Dice::of(seed, 2),
        INSTANCES,
        world.time.now().millis(),
    ));
    let (watch, time) = (Arc::clone(&copies), world.time.clone());
    world
        .portal
        .set_fault(move |attempt| watch.meets(attempt, &time));

    let mut traffic = Traffic::new(
        &world,
        dice.clone(),
        Arc::clone(&copies),
        parameters[0].1 == "off",
    );
    let mut done = Done::default();
    for _ in 0..rotations {
        ring.append(&mut dice, world.time.now().millis());
        world.portal.set_key_ring(Some(ring.value()));
        copies.lose_some(world.time.now().millis(), &mut dice);
        // Sometimes the next key is appended before this one signs.
        let until = world
            .time
            .now()
            .plus(Duration::from_secs(60 * (3 + dice.below(40)) as u64));
        while world.time.now() < until {
            let age = world.time.now().millis() - ring.keys.last().map_or(0, |key| key.added_at);
            // Where the new key begins to sign, and copies begin to be too old, every second
            // counts.
            let stride = if (SIGNS_AT - 15_000..SIGNS_AT + 25_000).contains(&age) {
                1500
            } else {
                20_000
            };
            world
                .time
                .pass(Duration::from_millis(1 + dice.below(stride) as u64));
            traffic
                .act(&ring)
                .await
                .map_err(|why| format!("at {}: {why}", world.time.now().rfc3339()))?;
            let now = world.time.now().millis();
            done.oldest_copy = done.oldest_copy.max(now - copies.oldest());
            ring.retire(copies.oldest(), now);
        }
        done.rotations += 1;
        let removed = ring.remove_old(world.time.now().millis());
        if removed > 0 {
            done.removals += removed;
            world.portal.set_key_ring(Some(ring.value()));
        }
        let _swept = world.portal.sweep_ttl().unwrap();
        traffic.everybody_is_signed_in(&ring).await?;
    }
    done.refused_after_removal = take_away(&world, &copies, &mut ring, &mut traffic).await?;
    done.refreshes = copies.refreshes();
    done.answers = traffic.answers;
    Ok(done)
}

/// A key that has leaked is removed while what it signed still lives: once every copy is renewed,
/// all of that is refused, and nothing else.
async fn take_away(
    world: &World,
    copies: &Copies,
    ring: &mut Ring,
    traffic: &mut Traffic<'_>,
) -> Result<u64, String> {
    copies.heal();
    world.time.pass(Duration::from_secs(16));
    traffic.everybody_is_signed_in(ring).await?;
    let Some(leaked) = traffic.busiest_key().filter(|kid| kid != "1") else {
        return Ok(0);
    };
    ring.keys.retain(|key| key.kid != leaked);
    world.portal.set_key_ring(Some(ring.value()));
    world.time.pass(shared::keys::REFRESH_EVERY);
    traffic.is_refused(&leaked).await
}

/// For messages.
fn moment(millis: u64) -> String {
    Timestamp::from_millis(millis).rfc3339()
}
