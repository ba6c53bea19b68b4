//! Promise 1, on the clock: how long a request computes says nothing about the account. Accounts of
//! every class are asked about in turn, in random order, and their times are compared by rank
//! (Mann-Whitney), as a patient stranger would. What is compared is processor time, in one process:
//! what the machine does beside it is left out, which makes the stranger better than any real one.
//! A leak that is put in on purpose must be found: else the comparison would be too blunt.

#![expect(
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

use crate::hash_speed::processor_millis;
use crate::old_kit::fixture::COSTS;
use crate::old_kit::{PASSWORD, WRONG, World, mins};
use crate::parallel::paused;
use crate::progress::Progress;
use crate::rng::{Rng, random};
use crate::{Figures, Report};
use clap::Args;
use futures_util::future::join_all;
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use shared::domain::password::Password;
use shared::domain::password::hash::Hasher;
use std::collections::BTreeMap;

/// How much to compare.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// How often each class of accounts is asked about at each endpoint
    #[arg(long, default_value_t = 360)]
    pub rounds: usize,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

const CLASSES: [&str; 6] = [
    "unknown",
    "invited",
    "active",
    "suspended",
    "without a password",
    "at the cap",
];
/// Of each class so many: 90 wrong passwords for each of them are not yet the cap.
const EACH: usize = 4;
const ENDPOINTS: [(&str, &str); 3] = [
    ("/auth/sign-in", "sign-in"),
    ("/auth/forgot-password", "forgot-password"),
    ("/auth/request-login", "request-login"),
];
/// How many standard deviations a class may be off: by chance, one comparison in 150,000 is
/// further.
const CHANCE: f64 = 4.5;
/// The leak: how much longer the store takes over a user who is there. A hash takes some twenty
/// times as long.
const LEAK_MILLIS: f64 = 0.5;

/// How far each class is off all others, in standard deviations, by endpoint.
type Distances = BTreeMap<(&'static str, &'static str), f64>;

/// Compares, then puts the leak in and compares again.
///
/// # Errors
/// A class stands out, or does not when it must.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    let most = 90 * EACH;
    if settings.rounds > most {
        return Err(format!(
            "at most {most} rounds: more wrong passwords are the cap for every class"
        ));
    }
    let progress = Progress::new("rounds", 2 * settings.rounds as u64, show_progress);
    let honest = paused(settings.seed, compare(settings, false, &progress))?;
    let leaking = paused(settings.seed, compare(settings, true, &progress))?;
    let most = honest
        .iter()
        .max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()));
    let ((endpoint, class), most) = most.ok_or("nothing was compared")?;
    if most.abs() > CHANCE {
        return Err(format!(
            "{class} stands out at {endpoint}: by {most:.1} standard deviations"
        ));
    }
    let found = leaking[&("sign-in", "unknown")].abs();
    if found < CHANCE {
        return Err(format!(
            "a leak of {LEAK_MILLIS} ms shows by {found:.1} standard deviations only: too blunt"
        ));
    }
    Ok(Figures::default()
        .with(
            "requests compared",
            &(settings.rounds * CLASSES.len() * ENDPOINTS.len()),
        )
        .with("comparisons", &honest.len())
        .with(
            "standard deviations at most",
            &format!("{:.1}, {class} at {endpoint}", most.abs()),
        )
        .with("would be too many", &CHANCE)
        .with(
            "with a leak of half a millisecond at sign-in",
            &format!("{found:.1}"),
        )
        .with("all of them", &listed(&honest)))
}

fn listed(distances: &Distances) -> String {
    let line = |((endpoint, class), z): (&(&str, &str), &f64)| {
        format!("\n  {endpoint:<16} {class:<19} {z:+.1}")
    };
    distances.iter().map(line).collect()
}

async fn compare(
    settings: &Settings,
    leak: bool,
    progress: &Progress,
) -> Result<Distances, String> {
    let mut rng = Rng::derive(settings.seed, u64::from(leak));
    let world = World::in_process(local::Options {
        parameters: crate::old_kit::owned(&crate::old_kit::CHEAP_HASHES),
        random: Some(random(Rng::new(rng.next_u64()))),
        events_by_hand: true,
        ..local::Options::default()
    })
    .await;
    accounts(&world).await?;
    if leak {
        let known = known(&world);
        world
            .portal
            .set_fault(move |attempt| slower(attempt, &known));
    }
    let mut times: BTreeMap<(&'static str, &'static str), Vec<f64>> = BTreeMap::new();
    for round in 0..settings.rounds {
        if round % (9 * EACH) == 0 {
            world.time.pass(mins(15));
            // The key ring is fetched again after five minutes, whoever comes first.
            for (path, _) in ENDPOINTS {
                ask(&world, path, "somebody@example.com").await?;
            }
        }
        let mut turns: Vec<_> = CLASSES
            .iter()
            .flat_map(|class| ENDPOINTS.map(|end| (end, *class)))
            .collect();
        while !turns.is_empty() {
            let ((path, name), class) = turns.swap_remove(rng.below(turns.len()));
            let before = processor_millis();
            ask(&world, path, &email(class, round % EACH)).await?;
            times
                .entry((name, class))
                .or_default()
                .push(processor_millis() - before);
        }
        world.portal.take_calls();
        progress.step();
    }
    let distance = |(endpoint, class): (&'static str, &'static str)| {
        let of = |wanted: bool| {
            times
                .iter()
                .filter(move |(key, _)| key.0 == endpoint && (key.1 == class) == wanted)
        };
        let (ours, others): (Vec<_>, Vec<_>) = (
            of(true).flat_map(|(_, t)| t).collect(),
            of(false).flat_map(|(_, t)| t).collect(),
        );
        ((endpoint, class), standard_deviations(&ours, &others))
    };
    Ok(times.keys().copied().map(distance).collect())
}

/// How many standard deviations the sum of one side's ranks is off what chance makes of it.
fn standard_deviations(ours: &[&f64], others: &[&f64]) -> f64 {
    let mut all: Vec<_> = ours
        .iter()
        .map(|time| (**time, 1.0))
        .chain(others.iter().map(|t| (**t, 0.0)))
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: f64 = all
        .iter()
        .zip(1_u32..)
        .map(|((_, is_ours), rank)| is_ours * f64::from(rank))
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let (n, m) = (ours.len() as f64, others.len() as f64);
    let expected = n * (n + m + 1.0) / 2.0;
    (ranks - expected) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

fn email(class: &str, n: usize) -> String {
    format!("{}{n}@example.com", class.replace(' ', "-"))
}

async fn ask(world: &World, path: &str, email: &str) -> Result<(), String> {
    let mut body = json!({"email": email});
    if path == "/auth/sign-in" {
        body["password"] = json!(WRONG);
    }
    let answer = world.browser().post(path, body).await;
    match answer.status.as_u16() {
        200 | 401 => Ok(()),
        status => Err(format!("{path} answered {status} {}", answer.problem())),
    }
}

/// Some accounts of each class.
async fn accounts(world: &World) -> Result<(), String> {
    let password = Password::parse(PASSWORD).ok_or("the password is none")?;
    let hash = Hasher::new(COSTS, None).hash(&password, [7; 16]);
    for class in CLASSES.into_iter().filter(|class| *class != "unknown") {
        let status = match class {
            "invited" => "invited",
            "suspended" => "suspended",
            _ => "active",
        };
        let user = |n| {
            let mut user = json!({"email": email(class, n), "name": "Somebody", "status": status});
            if !["invited", "without a password"].contains(&class) {
                user["password"] = json!(hash.as_str());
            }
            user
        };
        let users: Vec<_> = (0..EACH).map(user).collect();
        let call = world.browser();
        let path = "/admin/users/import";
        let answer = call
            .call(http::Method::POST, path, Some(&json!({"users": users})))
            .await;
        if answer.status != 200 || answer.json()["results"][0]["id"].is_null() {
            return Err(format!("{class} cannot be added: {}", answer.body));
        }
    }
    for n in 0..EACH {
        cap(world, &email("at the cap", n)).await;
    }
    Ok(())
}

/// Tries wrong passwords until none is right any more: those that begin a row together count as
/// one.
async fn cap(world: &World, email: &str) {
    for _ in 0..11 {
        let body = json!({"email": email, "password": WRONG});
        join_all(
            (0..10).map(|_| async { world.browser().post("/auth/sign-in", body.clone()).await }),
        )
        .await;
        world.time.pass(mins(15));
    }
}

/// The keys of the users who are there.
fn known(world: &World) -> Vec<String> {
    let rows = world.rows("users").into_iter();
    rows.filter_map(|row| row["pk"]["S"].as_str().map(str::to_owned))
        .collect()
}

/// The leak.
fn slower(attempt: &Attempt, known: &[String]) -> Fault {
    let key = attempt.body["Key"]["pk"]["S"].as_str().unwrap_or_default();
    if attempt.operation == "GetItem" && known.iter().any(|known| known == key) {
        let end = processor_millis() + LEAK_MILLIS;
        while processor_millis() < end {}
    }
    Fault::None
}
