//! One form is posted many times at once, and many networks guess one password at once.

use super::passwords::sign_in;
use super::{PAGE, crowded_portal, insist, of_user, spawn_all};
use crate::ensure_eq;
use crate::fixture::Recipient;
use crate::rng::Rng;
use crate::rows::{number, text};
use crate::tally::Tally;
use futures_util::future::join_all;
use kit::{ApiClient, ApiRequest, PASSWORD, WRONG, World};
use shared::domain::link::Purpose;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The number of times that a form is posted at once.
const POSTS: usize = 20;
/// The number of networks that guess at once, and of the passwords that are compared.
const NETWORKS: usize = 120;
const COMPARED: u64 = 100;

/// Races for the users of one portal, one after the other.
pub(super) async fn race(rng: &mut Rng, users: usize) -> Result<Tally, String> {
    // All posts are counted before one of them turns out right.
    let limit = [("PasswordAttempts", "100")];
    let (world, recipients) = crowded_portal(rng, users, &limit, Purpose::Reset).await?;
    let mut tally = Tally::default();
    for recipient in &recipients {
        let raced = race_for_user(&world, recipient).await;
        raced.map_err(|why| format!("{}: {why}", recipient.email.to))?;
        tally.count("forms: one email and one session");
        tally.count_by("guesses: refused", NETWORKS);
        world.portal.take_calls();
    }
    Ok(tally)
}

async fn race_for_user(world: &Arc<World>, recipient: &Recipient) -> Result<(), String> {
    let (client, email) = (world.client(), recipient.email.to.as_str());
    let queued = || world.rows("emails").len();
    let before = queued();
    let request = client.request_login(email);
    let nonces = post_at_once(world, request, "partner.requests").await?;
    ensure_eq!((nonces, queued() - before), (1, 1), "nonces and emails");

    let sign_in = client.sign_in(email, PASSWORD);
    let tokens = post_at_once(world, sign_in, "partner.sid").await?;
    let sessions = of_user(&world.rows("sessions"), &recipient.user).len();
    ensure_eq!((tokens, sessions), (1, 1), "tokens and sessions");
    guess(world, &client, email).await
}

/// Posts a form many times, and returns the number of values that its cookie gets.
async fn post_at_once(
    world: &World,
    request: ApiRequest<'_>,
    cookie: &str,
) -> Result<usize, String> {
    let request = request.idempotency_key(PAGE);
    let posts = (0..POSTS).map(|_| {
        world.clock.advance(Duration::from_millis(1));
        insist(request.clone())
    });
    let mut values = BTreeSet::new();
    for response in join_all(posts).await {
        ensure_eq!(response.outcome(), "200", "one of many posts");
        let mut cookies = response.cookies.into_iter();
        values.extend(cookies.find(|set| set.starts_with(cookie)));
    }
    Ok(values.len())
}

/// Guesses from many networks: after that, only a browser that has signed in before may do so.
async fn guess(world: &Arc<World>, known: &ApiClient<'_>, email: &str) -> Result<(), String> {
    let guesses = (0..NETWORKS).map(|_| {
        let (world, email) = (Arc::clone(world), email.to_owned());
        async move { sign_in(&world.client(), &email, WRONG).await }
    });
    for outcome in spawn_all(guesses).join_all().await {
        ensure_eq!(outcome, "401 invalid-credentials", "a guess");
    }
    let rows = world.rows("rate-limits");
    let of_addresses = rows
        .iter()
        .filter(|row| text(row, "pk").starts_with("password-failures#"));
    let most = of_addresses.filter_map(|row| number(row, "count")).max();
    ensure_eq!(most, Some(COMPARED), "passwords compared");
    let outcome = sign_in(&world.client(), email, PASSWORD).await;
    ensure_eq!(outcome, "401 invalid-credentials", "a new browser");
    ensure_eq!(
        sign_in(known, email, PASSWORD).await,
        "200",
        "a known browser"
    );
    Ok(())
}
