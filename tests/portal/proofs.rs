//! The proofs, small: docs/proofs.md says how to run them large.

#[test]
fn whatever_bytes_come_in_is_read_or_refused_as_promised() {
    proofs::fuzz::run(1000, 1, false).unwrap();
}
