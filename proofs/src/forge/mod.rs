//! Promise 2, attacked: a million forgeries of links, sessions and nonces, none accepted.
//!
//! Most go to the very functions that every endpoint asks (`Ring::read_link`, `signed_in::claims`,
//! `Ring::minted`). A share goes over the gateway, with everything else that the owner would send:
//! there also nothing is written, no store is asked, and nothing answers 5xx.

mod contents;
mod gateway;
mod jwt;
mod mutations;
mod originals;
mod spelling;

use crate::dice::Dice;
use crate::progress::Progress;
use crate::{Figures, Proof};
use mutations::{Forger, Forgery, KINDS};
use originals::{Originals, Purpose};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use tokio::runtime::Builder;

/// How much to forge.
#[derive(clap::Args, Clone, Debug)]
pub struct Sizes {
    /// Forgeries
    #[arg(long, default_value_t = 1_000_000)]
    pub forgeries: u64,
    /// How many of them are also sent over the gateway
    #[arg(long, default_value_t = 50_000)]
    pub over_gateway: u64,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only the forgery of this number, as a failure names it
    #[arg(long)]
    pub only: Option<u64>,
}

/// What was forged so far.
#[derive(Default)]
struct Tally {
    links: u64,
    sessions: u64,
    nonces: u64,
    kinds: BTreeSet<&'static str>,
    /// What has been forged, hashed.
    seen: HashSet<u64>,
}

/// Forges; `shown` says on the way how far it has come.
///
/// # Errors
/// The forgery that was accepted, and how to see it again.
pub fn run(sizes: &Sizes, shown: bool) -> Proof {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime
        .map_err(|error| format!("no runtime: {error}"))?
        .block_on(forge(sizes, shown))
}

async fn forge(sizes: &Sizes, shown: bool) -> Proof {
    let originals = Originals::make(&mut Dice::new(sizes.seed)).await?;
    let mut tally = Tally::default();
    let numbers = sizes.only.map_or(0..u64::MAX, |only| only..only + 1);
    let progress = Progress::new("forgeries", sizes.forgeries, shown);
    let (mut made, mut sent) = (0, gateway::Sent::default());
    let mut watch = gateway::Watch::new(&originals.world);
    for number in numbers {
        let Some(forgery) = Forger::forge(&originals, sizes.seed, number) else {
            continue;
        };
        // The same twice proves nothing.
        if !tally.is_new(&forgery) {
            continue;
        }
        let accepted = originals.accepts(forgery.from.purpose, &forgery.text);
        if accepted {
            return Err(broken("was accepted", &forgery, sizes, number));
        }
        if made < sizes.over_gateway {
            let answered = gateway::send(&originals, &forgery, &mut sent, number).await;
            answered.map_err(|why| broken(&why, &forgery, sizes, number))?;
            watch
                .look(&originals.world)
                .map_err(|why| broken(&why, &forgery, sizes, number))?;
        }
        tally.count(&forgery);
        made += 1;
        progress.step();
        if made >= sizes.forgeries {
            break;
        }
    }
    watch.look_now(&originals.world)?;
    Ok(tally.figures(&sent).with("seed", &sizes.seed))
}

impl Tally {
    fn count(&mut self, forgery: &Forgery<'_>) {
        match forgery.from.purpose {
            Purpose::Link => self.links += 1,
            Purpose::Session => self.sessions += 1,
            Purpose::Nonce => self.nonces += 1,
        }
        self.kinds.insert(forgery.kind);
    }

    fn is_new(&mut self, forgery: &Forgery<'_>) -> bool {
        let mut hasher = DefaultHasher::new();
        (forgery.from.purpose as u8, &forgery.text).hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    fn figures(&self, sent: &gateway::Sent) -> Figures {
        Figures::default()
            .with(
                "forgeries, no two alike",
                &(self.links + self.sessions + self.nonces),
            )
            .with("of links", &self.links)
            .with("of sessions", &self.sessions)
            .with("of nonces", &self.nonces)
            .with("kinds", &format!("{} of {KINDS}", self.kinds.len()))
            .with("accepted", &0)
            .with("sent over the gateway too", &sent.all())
            .with(
                "as GET /auth/me, POST /auth/logout",
                &format!("{}, {}", sent.me, sent.logout),
            )
            .with(
                "as POST /auth/verify, GET /auth/verify/{token}",
                &format!("{}, {}", sent.verify, sent.page),
            )
            .with("accepted there, 5xx, calls of the store, writes", &0)
    }
}

fn broken(why: &str, forgery: &Forgery<'_>, sizes: &Sizes, number: u64) -> String {
    let Forgery { kind, from, text } = forgery;
    let shown: String = text.chars().take(1000).collect();
    format!(
        "a {:?} with {kind} {why}\nforged: {shown:?}\nfrom:   {:?}\nTo see it again: cargo run --profile proof -p proofs \
         -- forge --seed {} --only {number}",
        from.purpose, from.text, sizes.seed
    )
}
