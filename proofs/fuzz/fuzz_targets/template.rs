//! See `proofs::fuzz::template`.
#![no_main]
libfuzzer_sys::fuzz_target!(init: fuzz::quiet(), |data: &[u8]| proofs::fuzz::template(data));
