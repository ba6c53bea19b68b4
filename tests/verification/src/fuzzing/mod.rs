//! Fuzz targets: properties that hold whatever bytes come in. Each takes bytes and panics if one
//! does not hold.
//!
//! `tests/verification/fuzz/run` lets libFuzzer choose the bytes for as long as one likes. [`run`]
//! takes the inputs that it has found worth keeping (`tests/verification/fuzz/corpus`) and seeded
//! changes of them: that needs no tool and is the same every time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a property that does not hold panics"
)]

mod address;
mod cookie;
mod event;
mod fixture;
mod mutate;
mod next;
mod request;
mod response;
mod template;
mod token;

pub use address::address;
pub use cookie::cookie;
pub use event::event;
pub use next::next;
pub use request::request;
pub use template::template;
pub use token::token;

use crate::progress::Progress;
use crate::rng::Rng;
use crate::{Figures, Report};
use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// The name of a target and its corpus, the target, and its cost: the cheapest gets this many
/// times as many inputs.
type Target = (&'static str, fn(&[u8]), u64);

const TARGETS: [Target; 7] = [
    ("address", address, 1),
    ("cookie", cookie, 1),
    ("event", event, 20),
    ("next", next, 1),
    ("request", request, 20),
    ("template", template, 2),
    ("token", token, 2),
];

#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of changed inputs for each target; costly targets get fewer
    #[arg(long, default_value_t = 1_000_000)]
    pub changes: u64,
    /// The seed of the changes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only this target, with the input in --file
    #[arg(long, requires = "file")]
    pub target: Option<String>,
    /// The file with the input for --target
    #[arg(long, requires = "target")]
    pub file: Option<PathBuf>,
}

/// Feeds each target its corpus and seeded changes of it, or one target one file.
///
/// # Errors
/// Fails with the first property that does not hold, and the file with the input.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    if let (Some(name), Some(file)) = (&settings.target, &settings.file) {
        let target = TARGETS.iter().find(|(known, ..)| known == name);
        let target = target.ok_or_else(|| format!("there is no target {name}"))?;
        let input = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        check(target, &input)?;
        return Ok(Figures::default().with("every property holds of", &file.display()));
    }
    let mut kept = 0;
    let mut changed = 0;
    let progress = Progress::new("targets", TARGETS.len() as u64, show_progress);
    for (part, target) in (0..).zip(&TARGETS) {
        let (name, _, cost) = target;
        let corpus = corpus(name)?;
        for input in &corpus {
            check(target, input)?;
        }
        let mut rng = Rng::derive(settings.seed, part);
        for _ in 0..settings.changes / cost {
            check(target, &mutate::change(&corpus, &mut rng))?;
        }
        kept += corpus.len();
        changed += settings.changes / cost;
        progress.step();
    }
    Ok(Figures::default()
        .with("targets", &TARGETS.len())
        .with("inputs of the corpus", &kept)
        .with("changed inputs", &changed)
        .with("seed", &settings.seed))
}

/// Runs a target; if it panics, writes the input to a file.
fn check((name, target, _): &Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(|| target(input)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let why = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/broke-");
        let file = format!("{file}{name}");
        let written = fs::write(&file, input).map_or_else(|error| error.to_string(), |()| file);
        let command = "cargo run -p verification -- fuzzing";
        format!(
            "{name}: {}\ninput: {written}\nreplay: {command} --target {name} --file {written}",
            why.unwrap_or_default()
        )
    })
}

/// Returns the kept inputs of a target, in the order of their names.
fn corpus(name: &str) -> Result<Vec<Vec<u8>>, String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus")).join(name);
    let read = || -> io::Result<Vec<Vec<u8>>> {
        let entries = fs::read_dir(&folder)?;
        let files = entries.map(|entry| Ok(entry?.path()));
        let mut files = files.collect::<io::Result<Vec<_>>>()?;
        files.sort();
        files.iter().map(fs::read).collect()
    };
    read().map_err(|error| format!("{}: {error}", folder.display()))
}
