//! Requests race the end of their session: an ended session is never accepted, and no write brings
//! it back.

use super::passwords::sign_in;
use super::redemptions::{Racer, redeem};
use super::{PAGE, crowded_portal, insist, of_user, revoke_everything, sleep, spawn_all};
use crate::fixture::Recipient;
use crate::rng::Rng;
use crate::tally::Tally;
use crate::{ensure, ensure_eq};
use futures_util::future::join_all;
use kit::{ApiClient, PASSWORD, World, mins};
use shared::domain::link::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of clients that use one session at once.
const CLIENTS: usize = 10;
/// The end comes at most this many milliseconds late.
const MAX_DELAY: usize = 16;

/// The ways in which a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Two logouts at once.
    Logout,
    /// The user revokes this session from another one.
    RevokeOne,
    /// The user revokes all others from another session, which lives on.
    RevokeOthers,
    /// An administrator suspends the user.
    Suspend,
    /// An administrator revokes all sessions of the user.
    RevokeAll,
}

impl End {
    /// Returns the action that is recorded once, and the number of session rows that are left.
    const fn traces(self) -> (&'static str, usize) {
        match self {
            Self::Logout => ("partner.logout", 0),
            Self::RevokeOne => ("partner.session.revoked", 1),
            Self::RevokeOthers => ("partner.sessions.revoked", 2),
            Self::Suspend => ("partner.suspended", 1),
            Self::RevokeAll => ("partner.sessions.revoked", 1),
        }
    }
}

/// Ends the sessions of one portal, one after the other, each during `requests` requests.
pub(super) async fn race(rng: &mut Rng, sessions: usize, requests: usize) -> Result<Tally, String> {
    use End::{Logout, RevokeAll, RevokeOne, RevokeOthers, Suspend};
    // Links and sessions outlive the minutes that pass, and cookies are renewed.
    let long = [("SessionHours", "87600"), ("LinkMinutes", "1440")];
    let (world, recipients) = crowded_portal(rng, sessions, &long, Purpose::SignIn).await?;
    let (mut tally, mut ends) = (Tally::default(), vec![]);
    for recipient in &recipients {
        let kinds = [Logout, Logout, RevokeOne, RevokeOthers, Suspend, RevokeAll];
        let end = *rng.pick(&kinds);
        let raced = race_for_session(&world, rng, recipient, end, requests, &mut tally).await;
        raced.map_err(|why| format!("{}, {end:?}: {why}", recipient.email.to))?;
        tally.count("sessions: ended while in use");
        ends.push(end);
        world.portal.take_calls();
    }
    let rows = world.rows("sessions");
    for (recipient, end) in recipients.iter().zip(ends) {
        let (action, left) = end.traces();
        let rows = of_user(&rows, &recipient.user).len();
        let records = of_user(&world.audit(action), &recipient.user).len();
        ensure_eq!((rows, records), (left, 1), "sessions, {action}, {end:?}");
    }
    Ok(tally)
}

async fn race_for_session(
    world: &Arc<World>,
    rng: &mut Rng,
    recipient: &Recipient,
    end: End,
    requests: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let session = redeem(world, recipient, Racer::SamePage).await.session;
    let session = session.ok_or("nobody is signed in")?;
    let other = world.client();
    if matches!(end, End::RevokeOne | End::RevokeOthers) {
        let outcome = sign_in(&other, &recipient.email.to, PASSWORD).await;
        ensure!(outcome == "200", "a sign-in: {outcome}");
    }
    let ended = Arc::new(AtomicBool::new(false));
    let tasks = (0..CLIENTS).map(|n| {
        let (world, token) = (Arc::clone(world), recipient.email.token());
        let (session, ended) = (session.clone(), Arc::clone(&ended));
        let count = requests / CLIENTS + usize::from(n < requests % CLIENTS);
        let rng = Rng::new(rng.next_u64());
        async move { use_session(&world, &token, &session, rng, count, &ended).await }
    });
    let clients = spawn_all(tasks);
    sleep(rng.below(MAX_DELAY)).await;
    match end {
        End::Logout => log_out_twice(world, &session).await?,
        End::RevokeOne | End::RevokeOthers => revoke(world, &other, &session, end).await?,
        End::Suspend => revoke_everything(world, &recipient.user, true).await?,
        End::RevokeAll => revoke_everything(world, &recipient.user, false).await?,
    }
    ended.store(true, Ordering::SeqCst);
    for counts in clients.join_all().await {
        tally.add(counts?);
    }
    Ok(())
}

/// Revokes this session or all others from another session, which lives on.
async fn revoke(
    world: &World,
    other: &ApiClient<'_>,
    session: &str,
    end: End,
) -> Result<(), String> {
    let ring = world.key_ring();
    let read = ring
        .read_session(session)
        .map_err(|_| "an unreadable session")?;
    let request = match end {
        End::RevokeOne => other.revoke_session(&read.content.id.hash().to_string()),
        _ => other.revoke_other_sessions(),
    };
    let outcomes = [insist(request).await, other.me().await].map(|response| response.outcome());
    ensure_eq!(outcomes, ["204", "200"], "a revocation, and its session");
    Ok(())
}

/// Logs out twice at once, and returns when both responses have come.
async fn log_out_twice(world: &World, session: &str) -> Result<(), String> {
    let clients = [world.client(), world.client()];
    let logouts = clients.iter().map(|client| {
        client.set_session(Some(session));
        client.logout().into_future()
    });
    for response in join_all(logouts).await {
        ensure!(response.status == 200, "a logout: {}", response.outcome());
    }
    Ok(())
}

/// Asks who is signed in, or now and then redeems the link again from the page that had it.
///
/// Now and then five minutes pass, so that the next request also writes the last-seen time.
async fn use_session(
    world: &World,
    token: &str,
    session: &str,
    mut rng: Rng,
    requests: usize,
    ended: &AtomicBool,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for _ in 0..requests {
        if rng.one_in(25) {
            world.clock.advance(mins(5));
        }
        sleep(rng.below(2)).await;
        let client = world.client();
        let repeats = rng.one_in(10);
        let late = ended.load(Ordering::SeqCst);
        let (response, refused) = if repeats {
            (client.verify_link(token).idempotency_key(PAGE).await, 410)
        } else {
            client.set_session(Some(session));
            (client.me().await, 401)
        };
        match (late, response.status) {
            (true, status) if status == refused => tally.count("sessions: requests after the end"),
            (false, status) if status == refused => tally.count("sessions: refused during the end"),
            (false, 200) => tally.count("sessions: accepted before the end"),
            _ => return Err(format!("{}, after the end: {late}", response.outcome())),
        }
    }
    Ok(tally)
}
