//! What the functions log, for tests: in the very form in which production logs it.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static TAKEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// From now on, takes down what any function in this process logs. Any number of calls is as good
/// as one.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The same calls as in `shared::lambda`.
        let json = tracing_subscriber::fmt::layer()
            .json()
            .without_time()
            .with_target(false)
            .flatten_event(true);
        let json = json.with_current_span(false).with_span_list(false);
        let layer = json
            .with_writer(|| Tape)
            .with_filter(without_dynoxide(Level::INFO));
        // Somebody else may have been first: then their subscriber stays.
        let _first = tracing_subscriber::registry().with(layer).try_init();
    });
}

/// From now on, nothing that is logged in this process is kept: a run of millions of requests would
/// fill the memory.
pub fn ignore() {
    let off = tracing_subscriber::registry().with(tracing::level_filters::LevelFilter::OFF);
    let _first = off.try_init();
}

/// Everything taken down so far, one JSON object a line.
pub fn taken() -> String {
    String::from_utf8_lossy(&TAKEN.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// For the person at the terminal: warnings and errors, one plain line each.
pub fn to_terminal() {
    let plain = tracing_subscriber::fmt::layer()
        .compact()
        .without_time()
        .with_target(false)
        .with_ansi(false);
    let layer = plain
        .with_writer(io::stderr)
        .with_filter(without_dynoxide(Level::WARN));
    let _first = tracing_subscriber::registry().with(layer).try_init();
}

/// The embedded DynamoDB warns of every condition that fails, which is how Vestibule works.
fn without_dynoxide(level: Level) -> Targets {
    Targets::new()
        .with_default(level)
        .with_target("dynoxide", tracing::level_filters::LevelFilter::OFF)
}

struct Tape;

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TAKEN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
