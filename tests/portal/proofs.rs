//! The proofs, small. `cargo run --profile proof -p proofs` runs them large.

use proofs::outage;

#[test]
fn after_an_hour_without_ses_every_mail_has_left_or_is_marked() {
    outage::hour(30).unwrap();
}

#[test]
fn a_mail_that_keeps_failing_delays_its_neighbours_by_a_minute_at_most() {
    outage::poison(12).unwrap();
}

#[test]
fn a_crash_at_some_of_the_points_of_every_flow_breaks_nothing() {
    let selection = proofs::crash::Selection { every: 500, ..proofs::crash::Selection::default() };
    let figures = proofs::crash::run(&selection, false);
    assert!(figures.is_ok(), "{}", figures.unwrap_err());
}
