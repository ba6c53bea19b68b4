//! Promises 3, 5 and 6 under fire: one link gives one session, or sets one password, however many
//! use it at once, and nothing is accepted that began after a logout, a suspension or a reset was
//! answered.
//!
//! Every second portal runs in one thread whose time is stopped, where each late call overtakes
//! others just as its seed says: what breaks there, breaks again. The others run on two threads,
//! where racers really overlap.

mod dynamodb_local;
mod ends;
mod passwords;
pub(crate) mod redeems;
mod suspensions;

use crate::dice::Dice;
use crate::progress::Progress;
use crate::stage;
use crate::{Figures, Proof};
use local::Options;
use std::sync::Arc;
use std::time::Duration;
use tests::{World, owned};
use tokio::runtime::{Builder, Runtime};

/// How many links or sessions one portal sees: its tables are in memory, and where minutes pass,
/// its links must live on.
const PER_WORLD: usize = 50;
/// How many requests race for one session.
const PER_SESSION: usize = 100;

/// How much to race.
#[derive(clap::Args, Clone, Debug)]
pub struct Sizes {
    /// Links, each redeemed by all racers at once
    #[arg(long, default_value_t = 10_000)]
    pub tokens: usize,
    /// Racers for each link: pages, browsers and codes in turn
    #[arg(long, default_value_t = 16)]
    pub racers: usize,
    /// Links, each redeemed while their user is suspended or her epoch moves
    #[arg(long, default_value_t = 5_000)]
    pub suspensions: usize,
    /// Passwords, each set by several pages at once: half of them first ones, half of them raced by
    /// sign-ins with the old one
    #[arg(long, default_value_t = 2_000)]
    pub passwords: usize,
    /// Requests that race logouts, suspensions and moved epochs, 100 for each session
    #[arg(long, default_value_t = 100_000)]
    pub requests: usize,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only the portal of this number, as a failure names it
    #[arg(long)]
    pub only: Option<u64>,
    /// Instead, race the store itself against AWS's own DynamoDB Local: by default 1,000 links and
    /// suspensions
    #[arg(long)]
    pub dynamodb_local: bool,
}

/// What one portal is for.
#[derive(Clone, Copy, Debug)]
enum Case {
    Redeems,
    Suspensions,
    Activations,
    Resets,
    Ends,
}

/// One portal's part of the work.
struct Part {
    number: u64,
    case: Case,
    many: usize,
}

/// Races; `shown` says on the way how far it has come.
///
/// # Errors
/// What broke, and how to see it again.
pub fn run(sizes: &Sizes, shown: bool) -> Proof {
    if sizes.dynamodb_local {
        return dynamodb_local::run(sizes, shown);
    }
    let all = parts(sizes);
    let parts: Vec<_> = all
        .iter()
        .filter(|part| sizes.only.is_none_or(|only| only == part.number))
        .collect();
    let progress = Progress::new("portals", parts.len() as u64, shown);
    let (mut redeems, mut suspensions) = (redeems::Tally::default(), suspensions::Tally::default());
    let (mut activations, mut resets) = (passwords::Tally::default(), passwords::Tally::default());
    let mut ends = ends::Tally::default();
    for part in parts {
        let runtime = runtime(part.number).map_err(|error| format!("no runtime: {error}"))?;
        let mut dice = Dice::of(sizes.seed, part.number);
        let done = runtime.block_on(async {
            match part.case {
                Case::Redeems => {
                    redeems.add(redeems::race(&mut dice, part.many, sizes.racers).await?)
                }
                Case::Suspensions => {
                    suspensions.add(suspensions::race(&mut dice, part.many).await?)
                }
                Case::Activations => {
                    activations.add(passwords::activations(&mut dice, part.many).await?)
                }
                Case::Resets => resets.add(passwords::resets(&mut dice, part.many).await?),
                Case::Ends => ends.add(ends::race(&mut dice, part.many, PER_SESSION).await?),
            }
            Ok(())
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
        done.map_err(|broken: String| replay(&broken, sizes, part))?;
        progress.step();
    }
    let figures = Figures::default().with("seed", &sizes.seed);
    let figures = suspensions.figures(redeems.figures(figures, sizes.racers));
    let figures = resets.figures(
        activations.figures(
            figures,
            "links to a first password, each used by 4 pages at once",
        ),
        "links to another password, each used by 4 pages at once",
    );
    Ok(ends.figures(figures))
}

fn parts(sizes: &Sizes) -> Vec<Part> {
    let cases = [
        (Case::Redeems, sizes.tokens),
        (Case::Suspensions, sizes.suspensions),
        (Case::Activations, sizes.passwords / 2),
        (Case::Resets, sizes.passwords.div_ceil(2)),
        (Case::Ends, sizes.requests.div_ceil(PER_SESSION)),
    ];
    let mut parts = Vec::new();
    for (case, mut left) in cases {
        // A small run is split too: it is to see both kinds of portal.
        let each = PER_WORLD.min(left.div_ceil(2)).max(1);
        while left > 0 {
            let many = each.min(left);
            parts.push(Part {
                number: parts.len() as u64,
                case,
                many,
            });
            left -= many;
        }
    }
    parts
}

const fn is_replayable(number: u64) -> bool {
    number.is_multiple_of(2)
}

fn runtime(number: u64) -> std::io::Result<Runtime> {
    if is_replayable(number) {
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

fn replay(broken: &str, sizes: &Sizes, part: &Part) -> String {
    let Sizes {
        tokens,
        racers,
        suspensions,
        passwords,
        requests,
        seed,
        ..
    } = sizes;
    let how = if is_replayable(part.number) {
        "the same happens again"
    } else {
        "two threads: try it several times"
    };
    let Part { number, case, .. } = part;
    format!(
        "{case:?}, portal {number}: {broken}\nTo see it again ({how}): cargo run --profile proof -p proofs -- race \
         --tokens {tokens} --racers {racers} --suspensions {suspensions} --passwords {passwords} --requests {requests} --seed {seed} \
         --only {number}"
    )
}

/// A portal, and what it takes to race in it: tickets, and a crowd from now on.
async fn opened(
    dice: &mut Dice,
    many: usize,
    parameters: &[(&str, &str)],
    purpose: stage::Purpose,
) -> Result<(Arc<World>, Vec<stage::Ticket>), String> {
    let world = stage::world(
        dice,
        Options {
            parameters: owned(parameters),
            ..Options::default()
        },
    )
    .await;
    let tickets = stage::tickets(&world, dice, many, purpose).await?;
    world.portal.take_calls();
    world
        .portal
        .set_fault(stage::crowd(Dice::new(dice.throw())));
    Ok((Arc::new(world), tickets))
}
