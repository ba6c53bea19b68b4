//! The proofs, small: `cargo run --profile proof -p proofs -- --help` runs them large.

use proofs::parallel::Seeds;
use proofs::{crash, forge, fuzz, outage, race, rotate, simulate};

#[test]
fn whoever_races_one_wins_and_what_has_ended_is_over() {
    let small = race::Sizes {
        tokens: 6,
        racers: 16,
        suspensions: 4,
        passwords: 8,
        requests: 200,
        seed: 1,
        only: None,
        dynamodb_local: false,
    };
    race::run(&small, false).unwrap();
}

#[test]
fn no_forgery_is_accepted() {
    let small = forge::Sizes {
        forgeries: 5_000,
        over_gateway: 200,
        seed: 1,
        only: None,
    };
    forge::run(&small, false).unwrap();
}

#[test]
fn every_mail_leaves_or_is_marked_and_none_keeps_others_waiting() {
    outage::run(&outage::Sizes {
        mails: 30,
        neighbours: 12,
    })
    .unwrap();
}

#[test]
fn a_crash_somewhere_in_every_flow_breaks_nothing() {
    crash::sample().unwrap();
}

#[test]
fn whatever_bytes_come_in_is_read_or_refused_as_promised() {
    fuzz::run(1000, 1, false).unwrap();
}

#[test]
fn what_is_thrown_at_the_system_comes_out_as_promised_and_twice_the_same() {
    let seeds = Seeds {
        first: 0,
        count: 8,
        shown: false,
    };
    simulate::run(simulate::Size {
        seeds,
        steps: 60,
        verbose: false,
    })
    .unwrap();
}

#[test]
fn keys_rotate_under_traffic() {
    let seeds = Seeds {
        first: 0,
        count: 4,
        shown: false,
    };
    rotate::run(rotate::Size {
        seeds,
        rotations: 2,
    })
    .unwrap();
}
