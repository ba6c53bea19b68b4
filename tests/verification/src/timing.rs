//! Compares how long requests compute for accounts of different kinds (promise 1).
//!
//! Accounts of every class are requested in turn, in random order, and their times are compared by
//! rank (Mann-Whitney). The processor time of one process is compared, which is less noisy than
//! anything a stranger can measure. A leak that is added on purpose must be found: otherwise the
//! comparison is too coarse.

#![expect(clippy::indexing_slicing, reason = "a broken verification should stop")]

use crate::fixture::{HASH_PARAMETERS, hash};
use crate::hash_speed::processor_millis;
use crate::parallel::paused;
use crate::progress::Progress;
use crate::rng::{Rng, random};
use crate::rows::text;
use crate::{Figures, Report, ensure};
use clap::Args;
use futures_util::future::join_all;
use kit::{CHEAP_HASHES, PASSWORD, WRONG, World, mins, parameters};
use local::aws_stub::{Attempt, Fault};
use serde_json::json;
use std::collections::BTreeMap;
use std::future::IntoFuture;

#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The number of requests for each class of accounts at each endpoint
    #[arg(long, default_value_t = 360)]
    pub rounds: usize,
    /// The seed of all random choices
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
/// The number of accounts in each class.
const ACCOUNTS: usize = 4;
/// The most requests for an account: more wrong passwords would bring every class to the cap.
const MAX_REQUESTS: usize = 90;
/// The limit for a class, in standard deviations: one comparison in 150,000 exceeds it by chance.
const LIMIT: f64 = 4.5;
/// The time that the store takes longer for known users, once the leak is added. A hash takes some
/// twenty times as long.
const LEAK_MILLIS: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Endpoint {
    SignIn,
    ForgotPassword,
    RequestLogin,
}

const ENDPOINTS: [Endpoint; 3] = [
    Endpoint::SignIn,
    Endpoint::ForgotPassword,
    Endpoint::RequestLogin,
];

/// The distance of each class from all others, in standard deviations.
type Distances = BTreeMap<(Endpoint, &'static str), f64>;

/// Compares the classes without and with the leak.
///
/// # Errors
/// Fails if a class stands out without the leak, or none does with it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    let max = MAX_REQUESTS * ACCOUNTS;
    ensure!(settings.rounds <= max, "at most {max} rounds are possible");
    let progress = Progress::new("rounds", 2 * settings.rounds as u64, show_progress);
    let honest = paused(settings.seed, compare(settings, false, &progress))?;
    let leaking = paused(settings.seed, compare(settings, true, &progress))?;
    for ((endpoint, class), distance) in &honest {
        let is_normal = distance.abs() <= LIMIT;
        ensure!(
            is_normal,
            "{class} stands out at {endpoint:?} by {distance:.1} standard deviations"
        );
    }
    let found = leaking[&(Endpoint::SignIn, "unknown")].abs();
    let is_found = found >= LIMIT;
    ensure!(
        is_found,
        "a leak of {LEAK_MILLIS} ms shows by {found:.1} standard deviations only"
    );
    let line = |((endpoint, class), distance): (&(Endpoint, &str), &f64)| {
        format!("\n  {endpoint:?} {class}: {distance:+.1}")
    };
    let requests = settings.rounds * CLASSES.len() * ENDPOINTS.len();
    Ok(Figures::default()
        .with("requests", &requests)
        .with("limit, in standard deviations", &LIMIT)
        .with("with a leak at sign-in", &format!("{found:.1}"))
        .with("without", &honest.iter().map(line).collect::<String>()))
}

async fn compare(
    settings: &Settings,
    has_leak: bool,
    progress: &Progress,
) -> Result<Distances, String> {
    let mut rng = Rng::derive(settings.seed, u64::from(has_leak));
    let world = World::in_process(local::Options {
        parameters: parameters(&CHEAP_HASHES),
        random: Some(random(Rng::new(rng.next_u64()))),
        events_by_hand: true,
        ..local::Options::default()
    })
    .await;
    create_accounts(&world).await?;
    if has_leak {
        let users = world.rows("users");
        let known: Vec<_> = users.iter().map(|row| text(row, "pk").to_owned()).collect();
        world.portal.set_fault(move |attempt| leak(attempt, &known));
    }
    let mut times: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for round in 0..settings.rounds {
        if round % (9 * ACCOUNTS) == 0 {
            world.clock.advance(mins(15));
            // Refreshes the key ring, which the first request after five minutes would do.
            for endpoint in ENDPOINTS {
                send(&world, endpoint, "somebody@example.com").await?;
            }
        }
        let mut turns: Vec<_> = CLASSES
            .iter()
            .flat_map(|class| ENDPOINTS.map(|endpoint| (endpoint, *class)))
            .collect();
        while !turns.is_empty() {
            let turn = turns.swap_remove(rng.below(turns.len()));
            let (endpoint, class) = turn;
            let before = processor_millis();
            send(&world, endpoint, &address(class, round % ACCOUNTS)).await?;
            let took = processor_millis() - before;
            times.entry(turn).or_default().push(took);
        }
        world.portal.take_calls();
        progress.step();
    }
    let distance = |(endpoint, class)| {
        let (mut own, mut others) = (vec![], vec![]);
        for ((at, other), times) in &times {
            match (*at == endpoint, *other == class) {
                (true, true) => own.extend(times),
                (true, false) => others.extend(times),
                (false, _) => {}
            }
        }
        ((endpoint, class), standard_deviations(&own, &others))
    };
    Ok(times.keys().copied().map(distance).collect())
}

/// Returns the difference between the sum of one side's ranks and the expected sum, in standard
/// deviations.
fn standard_deviations(own: &[f64], others: &[f64]) -> f64 {
    let own_times = own.iter().map(|time| (*time, 1.0));
    let mut all: Vec<_> = own_times
        .chain(others.iter().map(|time| (*time, 0.0)))
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: f64 = all
        .iter()
        .zip(1_u32..)
        .map(|((_, is_own), rank)| is_own * f64::from(rank))
        .sum();
    let (n, m) = (own.len() as f64, others.len() as f64);
    let expected = n * (n + m + 1.0) / 2.0;
    (ranks - expected) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

fn address(class: &str, n: usize) -> String {
    format!("{}{n}@example.com", class.replace(' ', "-"))
}

async fn send(world: &World, endpoint: Endpoint, email: &str) -> Result<(), String> {
    let client = world.client();
    let request = match endpoint {
        Endpoint::SignIn => client.sign_in(email, WRONG),
        Endpoint::ForgotPassword => client.forgot_password(email),
        Endpoint::RequestLogin => client.request_login(email),
    };
    let response = request.await;
    ensure!(
        [200, 401].contains(&response.status),
        "{endpoint:?} got {}",
        response.outcome()
    );
    Ok(())
}

/// Creates the accounts of each class.
async fn create_accounts(world: &World) -> Result<(), String> {
    let hash = hash(HASH_PARAMETERS, PASSWORD);
    for class in CLASSES.into_iter().filter(|class| *class != "unknown") {
        let status = match class {
            "invited" | "suspended" => class,
            _ => "active",
        };
        let users: Vec<_> = (0..ACCOUNTS)
            .map(|n| {
                let mut user =
                    json!({"email": address(class, n), "name": "Somebody", "status": status});
                if !["invited", "without a password"].contains(&class) {
                    user["password"] = json!(hash);
                }
                user
            })
            .collect();
        let imported = world.client().import_users(json!(users)).await;
        ensure!(
            imported.status == 200 && !imported.json()["results"][0]["id"].is_null(),
            "{class} cannot be created: {}",
            imported.body
        );
    }
    for n in 0..ACCOUNTS {
        reach_cap(world, &address("at the cap", n)).await;
    }
    Ok(())
}

/// Tries wrong passwords until the account is at the cap; those tried at once count as one.
async fn reach_cap(world: &World, email: &str) {
    for _ in 0..11 {
        let clients = [(); 10].map(|()| world.client());
        let attempts = clients
            .each_ref()
            .map(|client| client.sign_in(email, WRONG));
        join_all(attempts.map(IntoFuture::into_future)).await;
        world.clock.advance(mins(15));
    }
}

/// Makes the store slower for known users.
fn leak(attempt: &Attempt, known: &[String]) -> Fault {
    let key = attempt.body["Key"]["pk"]["S"].as_str().unwrap_or_default();
    if attempt.operation == "GetItem" && known.iter().any(|known| known == key) {
        let end = processor_millis() + LEAK_MILLIS;
        while processor_millis() < end {}
    }
    Fault::None
}
