//! `cargo run --profile proof -p proofs -- <proof>`: the proofs at any size.

use clap::{Parser, Subcommand};
use proofs::{Proof, crash, outage};
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
    /// An hour without SES, and one mail that keeps failing in front of others.
    Outage {
        /// How many mails are asked for in that hour.
        #[arg(long, default_value_t = 1000)]
        mails: u64,
        /// How many stand behind a poisonous one.
        #[arg(long, default_value_t = 100)]
        neighbours: u64,
    },
}

fn main() -> ExitCode {
    let proven = match Arguments::parse().proof {
        Which::Crash(selection) => report(&crash::run(&selection, true)),
        Which::Outage { mails, neighbours } => report(&outage::hour(mails)) && report(&outage::poison(neighbours)),
    };
    if proven { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the figures, or what broke; says whether it held.
#[expect(clippy::disallowed_macros, reason = "this is for the person at the terminal, not a log")]
fn report(proof: &Proof) -> bool {
    match proof {
        Ok(figures) => figures.0.iter().for_each(|(name, value)| println!("{name}: {value}")),
        Err(broken) => eprintln!("BROKEN: {broken}"),
    }
    proof.is_ok()
}
