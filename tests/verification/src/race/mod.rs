//! Races for links, passwords and sessions.
//!
//! One link starts one session or sets one password, however many use it at once, and nothing is
//! accepted that began after the response to a logout, a revocation, a suspension or a reset. One
//! form has one effect, however often it is posted, and limits hold however many guess.
//!
//! Every second portal runs in one thread with a paused clock, where the seed decides which calls
//! are late: a failure can be replayed. The others run on two threads, where racers overlap.

mod dynamodb_local;
mod erasures;
mod limits;
mod passwords;
mod redemptions;
mod session_ends;
mod suspensions;

use crate::fixture::{self, Recipient};
use crate::progress::Progress;
use crate::rng::Rng;
use crate::tally::Tally;
use crate::{Figures, Report, ensure};
use kit::{ApiClient, ApiRequest, ApiResponse, World, parameters};
use local::Options;
use serde_json::Value;
use shared::domain::link::Purpose;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// The number of links or sessions of one portal, whose tables are in memory and whose links must
/// not expire while minutes pass.
const PER_PORTAL: usize = 50;
/// The number of requests that race for one session.
const PER_SESSION: usize = 100;
/// The idempotency key of a page that several racers share.
const PAGE: &str = "the-page-that-is-open-twice";

/// The sizes of the races.
#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of links that all racers redeem at once
    #[arg(long, default_value_t = 10_000)]
    pub tokens: usize,
    /// The number of racers for each link: pages, browsers and codes
    #[arg(long, default_value_t = 16)]
    pub racers: usize,
    /// The number of links that are redeemed while their user is suspended or signed out
    #[arg(long, default_value_t = 5_000)]
    pub suspensions: usize,
    /// The number of users who are erased while a back end repeats their creation
    #[arg(long, default_value_t = 2_000)]
    pub erasures: usize,
    /// The number of links by which several pages set a password at once; half of them are resets,
    /// during which others sign in with the old password
    #[arg(long, default_value_t = 2_000)]
    pub passwords: usize,
    /// The number of users whose forms are posted 20 times at once, and whose password 150 networks
    /// guess at once
    #[arg(long, default_value_t = 200)]
    pub forms: usize,
    /// The number of requests that race the end of a session, 100 for each
    #[arg(long, default_value_t = 100_000)]
    pub requests: usize,
    /// The seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only the portal with this number, as a failure names it
    #[arg(long)]
    pub only: Option<u64>,
    /// Race the store itself on AWS's DynamoDB Local instead
    #[arg(long)]
    pub dynamodb_local: bool,
}

#[derive(Clone, Copy, Debug)]
enum Case {
    Redemptions,
    Suspensions,
    Erasures,
    Activations,
    Resets,
    Limits,
    SessionEnds,
}

/// One portal's share of the work.
struct Part {
    number: u64,
    case: Case,
    count: usize,
}

/// Races in portal after portal.
///
/// # Errors
/// The first failure, and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    if settings.dynamodb_local {
        return dynamodb_local::run(settings, show_progress);
    }
    let mut parts = parts(settings);
    parts.retain(|part| settings.only.is_none_or(|only| only == part.number));
    let progress = Progress::new("portals", parts.len() as u64, show_progress);
    let mut tally = Tally::default();
    for part in &parts {
        let raced = part.race(settings);
        tally.add(raced.map_err(|why| format!("{part}: {why}\n{}", settings.replay(part)))?);
        progress.step();
    }
    Ok(Figures::default()
        .with("seed", &settings.seed)
        .with("portals", &parts.len())
        .with("counts", &tally))
}

fn parts(settings: &Settings) -> Vec<Part> {
    let mut parts = Vec::new();
    for (case, mut left) in [
        (Case::Redemptions, settings.tokens),
        (Case::Suspensions, settings.suspensions),
        (Case::Erasures, settings.erasures),
        (Case::Activations, settings.passwords / 2),
        (Case::Resets, settings.passwords.div_ceil(2)),
        (Case::Limits, settings.forms),
        (Case::SessionEnds, settings.requests.div_ceil(PER_SESSION)),
    ] {
        // A small run is split as well, so that it uses both kinds of portals.
        let size = PER_PORTAL.min(left.div_ceil(2)).max(1);
        while left > 0 {
            let (number, count) = (parts.len() as u64, size.min(left));
            parts.push(Part {
                number,
                case,
                count,
            });
            left -= count;
        }
    }
    parts
}

impl Part {
    fn race(&self, settings: &Settings) -> Result<Tally, String> {
        let runtime = self
            .runtime()
            .map_err(|error| format!("no runtime: {error}"))?;
        let (mut rng, count) = (Rng::derive(settings.seed, self.number), self.count);
        let raced = runtime.block_on(async {
            match self.case {
                Case::Redemptions => redemptions::race(&mut rng, count, settings.racers).await,
                Case::Suspensions => suspensions::race(&mut rng, count).await,
                Case::Erasures => erasures::race(&mut rng, count).await,
                Case::Activations => passwords::race(&mut rng, count, Purpose::Activation).await,
                Case::Resets => passwords::race(&mut rng, count, Purpose::Reset).await,
                Case::Limits => limits::race(&mut rng, count).await,
                Case::SessionEnds => session_ends::race(&mut rng, count, PER_SESSION).await,
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
        raced
    }

    const fn is_replayable(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    fn runtime(&self) -> std::io::Result<Runtime> {
        if self.is_replayable() {
            return Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build();
        }
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, portal {}", self.case, self.number)
    }
}

impl Settings {
    fn replay(&self, part: &Part) -> String {
        let repeats = if part.is_replayable() {
            "same result"
        } else {
            "two threads: repeat it"
        };
        format!(
            "replay ({repeats}): cargo run --profile verification -p verification -- race \
             --tokens {} --racers {} --suspensions {} --erasures {} --passwords {} \
             --forms {} --requests {} --seed {} --only {}",
            self.tokens,
            self.racers,
            self.suspensions,
            self.erasures,
            self.passwords,
            self.forms,
            self.requests,
            self.seed,
            part.number
        )
    }
}

/// Starts a portal whose users have been sent a link each, and whose calls from now on are late or
/// conflict at random.
pub(crate) async fn crowded_portal(
    rng: &mut Rng,
    count: usize,
    pairs: &[(&str, &str)],
    purpose: Purpose,
) -> Result<(Arc<World>, Vec<Recipient>), String> {
    let options = Options {
        parameters: parameters(pairs),
        ..Options::default()
    };
    let world = fixture::world(rng, options).await;
    let recipients = fixture::recipients(&world, rng, count, purpose).await?;
    world.portal.take_calls();
    world
        .portal
        .set_fault(fixture::crowd(Rng::new(rng.next_u64())));
    Ok((Arc::new(world), recipients))
}

/// Spawns tasks that run at the same time.
pub(crate) fn spawn_all<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> JoinSet<T> {
    tasks.into_iter().collect()
}

pub(crate) async fn sleep(millis: usize) {
    tokio::time::sleep(Duration::from_millis(millis as u64)).await;
}

/// Sends a request until the response is neither "unavailable" nor a conflict.
pub(crate) async fn insist(request: ApiRequest<'_>) -> ApiResponse {
    loop {
        let response = request.clone().await;
        if ![409, 503].contains(&response.status) {
            return response;
        }
    }
}

/// Suspends a user, or revokes all their sessions, as an administrator.
pub(crate) async fn revoke_everything(
    world: &World,
    user: &str,
    suspend: bool,
) -> Result<(), String> {
    let client = world.client();
    let request = if suspend {
        client.update_user(user).status("suspended")
    } else {
        client.revoke_user_sessions(user)
    };
    let outcome = insist(request).await.outcome();
    let is_done = ["200", "204"].contains(&outcome.as_str());
    ensure!(is_done, "an administrator: {outcome}");
    Ok(())
}

/// Returns the rows of a user.
fn of_user<'a>(rows: &'a [Value], user: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["pk"]["S"] == user).collect()
}

/// Uses a session until a request that began after its end has been refused, and returns the number
/// of requests.
async fn use_until_refused(client: &ApiClient<'_>, ended: &AtomicBool) -> Result<usize, String> {
    for requests in 1.. {
        let late = ended.load(Ordering::SeqCst);
        match (late, client.me().await.status) {
            (true, 401) => return Ok(requests),
            (false, 200 | 401) => sleep(1).await,
            (_, status) => return Err(format!("{status}, after the end: {late}")),
        }
    }
    Ok(0)
}
