//! `vestibule`: what an operator does with a deployed stack.

use clap::Parser;
use cli::Arguments;
use cli::error::Error;
use shared::clock::Clock;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
async fn main() -> ExitCode {
    match cli::run(Arguments::parse(), &Clock::system()).await {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            if let Error::Found(report) = &error {
                println!("{report}");
            } else {
                eprintln!("{error}");
            }
            error.exit_code()
        }
    }
}
