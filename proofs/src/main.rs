//! `cargo run --profile proof -p proofs -- <proof>`: the proofs at any size.

use clap::{Parser, Subcommand};
use proofs::Proof;
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
    /// Tokens x racers, redeem against suspend, logout against use: one winner each, nothing accepted after its end
    Race(proofs::race::Sizes),
}

fn main() -> ExitCode {
    let proof: Proof = match Arguments::parse().proof {
        Which::Race(sizes) => proofs::race::run(&sizes, true),
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
