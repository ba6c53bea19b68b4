//! Forges links, sessions, nonces and access tokens, none of which may be accepted anywhere
//! (promise 2).
//!
//! Most forgeries go to the functions that every endpoint calls (`KeyRing::read_link`,
//! `read_claims`, `KeyRing::has_issued`), and to a back end that verifies access tokens. Some also
//! go over the gateway, with everything else that the owner would send: there, nothing is written,
//! the store is not called, and nothing answers 5xx.

mod forger;
mod gateway;
mod nonces;
mod originals;
mod texts;
mod tokens;

use crate::parallel::paused;
use crate::progress::Progress;
use crate::rng::Rng;
use crate::tally::Tally;
use crate::{Figures, Report, ensure};
use forger::{Forger, Forgery};
use originals::{Originals, Purpose};
use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

const KINDS: usize = texts::KINDS.len() + tokens::KINDS.len() + nonces::KINDS.len();

#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of forgeries
    #[arg(long, default_value_t = 1_000_000)]
    pub forgeries: u64,
    /// The number of forgeries that are also sent over the gateway
    #[arg(long, default_value_t = 50_000)]
    pub over_gateway: u64,
    /// The seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only the forgery with this number, as a failure names it
    #[arg(long)]
    pub only: Option<u64>,
}

/// Forges credentials and checks that each of them is refused.
///
/// # Errors
/// Fails with the first forgery that is accepted, and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    paused(settings.seed, forge(settings, show_progress))
}

async fn forge(settings: &Settings, show_progress: bool) -> Report {
    let originals = Originals::new(&mut Rng::new(settings.seed)).await?;
    let numbers = settings.only.map_or(0..u64::MAX, |only| only..only + 1);
    let progress = Progress::new("forgeries", settings.forgeries, show_progress);
    let before = originals.world.snapshot();
    originals.world.portal.take_calls();
    let mut sent = Tally::default();
    let mut purposes = Tally::default();
    let mut kinds = BTreeSet::new();
    let mut hashes = HashSet::new();
    let hasher = RandomState::new();
    let mut made = 0;
    for number in numbers {
        let forgery = make(&originals, settings.seed, number);
        let purpose = forgery.original.purpose;
        // Some come out as a valid credential, or as an earlier forgery.
        let hash = hasher.hash_one((purpose.name(), &forgery.text));
        if originals.is_genuine(purpose, &forgery.text) || !hashes.insert(hash) {
            continue;
        }
        let fail = |why: &str| failure(why, &forgery, settings, number);
        let is_accepted = |purpose| {
            !originals.is_genuine(purpose, &forgery.text)
                && originals.accepts(purpose, &forgery.text)
        };
        if Purpose::ALL.into_iter().any(is_accepted) {
            return Err(fail("was accepted"));
        }
        if made < settings.over_gateway {
            let response = gateway::send(&originals, &forgery, number, &mut sent).await;
            response.map_err(|why| fail(&why))?;
        }
        purposes.count(format!("{purpose:?}"));
        kinds.insert(forgery.kind);
        made += 1;
        progress.step();
        if made >= settings.forgeries {
            break;
        }
    }
    ensure!(
        originals.world.snapshot() == before,
        "a forgery has changed a table"
    );
    Ok(Figures::default()
        .with("different forgeries, none accepted", &made)
        .with("purposes", &purposes)
        .with("kinds", &format!("{} of {KINDS}", kinds.len()))
        .with("over the gateway", &sent)
        .with("seed", &settings.seed))
}

/// Makes the forgery of a seed that has this number.
fn make(originals: &Originals, seed: u64, number: u64) -> Forgery<'_> {
    let mut forger = Forger {
        rng: Rng::derive(seed, number),
        originals,
    };
    let original = forger.rng.pick(&originals.all);
    // Tokens have contents to forge. A nonce has only its spelling and its keyed hash.
    let is_token = original.purpose != Purpose::Nonce;
    let (kind, text) = if is_token && forger.rng.one_in(2) {
        let kind = forger.rng.below(tokens::KINDS.len());
        (
            tokens::KINDS[kind],
            tokens::forge(&mut forger, kind, original),
        )
    } else if !is_token && forger.rng.one_in(4) {
        (nonces::KINDS[0], nonces::halves(&mut forger))
    } else if !is_token && forger.rng.one_in(8) {
        (nonces::KINDS[1], nonces::of_another_portal(&mut forger))
    } else {
        let kind = forger.rng.below(texts::KINDS.len());
        (
            texts::KINDS[kind],
            texts::forge(&mut forger, kind, &original.text),
        )
    };
    Forgery {
        kind,
        original,
        text,
    }
}

fn failure(why: &str, forgery: &Forgery<'_>, settings: &Settings, number: u64) -> String {
    let Forgery {
        kind,
        original,
        text,
    } = forgery;
    let (purpose, seed) = (original.purpose, settings.seed);
    let command = "cargo run --profile verification -p verification -- forgery";
    format!(
        "a {purpose:?} with {kind} {why}\nforgery:  {text:.1000?}\noriginal: {:?}\n\
         replay: {command} --seed {seed} --only {number}",
        original.text
    )
}
