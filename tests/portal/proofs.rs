//! The proofs, small: `cargo run --profile proof -p proofs -- --help` runs them large.

use proofs::{forge, race};

#[test]
fn whoever_races_one_wins_and_what_has_ended_is_over() {
    let small = race::Sizes {
        tokens: 6,
        racers: 16,
        suspensions: 4,
        requests: 200,
        seed: 1,
        only: None,
        dynamodb_local: false,
    };
    race::run(&small, false).unwrap();
}

#[test]
fn no_forgery_is_accepted() {
    let small = forge::Sizes { forgeries: 5_000, over_gateway: 200, seed: 1, only: None };
    forge::run(&small, false).unwrap();
}
