//! See `proofs::fuzz::cookie`.
#![no_main]
libfuzzer_sys::fuzz_target!(init: fuzz::quiet(), |data: &[u8]| proofs::fuzz::cookie(data));
