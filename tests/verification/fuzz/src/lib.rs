//! The entry point that all fuzz targets share.

/// Makes a fuzz target of the function with this name in `verification::fuzzing`.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        libfuzzer_sys::fuzz_target!(init: $crate::ignore_logs(), |data: &[u8]| {
            verification::fuzzing::$name(data);
        });
    };
}

/// Ignores the log of the functions, which a portal in tests would keep.
pub fn ignore_logs() {
    let first = tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new());
    first.expect("no subscriber was set before");
}
