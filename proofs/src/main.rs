//! `cargo run --profile proof -p proofs -- <proof>`: the proofs at any size.

use clap::{Parser, Subcommand};
use proofs::{Proof, crash};
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
    /// A crash at every point: whatever goes wrong at whichever call, the flow comes to its normal end
    Crash(crash::Selection),
}

fn main() -> ExitCode {
    let proof: Proof = match Arguments::parse().proof {
        Which::Crash(selection) => crash::run(&selection, true),
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
