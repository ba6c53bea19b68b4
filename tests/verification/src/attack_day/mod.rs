//! A day of attacks on one account, from a thousand networks that respect nothing.
//!
//! The attackers guess passwords and codes and request emails. Between two sign-ins of the owner at
//! most 100 passwords are compared with the account's hash, and at most 100 codes are computed. The
//! run counts the guesses itself, and tries the right password and the right code: they work up to
//! the 100th attempt of an unknown browser, and not after it. The owner signs in at any moment from
//! a known browser, by password and by email, and from a new browser by an email within the budget.

mod attackers;
mod owner;

use crate::parallel::{Seeds, paused};
use crate::rng::{Rng, random};
use crate::rows::number;
use crate::tally::Tally;
use crate::{Figures, Report, ensure, ensure_eq};
use attackers::Attacker;
use clap::Args;
use kit::{ADA, ApiClient, CHEAP_HASHES, Email, PASSWORD, World, hours, parameters};
use local::Options;
use local::aws_stub::Fault;
use serde_json::Value;
use shared::domain::address::EmailAddress;
use shared::domain::time::{DAY, HOUR};
use std::collections::BTreeMap;
use std::time::Duration;

/// Guesses between two sign-ins of the owner (template.yaml, `PasswordFailures`).
const GUESSES: u64 = 100;
/// Emails to one address, except those for known browsers (template.yaml).
const EMAILS_PER_HOUR: u64 = 15;
const EMAILS_PER_DAY: u64 = 40;

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The first of the seeds
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// The number of seeds; each is one day of one portal
    #[arg(long, default_value_t = 20)]
    pub seeds: u64,
    /// The number of networks that attack
    #[arg(long, default_value_t = 1000)]
    pub networks: usize,
    /// The number of attacks in a day
    #[arg(long, default_value_t = 10_000)]
    pub attacks: usize,
    /// The number of times that the owner signs in, or tries to
    #[arg(long, default_value_t = 60)]
    pub visits: usize,
}

/// Attacks one portal after another for a day each.
///
/// # Errors
/// Fails with the first broken promise and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let seeds = Seeds::new(settings.first, settings.seeds, show_progress);
    let run_seed = |seed| {
        paused(seed, attack(seed, settings)).map_err(|why| {
            let command = "cargo run --profile verification -p verification -- attack-day";
            let (networks, attacks, visits) =
                (settings.networks, settings.attacks, settings.visits);
            format!(
                "seed {seed}, {why}\nreplay: {command} --first {seed} --seeds 1 \
                 --networks {networks} --attacks {attacks} --visits {visits}"
            )
        })
    };
    let outcomes = seeds.run(run_seed, Tally::add)?;
    Ok(Figures::default()
        .with("attacks", &(settings.seeds * settings.attacks as u64))
        .with("outcomes", &outcomes))
}

/// The attack of one day, and what must be true of it.
struct Attack<'w> {
    world: &'w World,
    rng: Rng,
    attackers: Vec<Attacker<'w>>,
    /// A browser that has signed in before.
    known: ApiClient<'w>,
    /// Attempts of unknown browsers since the last sign-in, according to their responses.
    passwords: u64,
    codes: u64,
    /// Emails that counted against the budget of the address, by their hour and their day.
    sent: BTreeMap<(Duration, u64), u64>,
    tally: Tally,
}

async fn attack(seed: u64, settings: &Settings) -> Result<Tally, String> {
    let pairs = [("SelfSignUp", "on")];
    let world = World::in_process(Options {
        public_url: Some("http://localhost:8787".to_owned()),
        parameters: parameters(&[&CHEAP_HASHES, &pairs[..]].concat()),
        random: Some(random(Rng::derive(seed, 1))),
        ..Options::default()
    })
    .await;
    world.set_password(ADA, PASSWORD).await;
    let known = world.client();
    known.sign_in(ADA, PASSWORD).await.assert("200");
    world.clock.advance(hours(1));
    world.portal.take_inbox();
    // Concurrent attempts overtake each other.
    world.portal.set_fault(|attempt| match attempt.number % 3 {
        0 => Fault::None,
        millis => Fault::Delay(Duration::from_millis(millis as u64)),
    });
    let mut attack = Attack {
        world: &world,
        rng: Rng::derive(seed, 0),
        attackers: (0..settings.networks)
            .map(|_| Attacker::new(&world))
            .collect(),
        known,
        passwords: 0,
        codes: 0,
        sent: BTreeMap::new(),
        tally: Tally::default(),
    };
    // The email that set the password.
    attack.count_email(world.clock.now().minus(hours(1)).millis());
    let pause = DAY.as_millis() as usize / settings.attacks.max(1);
    for _ in 0..settings.attacks {
        let pause = attack.rng.below(2 * pause) as u64;
        world.clock.advance(Duration::from_millis(pause));
        attack.attack_once().await?;
        if attack.rng.below(settings.attacks) < settings.visits {
            attack.check_counts()?;
            attack.visit().await?;
        }
    }
    attack.check_counts()?;
    attack.guess_to_the_limit().await?;
    attack.check_all_counts()?;
    Ok(attack.tally)
}

impl Attack<'_> {
    fn count_email(&mut self, at_millis: u64) {
        for window in [HOUR, DAY] {
            let n = at_millis / window.as_millis() as u64;
            *self.sent.entry((window, n)).or_default() += 1;
        }
    }

    /// Returns whether the address may be sent another email for an unknown browser.
    fn has_budget(&self) -> bool {
        let now = self.world.clock.now().millis();
        let limits = [(HOUR, EMAILS_PER_HOUR), (DAY, EMAILS_PER_DAY)];
        limits.iter().all(|(window, limit)| {
            let key = (*window, now / window.as_millis() as u64);
            self.sent.get(&key).is_none_or(|sent| sent < limit)
        })
    }

    /// Returns the email that the last request caused, if it was sent.
    async fn receive(&self) -> Result<Option<Email>, String> {
        self.world.settle().await;
        let mut emails = self.world.portal.take_inbox();
        ensure!(
            emails.len() <= 1,
            "{} emails after one request",
            emails.len()
        );
        Ok(emails.pop().map(Email::from))
    }

    /// Records that the owner has signed in: both counts start anew.
    const fn start_anew(&mut self) {
        self.passwords = 0;
        self.codes = 0;
    }

    /// Checks that the portal has counted exactly the guesses of unknown browsers since the last
    /// sign-in, up to the limit.
    fn check_counts(&self) -> Result<(), String> {
        let rows = self.world.rows("rate-limits");
        let sign_ins = number(&self.world.user_row(ADA), "sign_ins").unwrap_or_default();
        for (scope, name, guesses) in [
            ("password-failures", "password", self.passwords),
            ("code-failures", "codes", self.codes),
        ] {
            let address = EmailAddress::parse(ADA).ok_or("no address")?;
            let ring = self.world.key_ring();
            let hash = ring.keyed_hash(&[name, address.as_str()]);
            let key = format!("{scope}#{hash}#{sign_ins}");
            let row = rows.iter().find(|row| row["pk"]["S"] == *key);
            let counted = row.and_then(|row| number(row, "count")).unwrap_or_default();
            ensure_eq!(
                counted,
                guesses.min(GUESSES),
                "{scope} since the last sign-in"
            );
        }
        Ok(())
    }

    /// Checks that no period between two sign-ins had more than the allowed guesses.
    fn check_all_counts(&mut self) -> Result<(), String> {
        let is_guess = |row: &&Value| {
            let key = row["pk"]["S"].as_str().unwrap_or_default();
            key.starts_with("password-failures#") || key.starts_with("code-failures#")
        };
        let rows = self.world.rows("rate-limits");
        for count in rows
            .iter()
            .filter(is_guess)
            .filter_map(|row| number(row, "count"))
        {
            ensure!(count <= GUESSES, "{count} guesses between two sign-ins");
            self.tally.count_by(
                "periods that reached the limit",
                usize::from(count == GUESSES),
            );
        }
        Ok(())
    }
}
