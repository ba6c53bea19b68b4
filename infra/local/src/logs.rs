//! Logging: captured for tests in the form in which production logs, or plain for the terminal.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Captures from now on everything that the functions of this process log. Later calls change
/// nothing.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The same settings as in `shared::log`.
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .without_time()
            .with_target(false)
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(|| CaptureWriter)
            .with_filter(without_dynoxide(Level::INFO));
        // A subscriber that was set before stays.
        let _first = tracing_subscriber::registry().with(layer).try_init();
    });
}

/// Discards all logs of this process from now on. Those of millions of requests would fill the
/// memory.
pub fn ignore() {
    let off = tracing_subscriber::registry().with(tracing::level_filters::LevelFilter::OFF);
    let _first = off.try_init();
}

/// Returns everything captured so far, one JSON object per line.
pub fn taken() -> String {
    String::from_utf8_lossy(&CAPTURED.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// Prints warnings and errors to standard error, one plain line each.
pub fn to_terminal() {
    let layer = tracing_subscriber::fmt::layer()
        .compact()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(io::stderr)
        .with_filter(without_dynoxide(Level::WARN));
    let _first = tracing_subscriber::registry().with(layer).try_init();
}

/// Leaves out the logs of the embedded DynamoDB, which warns of every condition that fails. Failed
/// conditions are part of how Vestibule works.
fn without_dynoxide(level: Level) -> Targets {
    Targets::new()
        .with_default(level)
        .with_target("dynoxide", tracing::level_filters::LevelFilter::OFF)
}

struct CaptureWriter;

impl Write for CaptureWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
