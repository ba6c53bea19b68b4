//! Checks how the emails ended.

use super::PER_HOUR;
use super::provider::{Accepted, Provider};
use crate::ensure;
use crate::rows::{is_finished, number, text};
use crate::tally::Tally;
use kit::World;
use local::SesEvent;
use serde_json::Value;
use shared::domain::ids::KeyedHash;
use shared::store::{HistoryRange, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the end of every email, the sums, the duplicates and the limits.
pub(super) async fn check(
    world: &World,
    provider: &Provider,
    accepted: u64,
) -> Result<Tally, String> {
    let rows = world.rows("emails");
    let emails = rows.iter().filter(|row| !row["kind"].is_null());
    let unfinished: Vec<_> = emails.clone().filter(|row| !is_finished(row)).collect();
    ensure!(unfinished.is_empty(), "not ended: {unfinished:?}");
    let statuses = shown_statuses(world, emails.clone()).await?;
    let mut tally = Tally::default();
    let none = Accepted::default();
    for row in emails {
        let id = text(row, "sk");
        let status = statuses[id].as_str();
        check_end(row, status, provider.emails.get(id).unwrap_or(&none))?;
        tally.count(status);
    }
    ensure!(
        tally.total() == accepted,
        "{accepted} requests were accepted, and the ends are{tally}"
    );
    let duplicates = provider.duplicates();
    ensure!(
        duplicates as u64 * 1000 <= accepted,
        "{duplicates} messages were sent twice"
    );
    check_limits(world, accepted * 6 / 10)?;
    tally.count_by("messages sent twice, with the same link", duplicates);
    Ok(tally)
}

/// Returns the status of each email by its id, as the delivery log shows it.
async fn shown_statuses(
    world: &World,
    rows: impl Iterator<Item = &Value>,
) -> Result<BTreeMap<String, String>, String> {
    let store = world.portal.store().map_err(|error| error.to_string())?;
    let addresses: BTreeSet<_> = rows.map(|row| text(row, "pk").to_owned()).collect();
    let mut statuses = BTreeMap::new();
    for address in &addresses {
        read_statuses(&store, address, &mut statuses).await?;
    }
    Ok(statuses)
}

async fn read_statuses(
    store: &Store,
    address: &str,
    statuses: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let to = KeyedHash::parse(address).ok_or("a row of no address")?;
    let mut range = HistoryRange::newest(100);
    loop {
        let page = store.list_emails(&to, &range).await;
        let page = page.map_err(|_| "the log cannot be read")?;
        let (records, next) = page.cut(range.limit);
        for record in records {
            let status = record.status().to_owned();
            statuses.insert(record.id.as_str().to_owned(), status);
        }
        match next {
            Some(next) => range.until = next,
            None => return Ok(()),
        }
    }
}

/// Checks that an email ended as SES said last, or as the mailer decided without a word of SES.
fn check_end(row: &Value, status: &str, email: &Accepted) -> Result<(), String> {
    let was_sent = !email.messages.is_empty();
    let last_word = email.published.iter().copied().map(weight).max();
    let is_right = match last_word {
        Some((_, word)) => status == word,
        None if was_sent => ["sent", "failed", "expired", "superseded"].contains(&status),
        None => status != "sent",
    };
    ensure!(
        is_right,
        "an email ended as {status}, after {} messages and {:?}: {row}",
        email.messages.len(),
        email.published
    );
    Ok(())
}

/// Returns the weight of an event, and the status that it gives.
const fn weight(event: SesEvent) -> (u8, &'static str) {
    match event {
        SesEvent::Delay => (0, "delayed"),
        SesEvent::Delivery => (1, "delivered"),
        SesEvent::SoftBounce => (2, "bounced"),
        SesEvent::Suppressed => (3, "suppressed"),
        SesEvent::HardBounce => (4, "bounced"),
        SesEvent::Reject => (5, "rejected"),
        SesEvent::RenderingFailure => (6, "failed"),
        SesEvent::Complaint => (7, "complained"),
    }
}

/// Checks by the audit, which has a record of each claim, how many emails were claimed.
fn check_limits(world: &World, per_day: u64) -> Result<(), String> {
    let mut per_hour: BTreeMap<_, u64> = BTreeMap::new();
    let mut days: BTreeMap<_, u64> = BTreeMap::new();
    for record in world.audit("partner.login.requested") {
        let at = number(&record, "at").unwrap_or_default() / 1000;
        *per_hour
            .entry((text(&record, "pk").to_owned(), at / 3600))
            .or_default() += 1;
        *days.entry(at / 86_400).or_default() += 1;
    }
    let most = per_hour.values().max().copied().unwrap_or_default();
    ensure!(most <= PER_HOUR, "{most} emails to an address in an hour");
    let most = days.values().max().copied().unwrap_or_default();
    ensure!(most <= per_day, "{most} emails in a day");
    Ok(())
}
