//! The mailer in bad weather (promise 7). Stream, schedule, leases and the SDK's timeouts run on
//! one clock that passes only while everybody waits: an hour without SES takes seconds, and what is
//! measured is what would happen.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a proof that goes wrong is to stop"
)]

use crate::old_kit::{World, mins, secs};
use crate::parallel::paused;
use crate::{Figures, Report};
use clap::Args;
use local::aws_stub::{Attempt, Fault};
use serde_json::{Value, json};
use shared::domain::link::Purpose;
use shared::domain::portal::PortalName;
use shared::keys::KeyRing;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How large.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// How many mails are asked for in an hour without SES
    #[arg(long, default_value_t = 1000)]
    pub mails: u64,
    /// How many mails stand behind one that keeps failing
    #[arg(long, default_value_t = 100)]
    pub neighbours: u64,
}

/// Both of it.
///
/// # Errors
/// What broke.
pub fn run(settings: &Settings, _show_progress: bool) -> Report {
    let mut figures = hour(settings.mails)?;
    figures.0.extend(poison(settings.neighbours)?.0);
    Ok(figures)
}

/// What SES does to a mail it does not take.
const REFUSALS: [fn() -> Fault; 5] = [
    || Fault::FailBefore,
    || Fault::TimeOut,
    || Fault::Delay(secs(60)),
    || Fault::Reply(429, error("TooManyRequestsException")),
    || Fault::LoseAnswer,
];

fn error(kind: &str) -> String {
    json!({"__type": kind, "message": "said SES"}).to_string()
}

async fn world() -> World {
    let limits = [
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
        ("EmailsPerDayPortal", "1000000"),
    ];
    World::in_step(local::Options {
        parameters: crate::old_kit::owned(&limits),
        ..local::Options::default()
    })
    .await
}

async fn ask(world: &World, email: &str) -> Result<(), String> {
    let asked = world
        .browser()
        .post("/auth/request-login", json!({"email": email}))
        .await;
    if asked.status == 200 {
        Ok(())
    } else {
        Err(format!(
            "asking was answered {} {}",
            asked.status, asked.body
        ))
    }
}

fn text(row: &Value, name: &str) -> String {
    row[name]["S"].as_str().unwrap_or_default().to_owned()
}

/// `mails` are asked for in the course of an hour in which SES takes none, some answers being lost
/// on the way back; then it works again. Every mail must have left or be marked, and no two
/// messages of one mail may differ.
fn hour(mails: u64) -> Report {
    paused(1, async {
        let world = world().await;
        world
            .portal
            .set_fault(|attempt| match attempt.service.as_str() {
                "ses" => REFUSALS[attempt.number % REFUSALS.len()](),
                _ => Fault::None,
            });
        let pause = mins(60) / u32::try_from(mails).unwrap();
        for _ in 0..mails {
            ask(&world, "ada@example.com").await?;
            tokio::time::sleep(pause).await;
        }
        world.portal.set_fault(|_| Fault::None);
        let (mut minutes, back) = (0, world.time.now());
        while world
            .rows("emails")
            .iter()
            .any(|row| !row["unfinished"].is_null())
        {
            tokio::time::sleep(secs(60)).await;
            minutes += 1;
            if minutes > 60 {
                return Err(format!(
                    "an hour after SES came back a mail is not over: {:?}",
                    world.rows("emails")
                ));
            }
        }
        let rows = world.rows("emails");
        let ended = |state: &str| {
            rows.iter()
                .filter(|row| text(row, "status") == state)
                .count()
        };
        let messages = world.portal.inbox().len();
        let links = links_by_id(&world);
        let differing = links.values().filter(|links| links.len() > 1).count();
        let (sent, expired) = (ended("sent"), ended("expired"));
        if sent + expired != rows.len() || rows.len() as u64 != mails {
            return Err(format!(
                "{mails} asked for, {} in the log, {sent} sent, {expired} expired",
                rows.len()
            ));
        }
        if differing > 0 || links.len() < sent {
            return Err(format!(
                "{} mails left, {sent} are marked sent, {differing} with different links",
                links.len()
            ));
        }
        let latest = rows
            .iter()
            .filter_map(|row| row["ended_at"]["N"].as_str()?.parse::<u64>().ok())
            .max();
        let took = latest.unwrap_or_default().saturating_sub(back.millis()) / 1000;
        Ok(Figures::default()
            .with("mails asked for in an hour without SES", &mails)
            .with("sent once it was back", &sent)
            .with("marked expired", &expired)
            .with("messages that left", &messages)
            .with("mails of which two different links left", &differing)
            .with("seconds until the last was over", &took))
    })
}

/// The links that have left, by what they are the link of.
fn links_by_id(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let ring = KeyRing::parse(
        &world.portal.key_ring().unwrap(),
        &PortalName::parse("partner").unwrap(),
    )
    .unwrap();
    let mut links: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for link in world.portal.inbox().into_iter().flat_map(|mail| mail.links) {
        let id = ring
            .read_link(Purpose::SignIn, link.rsplit('/').next().unwrap_or_default())
            .unwrap()
            .content
            .id;
        links.entry(id.to_string()).or_default().insert(link);
    }
    links
}

/// What a mail does to the attempts that are made for it.
type Poison = fn(&Attempt) -> Fault;

/// What is wrong with one mail.
const POISONS: [(&str, Poison); 4] = [
    ("crashes the mailer while it is sent", |attempt| {
        if sends_to_poison(attempt) {
            Fault::DieBefore
        } else {
            Fault::None
        }
    }),
    ("crashes the mailer before it is claimed", |attempt| {
        if looks_up_poison(attempt) {
            Fault::DieBefore
        } else {
            Fault::None
        }
    }),
    ("is refused for the moment, always", |attempt| {
        if sends_to_poison(attempt) {
            Fault::Reply(429, error("TooManyRequestsException"))
        } else {
            Fault::None
        }
    }),
    ("is never answered", |attempt| {
        if sends_to_poison(attempt) {
            Fault::Delay(secs(60))
        } else {
            Fault::None
        }
    }),
];

const POISON: &str = "poison@example.com";

fn sends_to_poison(attempt: &Attempt) -> bool {
    attempt.service == "ses" && attempt.body.to_string().contains(POISON)
}

fn looks_up_poison(attempt: &Attempt) -> bool {
    attempt.operation == "GetItem"
        && attempt
            .body
            .to_string()
            .contains(&format!("email#{POISON}"))
}

/// A mail that cannot be sent stands in front of `neighbours` others: they may wait a minute for
/// it, and no longer.
fn poison(neighbours: u64) -> Report {
    let mut figures = Figures::default().with("neighbours behind each poisonous mail", &neighbours);
    for (what, fault) in POISONS {
        let (longest, invocations) = paused(1, behind(neighbours, fault))
            .map_err(|broken| format!("a mail that {what}: {broken}"))?;
        if longest > mins(1) {
            return Err(format!(
                "behind a mail that {what} others wait {} s",
                longest.as_secs()
            ));
        }
        figures = figures.with(
            what,
            &format!(
                "its neighbours wait {:.1} s at most, after {invocations} attempts at it",
                longest.as_secs_f64()
            ),
        );
    }
    Ok(figures)
}

/// The longest wait of a neighbour, and how often the poisonous mail was tried.
async fn behind(neighbours: u64, fault: Poison) -> Result<(Duration, usize), String> {
    let options = local::Options {
        user: Some(POISON.to_owned()),
        ..local::Options::default()
    };
    let limits = [
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
    ];
    let world = World::in_step(local::Options {
        parameters: crate::old_kit::owned(&limits),
        ..options
    })
    .await;
    let tried = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&tried);
    world.portal.set_fault(move |attempt| {
        let fault = fault(attempt);
        count.fetch_add(
            usize::from(!matches!(fault, Fault::None)),
            std::sync::atomic::Ordering::SeqCst,
        );
        fault
    });
    ask(&world, POISON).await?;
    for _ in 0..neighbours {
        ask(&world, "ada@example.com").await?;
    }
    for _ in 0..20 {
        tokio::time::sleep(secs(60)).await;
    }
    let rows = world.rows("emails");
    let states: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (text(row, "sk"), text(row, "status")))
        .collect();
    if states.values().filter(|state| *state == "sent").count() as u64 != neighbours
        || rows.iter().any(|row| !row["unfinished"].is_null())
    {
        // A mail that crashes us before it is claimed has no counter: its row stays, and the alarm
        // goes off.
        let never_claimed = rows
            .iter()
            .all(|row| row["unfinished"].is_null() || text(row, "status") == "queued");
        if !never_claimed {
            return Err(format!("not over after twenty minutes: {states:?}"));
        }
    }
    let millis = |row: &Value, name: &str| {
        row[name]["N"]
            .as_str()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap_or_default()
    };
    let neighbours = rows.iter().filter(|row| text(row, "status") == "sent");
    let longest = neighbours
        .map(|row| millis(row, "ended_at") - millis(row, "requested_at"))
        .max();
    Ok((
        Duration::from_millis(longest.unwrap_or(u64::MAX)),
        tried.load(std::sync::atomic::Ordering::SeqCst),
    ))
}
