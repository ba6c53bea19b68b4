//! `cargo run --profile proof -p proofs -- <proof>`: the proofs at any size.

use clap::{Parser, Subcommand};
use proofs::Proof;
use shared::domain::password::hash::Argon2Params;
use std::process::ExitCode;
use std::time::Instant;

/// Proves the promises of docs/security.md under failure and attack, and prints what it measured.
#[derive(Parser)]
#[command(name = "proofs")]
struct Arguments {
    #[command(subcommand)]
    proof: Which,
}

#[derive(Subcommand)]
enum Which {
    /// A crash at every point: whatever goes wrong at whichever call, the flow comes to its normal
    /// end
    Crash(proofs::crash::Selection),
    /// A million forged links, sessions and nonces: none accepted
    Forge(proofs::forge::Sizes),
    /// Whatever bytes come in: the corpus of the fuzz targets, and seeded changes of it.
    /// `proofs/fuzz/run` goes further.
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
    /// The password hash against the reference implementation in C, in turn.
    Hash {
        /// How often each hashes.
        #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u64).range(1..))]
        runs: u64,
        /// What a hash costs.
        #[arg(long, default_value = "m=19456,t=2,p=1", value_parser = costs)]
        costs: Argon2Params,
        /// Hashes once, for the run that compares.
        #[arg(long, hide = true)]
        once: bool,
    },
    /// An hour without SES, and mails that keep failing in front of others
    Outage(proofs::outage::Sizes),
    /// Tokens x racers, redeem against suspend, logout against use: one winner each, nothing
    /// accepted after its end
    Race(proofs::race::Sizes),
    /// Simulates the whole system from seeds, with an oracle that knows what each answer must be.
    Simulate {
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// How many seeds.
        #[arg(long, default_value_t = 10_000)]
        seeds: u64,
        /// How many steps each.
        #[arg(long, default_value_t = 500)]
        steps: usize,
        /// Prints each step: for one seed.
        #[arg(long)]
        verbose: bool,
    },
    /// How long a request computes says nothing about the account: classes of accounts, compared by
    /// rank
    Timing(proofs::timing::Sizes),
    /// Rotates keys under traffic, with old copies and failed renewals.
    Rotate {
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// How many seeds: a portal each.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// How many keys are appended to each portal's ring.
        #[arg(long, default_value_t = 20)]
        rotations: usize,
    },
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a person waits is no matter of the portal's clock"
)]
fn main() -> ExitCode {
    let started = Instant::now();
    let proof: Proof = match Arguments::parse().proof {
        Which::Crash(selection) => proofs::crash::run(&selection, true),
        Which::Forge(sizes) => proofs::forge::run(&sizes, true),
        Which::Fuzz {
            target: Some(target),
            file: Some(file),
            ..
        } => proofs::fuzz::replay(&target, &file),
        Which::Fuzz { changes, seed, .. } => proofs::fuzz::run(changes, seed, true),
        Which::Hash {
            costs, once: true, ..
        } => proofs::hash::once(costs),
        Which::Hash {
            runs,
            costs,
            once: false,
        } => proofs::hash::against_reference(runs, costs),
        Which::Outage(sizes) => proofs::outage::run(&sizes),
        Which::Race(sizes) => proofs::race::run(&sizes, true),
        Which::Simulate {
            first,
            seeds,
            steps,
            verbose,
        } => {
            local::logs::ignore();
            proofs::simulate::run(proofs::simulate::Size {
                seeds: proofs::parallel::Seeds {
                    first,
                    count: seeds,
                    shown: true,
                },
                steps,
                verbose,
            })
        }
        Which::Timing(sizes) => proofs::timing::run(&sizes, true),
        Which::Rotate {
            first,
            seeds,
            rotations,
        } => {
            local::logs::ignore();
            proofs::rotate::run(proofs::rotate::Size {
                seeds: proofs::parallel::Seeds {
                    first,
                    count: seeds,
                    shown: true,
                },
                rotations,
            })
        }
    };
    report(proof.map(|figures| figures.with("seconds", &started.elapsed().as_secs())))
}

fn costs(text: &str) -> Result<Argon2Params, String> {
    Argon2Params::parse(text).ok_or_else(|| {
        "must be like m=19456,t=2,p=1, and what the functions would compute".to_owned()
    })
}

#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
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
