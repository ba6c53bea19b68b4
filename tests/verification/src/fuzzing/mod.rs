//! Fuzzing: whatever bytes come in, these hold. Each body takes bytes and panics when a property
//! does not hold.
//!
//! `tests/verification/fuzz/run` lets libFuzzer choose the bytes, for as long as one likes. [`run`] takes those
//! it has found worth keeping (`tests/verification/fuzz/corpus`) and seeded changes of them: that needs no tool
//! and is the same every time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a property that does not hold stops"
)]

mod address;
mod cookie;
mod event;
mod mutate;
mod next;
mod promises;
mod request;
mod stage;
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
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// A target of the fuzzer.
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What must hold.
    pub body: fn(&[u8]),
    /// How much more it costs than the cheapest: it gets that many fewer changes.
    cost: u64,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "address",
        body: address,
        cost: 1,
    },
    Target {
        name: "cookie",
        body: cookie,
        cost: 1,
    },
    Target {
        name: "event",
        body: event,
        cost: 20,
    },
    Target {
        name: "next",
        body: next,
        cost: 1,
    },
    Target {
        name: "request",
        body: request,
        cost: 20,
    },
    Target {
        name: "template",
        body: template,
        cost: 2,
    },
    Target {
        name: "token",
        body: token,
        cost: 2,
    },
];

/// How much is tried.
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

/// Tries the whole corpus, and `changes` seeded changes of it for each target (fewer for those that
/// cost more).
///
/// # Errors
/// The first target that broke, and the file with the bytes that did it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    if let (Some(target), Some(file)) = (&settings.target, &settings.file) {
        return replay(target, file);
    }
    let (changes, seed) = (settings.changes, settings.seed);
    let (mut kept, mut changed) = (0, 0);
    let progress = Progress::new("targets", TARGETS.len() as u64, show_progress);
    for (part, target) in TARGETS.iter().enumerate() {
        let corpus = corpus(target.name)?;
        for input in &corpus {
            target.hold(input)?;
        }
        let mut rng = Rng::derive(seed, part as u64);
        for _ in 0..changes / target.cost {
            target.hold(&mutate::change(&corpus, &mut rng))?;
        }
        kept += corpus.len();
        changed += changes / target.cost;
        progress.step();
    }
    Ok(Figures::default()
        .with("targets", &TARGETS.len())
        .with("inputs of the corpus", &kept)
        .with("changed inputs", &changed)
        .with("seed", &seed))
}

/// Tries the bytes of one file again.
///
/// # Errors
/// There is no such target, the file cannot be read, or it breaks the target.
fn replay(name: &str, file: &Path) -> Report {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .ok_or_else(|| format!("no target {name}"))?;
    target.hold(&fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?)?;
    Ok(Figures::default().with("held", &file.display()))
}

impl Target {
    fn hold(&self, input: &[u8]) -> Result<(), String> {
        let name = self.name;
        catch_unwind(|| (self.body)(input)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let why = text.or_else(|| panic.downcast_ref().map(|text: &&str| (*text).to_owned())).unwrap_or_default();
            let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")).join(format!("broke-{name}"));
            let kept = fs::write(&file, input).map_or_else(|error| error.to_string(), |()| file.display().to_string());
            format!(
                "{name}: {why}\n  input: {kept}\n  replay: cargo run -p verification -- fuzzing --target {name} --file {kept}"
            )
        })
    }
}

/// The kept inputs of a target, in the order of their names.
fn corpus(name: &str) -> Result<Vec<Vec<u8>>, String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus")).join(name);
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(&folder).map_err(unreadable)?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    files.sort();
    files
        .iter()
        .map(|file| fs::read(file).map_err(unreadable))
        .collect()
}
