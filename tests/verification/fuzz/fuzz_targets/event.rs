//! See `verification::fuzzing::event`.
#![no_main]
libfuzzer_sys::fuzz_target!(init: fuzz::quiet(), |data: &[u8]| verification::fuzzing::event(data));
