//! `cargo run --profile proof -p proofs -- <proof>`: the proofs at any size.

use clap::{Parser, Subcommand};
use proofs::{Proof, fuzz};
use std::process::ExitCode;

/// Proves the promises of docs/security.md under failure and attack, and prints what it measured.
#[derive(Parser)]
#[command(name = "proofs")]
struct Arguments {
    #[command(subcommand)]
    proof: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Whatever bytes come in: the corpus of the fuzz targets, and seeded changes of it. `proofs/fuzz/run` goes further.
    Fuzz {
        /// How many changed inputs each target gets; those that cost more get fewer.
        #[arg(long, default_value_t = 1_000_000)]
        changes: u64,
        /// Where the changes begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Tries one input only: that of --file.
        #[arg(long, requires = "file")]
        target: Option<String>,
        /// The file that holds it.
        #[arg(long, requires = "target")]
        file: Option<std::path::PathBuf>,
    },
}

fn main() -> ExitCode {
    let proof: Proof = match Arguments::parse().proof {
        Which::Fuzz { target: Some(target), file: Some(file), .. } => fuzz::replay(&target, &file),
        Which::Fuzz { changes, seed, .. } => fuzz::run(changes, seed, true),
    };
    report(proof)
}

#[expect(clippy::disallowed_macros, reason = "this is for the person at the terminal, not a log")]
fn report(proof: Proof) -> ExitCode {
    match proof {
        Ok(figures) => {
            for (name, value) in figures.0 {
                println!("{name}: {value}");
            }
            ExitCode::SUCCESS
        }
        Err(broken) => {
            eprintln!("BROKEN: {broken}");
            ExitCode::FAILURE
        }
    }
}
