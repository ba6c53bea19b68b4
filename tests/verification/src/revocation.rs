//! Requests to a team's own API race the end of their session: none is accepted that began after
//! the response to the logout, revocation, suspension, reset or erasure.
//!
//! All of them go through the authorizer at once, on two threads, while calls to DynamoDB are late
//! or conflict. Every fifth minute that passes lets a request write the last-seen time as well.

use crate::fixture::Recipient;
use crate::progress::Progress;
use crate::race::{crowded_portal, insist, revoke_everything, sleep, spawn_all};
use crate::rng::Rng;
use crate::tally::Tally;
use crate::{Figures, Report, ensure};
use kit::authorizer::{http_api_event, rest_api_event};
use kit::{ApiClient, PASSWORD, World, mins};
use shared::domain::link::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Builder;

/// The number of sessions of one portal, whose tables are in memory.
const PER_PORTAL: usize = 20;
/// The number of requests to the API with one session.
const PER_SESSION: usize = 250;
/// The number of clients that use one session at once.
const CLIENTS: usize = 25;
/// The end comes at most this many milliseconds late.
const MAX_DELAY: usize = 24;

const ACCEPTED: &str = "accepted before the end";
const REFUSED: &str = "refused during the end";
const AFTER: &str = "refused after the end";

/// The size of the run.
#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of requests to the API, 250 for each session
    #[arg(long, default_value_t = 100_000)]
    pub requests: usize,
    /// The seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The ways in which a session ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Logout,
    /// The user revokes this session from another one.
    RevokeOne,
    /// The user revokes all others from another session.
    RevokeOthers,
    /// An administrator suspends the user.
    Suspend,
    /// An administrator revokes all sessions of the user.
    RevokeAll,
    /// An administrator erases the user.
    Erase,
}

const ENDS: [End; 6] = [
    End::Logout,
    End::RevokeOne,
    End::RevokeOthers,
    End::Suspend,
    End::RevokeAll,
    End::Erase,
];

/// Ends session after session while requests use it.
///
/// # Errors
/// The first request that was answered wrongly.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    let mut sessions = settings.requests.div_ceil(PER_SESSION).max(ENDS.len());
    let progress = Progress::new("sessions", sessions as u64, show_progress);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let mut tally = Tally::default();
    for portal in 0.. {
        let count = sessions.min(PER_PORTAL);
        if count == 0 {
            break;
        }
        let mut rng = Rng::derive(settings.seed, portal);
        let raced = runtime.block_on(race(&mut rng, count, &progress));
        tally.add(raced.map_err(|why| format!("portal {portal}: {why}"))?);
        sessions -= count;
    }
    for name in [ACCEPTED, AFTER] {
        ensure!(tally.get(name) > 0, "no request was {name}");
    }
    Ok(Figures::default()
        .with("seed", &settings.seed)
        .with("counts", &tally))
}

async fn race(rng: &mut Rng, sessions: usize, progress: &Progress) -> Result<Tally, String> {
    let long = [("SessionHours", "87600"), ("LinkMinutes", "1440")];
    let (world, recipients) = crowded_portal(rng, sessions, &long, Purpose::SignIn).await?;
    let mut tally = Tally::default();
    for (n, recipient) in recipients.iter().enumerate() {
        let end = ENDS[n % ENDS.len()];
        let raced = race_for_session(&world, rng, recipient, end).await;
        tally.add(raced.map_err(|why| format!("{}, {end:?}: {why}", recipient.email.to))?);
        world.portal.take_calls();
        progress.step();
    }
    Ok(tally)
}

async fn race_for_session(
    world: &Arc<World>,
    rng: &mut Rng,
    recipient: &Recipient,
    end: End,
) -> Result<Tally, String> {
    let (client, other) = (world.client(), world.client());
    for one in [&client, &other] {
        let signed_in = insist(one.sign_in(&recipient.email.to, PASSWORD)).await;
        ensure!(
            signed_in.status == 200,
            "a sign-in: {}",
            signed_in.outcome()
        );
    }
    let ended = Arc::new(AtomicBool::new(false));
    let tasks = (0..CLIENTS).map(|_| {
        let (world, ended) = (Arc::clone(world), Arc::clone(&ended));
        let cookies = client.cookie_header();
        let rng = Rng::new(rng.next_u64());
        async move { use_api(&world, &cookies, rng, &ended).await }
    });
    let clients = spawn_all(tasks);
    sleep(rng.below(MAX_DELAY)).await;
    let id = client.session().unwrap_or_default();
    end_session(world, &client, &other, &recipient.user, &id, end).await?;
    ended.store(true, Ordering::SeqCst);
    let mut tally = Tally::default();
    for counts in clients.join_all().await {
        tally.add(counts?);
    }
    Ok(tally)
}

/// Ends the session of `client`, and returns once the response has come.
async fn end_session(
    world: &World,
    client: &ApiClient<'_>,
    other: &ApiClient<'_>,
    user: &str,
    token: &str,
    end: End,
) -> Result<(), String> {
    let request = match end {
        End::Suspend => return revoke_everything(world, user, true).await,
        End::RevokeAll => return revoke_everything(world, user, false).await,
        End::Logout => client.logout(),
        End::RevokeOthers => other.revoke_other_sessions(),
        End::Erase => other.erase_user(user),
        End::RevokeOne => {
            let ring = world.key_ring();
            let read = ring.read_session(token).map_err(|_| "unreadable")?;
            other.revoke_session(&read.content.id.hash().to_string())
        }
    };
    let outcome = insist(request).await.outcome();
    ensure!(
        ["200", "204"].contains(&outcome.as_str()),
        "an end: {outcome}"
    );
    Ok(())
}

/// Calls the API again and again. A call that begins after the end must be refused; one during the
/// end may be.
async fn use_api(
    world: &World,
    cookies: &str,
    mut rng: Rng,
    ended: &AtomicBool,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for _ in 0..PER_SESSION / CLIENTS {
        if rng.one_in(100) {
            world.clock.advance(mins(5));
        }
        sleep(rng.below(3)).await;
        let headers = [("cookie", cookies)];
        let event = match rng.one_in(2) {
            true => http_api_event("GET", &headers),
            false => rest_api_event("GET", &headers),
        };
        let late = ended.load(Ordering::SeqCst);
        match (late, world.authorize(event).await.0) {
            (true, 401) => tally.count(AFTER),
            (false, 401) => tally.count(REFUSED),
            (false, 200) => tally.count(ACCEPTED),
            (_, status) => return Err(format!("{status}, after the end: {late}")),
        }
    }
    Ok(tally)
}
