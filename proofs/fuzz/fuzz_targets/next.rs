//! See `proofs::fuzz::next`.
#![no_main]
libfuzzer_sys::fuzz_target!(init: fuzz::quiet(), |data: &[u8]| proofs::fuzz::next(data));
