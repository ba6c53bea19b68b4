//! Outages of SES, and emails that can never be sent (promise 7).
//!
//! The stream, the schedule, leases and the SDK's timeouts run on one paused clock that advances
//! only while everything waits: an hour takes seconds.

#![expect(clippy::indexing_slicing, reason = "a broken verification should stop")]

use crate::parallel::paused;
use crate::rows::{is_finished, number, text};
use crate::{Figures, Report, ensure};
use clap::Args;
use kit::{ADA, Email, World, mins, parameters, secs};
use local::Options;
use local::aws_stub::{Attempt, Fault};
use serde_json::{Value, json};
use shared::domain::link::Purpose;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::sleep;

#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The number of emails requested in an hour without SES
    #[arg(long, default_value_t = 1000)]
    pub emails: u64,
    /// The number of emails behind one that can never be sent
    #[arg(long, default_value_t = 100)]
    pub neighbours: u64,
}

/// Simulates an hour without SES, then each kind of email that can never be sent.
///
/// # Errors
/// Fails with the first email that is lost, differs, or waits too long.
pub fn run(settings: &Settings, _show_progress: bool) -> Report {
    let mut figures = paused(1, hour_without_ses(settings.emails))?;
    figures = figures.with("emails behind one that is never sent", &settings.neighbours);
    for (name, fault) in POISON_FAULTS {
        let result = paused(1, wait_behind_poison(settings.neighbours, fault))
            .map_err(|why| format!("behind an email that {name}: {why}"))?;
        figures = figures.with(name, &result);
    }
    Ok(figures)
}

/// Starts a portal whose limits do not matter.
async fn start() -> World {
    let limits = [
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
        ("EmailsPerDayPortal", "1000000"),
    ];
    World::in_step(Options {
        user: Some(POISON.to_owned()),
        parameters: parameters(&limits),
        ..Options::default()
    })
    .await
}

async fn request_email(world: &World, address: &str) -> Result<(), String> {
    let response = world.client().request_login(address).await;
    ensure!(
        response.status == 200,
        "a request got {}",
        response.outcome()
    );
    Ok(())
}

fn ses_error() -> Fault {
    let error = json!({"__type": "TooManyRequestsException", "message": "an injected error"});
    Fault::Reply(429, error.to_string())
}

fn count_status(rows: &[Value], status: &str) -> u64 {
    rows.iter()
        .filter(|row| text(row, "status") == status)
        .count() as u64
}

/// Requests emails for an hour in which SES sends none, or loses its responses; then it works
/// again.
///
/// Every email must be sent or expire, and no two messages of one email may differ.
async fn hour_without_ses(emails: u64) -> Report {
    let world = start().await;
    world.portal.set_fault(
        |attempt| match (attempt.service.as_str(), attempt.number % 5) {
            ("ses", 0) => Fault::FailBefore,
            ("ses", 1) => Fault::TimeOut,
            ("ses", 2) => Fault::Delay(secs(60)),
            ("ses", 3) => ses_error(),
            ("ses", _) => Fault::LoseAnswer,
            _ => Fault::None,
        },
    );
    for _ in 0..emails {
        request_email(&world, ADA).await?;
        sleep(mins(60).div_f64(emails as f64)).await;
    }
    world.clear_fault();
    let back_at = world.clock.now();
    for _ in 0..60 {
        if !world.rows("emails").iter().all(is_finished) {
            sleep(secs(60)).await;
        }
    }
    let rows = world.rows("emails");
    ensure!(
        rows.iter().all(is_finished),
        "an hour after SES is back an email is not finished: {rows:?}"
    );
    let sent = count_status(&rows, "sent");
    let expired = count_status(&rows, "expired");
    ensure!(
        rows.len() as u64 == emails && sent + expired == emails,
        "of {emails} emails {} have rows, {sent} are sent, {expired} expired",
        rows.len()
    );
    let messages = world.portal.inbox();
    let ring = world.key_ring();
    let mut links: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in messages.iter().cloned().map(Email::from) {
        let link = ring.read_link(Purpose::SignIn, &message.token());
        let id = link.map_err(|_| "a link cannot be read")?.content.id;
        links
            .entry(id.to_string())
            .or_default()
            .insert(message.token());
    }
    ensure!(
        links.len() as u64 >= sent && links.values().all(|links| links.len() == 1),
        "{sent} emails are sent, with the links {links:?}"
    );
    let finished_at = rows.iter().filter_map(|row| number(row, "ended_at")).max();
    let took = finished_at
        .unwrap_or_default()
        .saturating_sub(back_at.millis())
        / 1000;
    Ok(Figures::default()
        .with("emails requested in an hour without SES", &emails)
        .with("sent once it was back", &sent)
        .with("expired", &expired)
        .with("messages, none with another link", &messages.len())
        .with("seconds until the last was finished", &took))
}

/// The recipient whose emails can never be sent.
const POISON: &str = "poison@example.com";

type PoisonFault = fn(&Attempt) -> Fault;

/// The faults of the calls for a poisonous email.
const POISON_FAULTS: [(&str, PoisonFault); 4] = [
    ("crashes the mailer while it is sent", |attempt| {
        if_sent(attempt, Fault::DieBefore)
    }),
    ("crashes the mailer before it is claimed", |attempt| {
        let is_lookup = attempt.operation == "GetItem"
            && attempt.body["Key"]["pk"]["S"] == format!("email#{POISON}");
        if is_lookup {
            Fault::DieBefore
        } else {
            Fault::None
        }
    }),
    ("is always refused temporarily", |attempt| {
        if_sent(attempt, ses_error())
    }),
    ("is never answered", |attempt| {
        if_sent(attempt, Fault::Delay(secs(60)))
    }),
];

fn if_sent(attempt: &Attempt, fault: Fault) -> Fault {
    if attempt.service == "ses" && attempt.body.to_string().contains(POISON) {
        fault
    } else {
        Fault::None
    }
}

/// Returns the longest wait of emails behind a poisonous one, and how often that was tried.
///
/// # Errors
/// Fails if one waits longer than a minute, or is not sent.
async fn wait_behind_poison(neighbours: u64, fault: PoisonFault) -> Result<String, String> {
    let world = start().await;
    let faults = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&faults);
    world.portal.set_fault(move |attempt| {
        let fault = fault(attempt);
        let is_injected = !matches!(fault, Fault::None);
        counter.fetch_add(u64::from(is_injected), Ordering::SeqCst);
        fault
    });
    request_email(&world, POISON).await?;
    for _ in 0..neighbours {
        request_email(&world, ADA).await?;
    }
    sleep(mins(20)).await;
    let rows = world.rows("emails");
    let mut unfinished = rows.iter().filter(|row| !is_finished(row));
    // An email that crashes the mailer before it is claimed has no counter: it stays queued, and
    // the alarm goes off.
    ensure!(
        count_status(&rows, "sent") == neighbours
            && unfinished.all(|row| text(row, "status") == "queued"),
        "not finished after twenty minutes: {rows:?}"
    );
    let sent = rows.iter().filter(|row| text(row, "status") == "sent");
    let wait = |row| Some(number(row, "ended_at")? - number(row, "requested_at")?);
    let longest = sent.filter_map(wait).max().unwrap_or_default();
    ensure!(longest <= 60_000, "others wait {longest} ms");
    let tries = faults.load(Ordering::SeqCst);
    Ok(format!(
        "others wait {longest} ms at most; tried {tries} times"
    ))
}
