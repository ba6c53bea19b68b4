//! A small run of every verification. `cargo run --profile verification -p verification -- --help`
//! lists the large ones.

use verification::{
    attack_day, email_delivery, fault_injection, forgery, fuzzing, independence, key_rotation,
    load, outage, presses, race, revocation, simulation, walls,
};

#[test]
fn one_racer_wins_and_nothing_is_accepted_after_its_end() {
    let settings = race::Settings {
        tokens: 6,
        racers: 16,
        suspensions: 4,
        erasures: 8,
        passwords: 8,
        forms: 2,
        requests: 200,
        seed: 1,
        only: None,
        dynamodb_local: false,
    };
    race::run(&settings, false).unwrap();
}

#[test]
fn no_api_accepts_a_session_after_its_end() {
    let settings = revocation::Settings {
        requests: 1_500,
        seed: 1,
    };
    revocation::run(&settings, false).unwrap();
}

#[test]
fn no_forgery_is_accepted() {
    let settings = forgery::Settings {
        forgeries: 5_000,
        over_gateway: 200,
        seed: 1,
        only: None,
    };
    forgery::run(&settings, false).unwrap();
}

#[test]
fn every_email_leaves_or_expires_and_none_delays_others() {
    let settings = outage::Settings {
        emails: 30,
        neighbours: 12,
    };
    outage::run(&settings, false).unwrap();
}

#[test]
fn every_email_ends_and_says_how() {
    let settings = email_delivery::Settings {
        emails: 250,
        seed: 1,
        masks: 32,
    };
    email_delivery::run(&settings, false).unwrap();
}

#[test]
fn every_flow_survives_one_fault() {
    fault_injection::sample().unwrap();
}

#[test]
fn any_bytes_are_read_or_refused_as_documented() {
    let settings = fuzzing::Settings {
        changes: 1000,
        seed: 1,
        target: None,
        file: None,
    };
    fuzzing::run(&settings, false).unwrap();
}

#[test]
fn the_system_does_what_the_oracle_expects() {
    let settings = simulation::Settings {
        first: 0,
        seeds: 8,
        steps: 60,
        verbose: false,
    };
    simulation::run(&settings, false).unwrap();
}

#[test]
fn keys_rotate_under_traffic() {
    let settings = key_rotation::Settings {
        first: 0,
        seeds: 4,
        rotations: 2,
    };
    key_rotation::run(&settings, false).unwrap();
}

#[test]
fn several_presses_are_one_email_or_session() {
    let settings = presses::Settings {
        first: 0,
        seeds: 10,
    };
    presses::run(&settings, false).unwrap();
}

#[test]
fn a_day_of_attacks_gets_a_hundred_guesses_and_the_owner_signs_in() {
    let settings = attack_day::Settings {
        first: 0,
        seeds: 1,
        networks: 1000,
        attacks: 400,
        visits: 4,
    };
    attack_day::run(&settings, false).unwrap();
}

#[test]
fn a_client_sees_the_consequences_of_its_own_history_only() {
    let settings = independence::Settings {
        first: 0,
        seeds: 3,
        steps: 25,
    };
    independence::run(&settings, false).unwrap();
}

#[test]
fn many_sign_ins_at_once_are_all_accepted_and_cost_what_one_does() {
    let settings = load::Settings {
        rate: 100,
        seconds: 2,
        seed: 1,
    };
    load::run(&settings, false).unwrap();
}

#[tokio::test]
async fn the_walls_are_those_of_the_page() {
    let table = walls::table().await;
    let page = include_str!("../../../docs/scale.md");
    assert!(
        page.contains(&table),
        "the table in docs/scale.md must be:\n\n{table}"
    );
}
