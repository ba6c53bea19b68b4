//! Runs one verification at any size:
//! `cargo run --profile verification -p verification -- <command>`.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::Instant;
use verification::{
    Report, attack_day, email_delivery, fault_injection, forgery, fuzzing, hash_speed,
    independence, key_rotation, load, outage, presses, race, revocation, simulation, timing,
};

/// Verifies the promises of docs/security.md under failure and attack
#[derive(Parser)]
#[command(name = "verification")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Injects each fault at each call to AWS and checks that every flow still ends as it should
    FaultInjection(fault_injection::Settings),
    /// Simulates the whole system and compares every response with an oracle
    Simulation(simulation::Settings),
    /// Rotates keys under traffic, with stale copies and failed renewals
    KeyRotation(key_rotation::Settings),
    /// Races for links, passwords and sessions: one winner each, nothing accepted after its end
    Race(race::Settings),
    /// Calls a team's own API through the authorizer while sessions end
    Revocation(revocation::Settings),
    /// Lets SES fail for an hour, and emails fail for ever in front of others
    Outage(outage::Settings),
    /// Requests thousands of emails under failures; each must end, and say how
    EmailDelivery(email_delivery::Settings),
    /// Signs hundreds of users in a second, before a model of DynamoDB's limits
    Load(load::Settings),
    /// Compares what one client sees in worlds where others do different things
    Independence(independence::Settings),
    /// Presses the button of each form several times, over a slow network
    Presses(presses::Settings),
    /// Attacks one account from 1,000 networks for a day, while its owner signs in
    AttackDay(attack_day::Settings),
    /// Forges links, sessions and nonces, none of which may be accepted
    Forgery(forgery::Settings),
    /// Feeds the fuzz targets their corpus and seeded changes of it
    Fuzzing(fuzzing::Settings),
    /// Checks that the computing time of a request says nothing about the account
    Timing(timing::Settings),
    /// Compares the password hash with the reference implementation in C
    HashSpeed(hash_speed::Settings),
}

#[expect(
    clippy::disallowed_methods,
    reason = "the person at the terminal waits in real time"
)]
fn main() -> ExitCode {
    let started = Instant::now();
    let report = match Arguments::parse().command {
        Command::FaultInjection(settings) => fault_injection::run(&settings, true),
        Command::Simulation(settings) => simulation::run(&settings, true),
        Command::KeyRotation(settings) => key_rotation::run(&settings, true),
        Command::Race(settings) => race::run(&settings, true),
        Command::Revocation(settings) => revocation::run(&settings, true),
        Command::Outage(settings) => outage::run(&settings, true),
        Command::EmailDelivery(settings) => email_delivery::run(&settings, true),
        Command::Load(settings) => load::run(&settings, true),
        Command::Independence(settings) => independence::run(&settings, true),
        Command::Presses(settings) => presses::run(&settings, true),
        Command::AttackDay(settings) => attack_day::run(&settings, true),
        Command::Forgery(settings) => forgery::run(&settings, true),
        Command::Fuzzing(settings) => fuzzing::run(&settings, true),
        Command::Timing(settings) => timing::run(&settings, true),
        Command::HashSpeed(settings) => hash_speed::run(&settings, true),
    };
    print(report.map(|figures| figures.with("seconds", &started.elapsed().as_secs())))
}

#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
fn print(report: Report) -> ExitCode {
    match report {
        Ok(figures) => {
            for (name, value) in figures.0 {
                println!("{name}: {value}");
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("FAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}
