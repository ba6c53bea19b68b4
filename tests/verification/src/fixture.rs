//! Portals in process whose users have been sent one link each.

use crate::rng::{Rng, random};
use crate::{ensure, outbox};
use futures_util::future::try_join_all;
use kit::{CHEAP_HASHES, Email, PASSWORD, World, parameters};
use local::Options;
use local::aws_stub::{Attempt, Fault};
use serde_json::{Value, json};
use shared::domain::link::Purpose;
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The hash parameters that [`CHEAP_HASHES`] sets.
pub(crate) const HASH_PARAMETERS: &str = "m=7168,t=1,p=1";
/// The number of users that one import takes.
const MAX_IMPORT: usize = 25;
/// The mailer is done with a record after this many deliveries.
const MAX_DELIVERIES: usize = 100;

/// A user, and the link that they were sent.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) user: String,
    pub(crate) email: Email,
    /// The nonce of the requesting browser, or an empty string.
    pub(crate) nonce: String,
}

/// Starts a portal with seeded randomness; [`recipients`] delivers its emails.
pub(crate) async fn world(rng: &mut Rng, options: Options) -> World {
    let mut all = options.parameters;
    all.extend(parameters(&CHEAP_HASHES));
    World::in_process(Options {
        events_by_hand: true,
        random: Some(random(Rng::new(rng.next_u64()))),
        parameters: all,
        ..options
    })
    .await
}

/// Returns the hash of a password as the portal stores it.
///
/// # Panics
/// If the parameters or the password are not valid.
#[expect(clippy::unwrap_used, reason = "the callers pass constants")]
pub(crate) fn hash(parameters: &str, password: &str) -> String {
    let hasher = Hasher::new(Argon2Params::parse(parameters).unwrap(), None);
    let password = Password::parse(password).unwrap();
    hasher.hash(&password, [7; 16]).as_str().to_owned()
}

/// Adds users, requests a link for each, and lets **two mailers at once** deliver every email.
///
/// # Errors
/// A user was not sent exactly one email, or a link does not have exactly one row.
pub(crate) async fn recipients(
    world: &World,
    rng: &mut Rng,
    count: usize,
    purpose: Purpose,
) -> Result<Vec<Recipient>, String> {
    let mut recipients = vec![];
    for (user, address) in add_users(world, count, purpose).await? {
        let client = world.client();
        let request = match purpose {
            Purpose::Reset => client.forgot_password(&address),
            _ => client.request_login(&address),
        };
        let outcome = request.await.outcome();
        ensure!(outcome == "200", "an email was requested: {outcome}");
        recipients.push((user, address, client.nonces().unwrap_or_default()));
    }
    world.portal.set_fault(crowd(Rng::new(rng.next_u64())));
    deliver_twice(world).await?;
    let inbox = world.portal.inbox();
    let recipient = |(user, address, nonce)| {
        let sent: Vec<_> = inbox.iter().filter(|email| email.to == address).collect();
        let [email] = sent.as_slice() else {
            return Err(format!("{} emails to {address}", sent.len()));
        };
        let email = Email::from((*email).clone());
        Ok(Recipient { user, email, nonce })
    };
    let rows = world.rows("links").len();
    ensure!(rows == count, "{count} links have {rows} rows");
    recipients.into_iter().map(recipient).collect()
}

/// Adds users and returns their ids and addresses.
async fn add_users(
    world: &World,
    count: usize,
    purpose: Purpose,
) -> Result<Vec<(String, String)>, String> {
    let hash = hash(HASH_PARAMETERS, PASSWORD);
    let user = |n| {
        let email = format!("user{n}@example.com");
        match purpose {
            Purpose::Activation => json!({"email": email, "name": "User", "status": "invited"}),
            _ => json!({"email": email, "name": "User", "password": hash}),
        }
    };
    let users: Vec<_> = (0..count).map(user).collect();
    let (client, mut added) = (world.client(), vec![]);
    for batch in users.chunks(MAX_IMPORT) {
        let response = client.import_users(Value::from(batch)).await;
        ensure!(response.status == 200, "an import: {}", response.body);
        let results = response.json()["results"].as_array().cloned();
        added.extend(results.unwrap_or_default().iter().map(|result| {
            let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
            (text("id"), text("email"))
        }));
    }
    Ok(added)
}

/// Delivers every queued email to two mailers at once, until neither reports a failure.
async fn deliver_twice(world: &World) -> Result<(), String> {
    let mut records = outbox::queued(world, &mut None)?;
    for _ in 0..MAX_DELIVERIES {
        let mut failed = vec![];
        for batch in records.chunks(10) {
            let mailers = [outbox::deliver(world, batch), outbox::deliver(world, batch)];
            let responses = try_join_all(mailers).await?;
            let reported = |record: &&Value| {
                let mut responses = responses.iter();
                responses.any(|response| outbox::is_reported(response, record))
            };
            failed.extend(batch.iter().filter(reported).cloned());
        }
        if failed.is_empty() {
            return Ok(());
        }
        records = failed;
    }
    Err(format!("{} emails are never done with", records.len()))
}

/// Returns faults as concurrent callers cause them: some calls are late by up to 2 ms, and one
/// write in twenty conflicts with another one, which the embedded database never shows by itself.
pub(crate) fn crowd(rng: Rng) -> impl Fn(&Attempt) -> Fault + Send + Sync + 'static {
    let rng = Mutex::new(rng);
    move |attempt| {
        if attempt.service != "dynamodb" {
            return Fault::None;
        }
        let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
        match (rng.below(20), attempt.operation.as_str()) {
            (0, "TransactWriteItems") => Fault::Reply(400, kit::cancelled("TransactionConflict")),
            (0, "UpdateItem") => {
                Fault::Reply(400, kit::dynamodb_error("TransactionConflictException"))
            }
            (1..=12, _) => Fault::Delay(Duration::from_millis(rng.below(3) as u64)),
            _ => Fault::None,
        }
    }
}
