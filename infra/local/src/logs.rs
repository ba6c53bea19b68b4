//! Logging: captured for tests in the form in which production logs, or plain for the terminal.

use shared::env::Env;
use shared::log::{Log, RUNTIME_FAILURES};
use std::io;
use std::sync::{Mutex, Once, PoisonError};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The embedded DynamoDB warns of every condition that fails. Failed conditions are part of how
/// Vestibule works.
const DYNOXIDE: &str = "dynoxide";

static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Captures from now on everything that the functions of this process log. Later calls change
/// nothing.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let log = Log::new(&Env::of_process(), &[RUNTIME_FAILURES, DYNOXIDE], |line| {
            let mut captured = CAPTURED.lock().unwrap_or_else(PoisonError::into_inner);
            captured.extend_from_slice(line);
        });
        // A subscriber that was set before stays.
        let _first = tracing::subscriber::set_global_default(log);
    });
}

/// Discards all logs of this process from now on. Those of millions of requests would fill the
/// memory.
pub fn ignore() {
    let _first = tracing::subscriber::set_global_default(NoSubscriber::default());
}

/// Returns everything captured so far, one JSON object per line.
pub fn taken() -> String {
    String::from_utf8_lossy(&CAPTURED.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// Prints warnings and errors to standard error, one plain line each.
pub fn to_terminal() {
    let levels = Targets::new()
        .with_default(Level::WARN)
        .with_target(DYNOXIDE, LevelFilter::OFF);
    let layer = tracing_subscriber::fmt::layer()
        .compact()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(io::stderr)
        .with_filter(levels);
    let _first = tracing_subscriber::registry().with(layer).try_init();
}
