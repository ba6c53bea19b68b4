//! The proofs, small: docs/proofs.md says what each proves, and how it is run large.

#[test]
fn a_crash_at_some_of_the_points_of_every_flow_breaks_nothing() {
    let selection = proofs::crash::Selection { every: 500, ..proofs::crash::Selection::default() };
    let figures = proofs::crash::run(&selection, false);
    assert!(figures.is_ok(), "{}", figures.unwrap_err());
}
