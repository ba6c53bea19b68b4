//! Hundreds of sign-ins a second, in virtual time: visitors by link, code and password, in new and
//! known browsers, before a model of DynamoDB's limits.
//!
//! No request may be refused, no email lost, no write given up, and a sign-in must cost at any rate
//! what it costs at one a second.

mod delivery;
mod dynamodb;
mod visitors;

use crate::parallel::paused;
use crate::rng::{Rng, random};
use crate::rows::text;
use crate::{Figures, Report, ensure, ensure_eq};
use clap::Args;
use delivery::Delivery;
use dynamodb::Model;
use futures_util::future::try_join_all;
use kit::{ALL_NOTICES, CHEAP_HASHES, World, mins, parameters, secs, table_name};
use local::Options;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// The number of sign-ins that show the cost at one a second.
const BASELINE: u64 = 20;
/// The largest difference of costs, for retries.
const TOLERANCE: f64 = 0.02;

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The number of sign-ins in a second
    #[arg(long, default_value_t = 500)]
    pub rate: u64,
    /// The number of seconds in which visitors arrive
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Lets visitors sign in at a rate, and then again at one sign-in a second.
///
/// # Errors
/// Fails with the first refusal, with an email that was not sent, with a write that was given up,
/// and if a sign-in costs more than at one a second.
pub fn run(settings: &Settings, _show_progress: bool) -> Report {
    local::logs::ignore();
    let baseline = Settings {
        rate: 1,
        seconds: BASELINE,
        ..*settings
    };
    let (alone, sign_ins) = paused(settings.seed, simulate(&baseline))?;
    let [writes, reads] = cost(&alone, sign_ins);
    let (busy, sign_ins) = paused(settings.seed, simulate(settings))?;
    let [busy_writes, busy_reads] = cost(&busy, sign_ins);
    let is_flat = (busy_writes / writes - 1.0).abs() < TOLERANCE
        && (busy_reads / reads - 1.0).abs() < TOLERANCE;
    ensure!(
        is_flat,
        "a sign-in costs {busy_writes:.1} write and {busy_reads:.1} read units at {} a second, \
         and {writes:.1} and {reads:.1} at one a second",
        settings.rate
    );
    let hottest = busy.hottest.iter().map(|(resource, (units, key))| {
        // The last part of a counter's key is a hash.
        let key = key.split('#').next().unwrap_or_default();
        format!("\n  {resource} {key:.20}: {units:.0}")
    });
    Ok(Figures::default()
        .with("sign-ins", &sign_ins)
        .with("conflicts, retried", &busy.conflicts)
        .with("throttled", &busy.throttled)
        .with("attempts at one write, at most", &busy.most_attempts())
        .with(
            "hottest partition keys, units in a second",
            &hottest.collect::<String>(),
        )
        .with(
            "write units of a sign-in at one a second",
            &format!("{writes:.2}"),
        )
        .with("write units of a sign-in", &format!("{busy_writes:.2}"))
        .with(
            "read units of a sign-in at one a second",
            &format!("{reads:.2}"),
        )
        .with("read units of a sign-in", &format!("{busy_reads:.2}")))
}

fn cost(model: &Model, sign_ins: u64) -> [f64; 2] {
    [model.write_units, model.read_units].map(|units| units / sign_ins as f64)
}

/// Starts a portal with these users. Its stream is off: the run feeds the mailer by itself.
async fn start(rng: &mut Rng, visitors: u64) -> Result<World, String> {
    let mut all = parameters(&CHEAP_HASHES);
    all.extend(parameters(&[
        ALL_NOTICES,
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerDayPortal", "1000000"),
    ]));
    let world = World::in_step(Options {
        parameters: all,
        random: Some(random(Rng::new(rng.next_u64()))),
        events_by_hand: true,
        ..Options::default()
    })
    .await;
    // In the first minute of an hour, a request costs a little more.
    world.clock.advance(mins(2));
    visitors::add_users(&world, visitors);
    let no_stream = json!({
        "TableName": table_name("emails"), "StreamSpecification": {"StreamEnabled": false},
    });
    let no_stream = serde_json::from_value(no_stream).map_err(|error| error.to_string())?;
    let changed = world.portal.database().update_table(no_stream);
    changed.map_err(|error| error.to_string())?;
    world.portal.take_calls();
    Ok(world)
}

/// Returns what DynamoDB saw, and the number of sign-ins.
async fn simulate(settings: &Settings) -> Result<(Model, u64), String> {
    let mut rng = Rng::new(settings.seed);
    let visitors = (settings.rate * settings.seconds).div_ceil(2);
    let world = start(&mut rng, visitors).await?;
    let model = Arc::new(Mutex::new(Model::new(Rng::new(rng.next_u64()))));
    let in_fault = Arc::clone(&model);
    world.portal.set_fault(move |attempt| {
        let mut model = in_fault.lock().unwrap_or_else(PoisonError::into_inner);
        model.fault(attempt)
    });
    let delivery = Delivery::new(&world);
    let millis = usize::try_from(settings.seconds * 1000).unwrap_or_default();
    let arrivals = (0..visitors).map(|visitor| {
        let arrives_after = Duration::from_millis(rng.below(millis) as u64);
        visitors::visit(&world, &delivery, (visitor, arrives_after), settings.seed)
    });
    let visits = async {
        try_join_all(arrivals).await?;
        // For the events of the last emails.
        sleep(secs(5)).await;
        Ok::<_, String>(())
    };
    let charges = async {
        loop {
            sleep(Duration::from_millis(20)).await;
            let calls = world.portal.take_answered_calls();
            let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
            model.charge(&calls);
            delivery.queue(&calls);
        }
    };
    tokio::select! {
        done = visits => done?,
        Err(why) = delivery.run() => return Err(why),
        () = charges => {}
    }
    world.clear_fault();
    check_emails(&world, visitors)?;
    let mut model = model.lock().unwrap_or_else(PoisonError::into_inner);
    let model = std::mem::replace(&mut *model, Model::new(rng));
    let given_up = model.given_up();
    ensure_eq!(given_up, 0, "writes that were given up after six attempts");
    Ok((model, 2 * visitors))
}

/// Every email must have been sent once, and be known to have been delivered.
fn check_emails(world: &World, visitors: u64) -> Result<(), String> {
    let rows = world.rows("emails");
    let sent = |row: &&serde_json::Value| text(row, "status") == "sent" && !row["events"].is_null();
    let lost = rows.iter().find(|row| !sent(row));
    ensure!(lost.is_none(), "an email was not sent: {lost:?}");
    ensure_eq!(rows.len() as u64, visitors::emails(visitors), "emails");
    Ok(())
}
