//! The log of a function's process: one JSON object per line. `docs/security.md` says what is never
//! logged.

use crate::clock::Clock;
use crate::env::Env;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use tracing_subscriber::fmt::writer::{MakeWriter, MakeWriterExt};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// True once the process has answered an invocation.
static IS_WARM: AtomicBool = AtomicBool::new(false);

/// Logs from now on, and logs panics.
pub(crate) fn start(env: &Env) {
    let lines = tracing_subscriber::fmt()
        .json()
        .without_time()
        .with_target(false)
        .flatten_event(true);
    // The runtime logs what `try_consume` returns as an error, but a refused request is none. It
    // also logs panics, a second time.
    let lines = lines.with_writer(
        Source::new(env).with_filter(|event| event.target() != "lambda_runtime::layers::panic"),
    );
    // The runtime's span around each invocation would repeat the id that is logged anyway.
    lines.with_current_span(false).with_span_list(false).init();
    // The message of a panic may quote what was worked on; its place may not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// Notes that an invocation has been answered: lines after it no longer belong to a cold start.
pub(crate) fn note_answered() {
    IS_WARM.store(true, Ordering::Relaxed);
}

/// Where lines come from. It is written into each of them as bytes, which takes a tenth of the time
/// of fields of the event.
struct Source {
    clock: Clock,
    /// The members of the object that do not change, with a comma at the end.
    members: String,
}

impl Source {
    fn new(env: &Env) -> Self {
        let function = env.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Self {
            clock: env.clock.clone(),
            members: format!(r#""function":"{function}","version":"{VERSION}","#),
        }
    }

    /// Returns the line for an event. Lambda takes the level of a line for INFO unless it has the
    /// time in RFC 3339.
    fn line(&self, event: &[u8]) -> Vec<u8> {
        let now = self.clock.now().rfc3339();
        let cold = if IS_WARM.load(Ordering::Relaxed) {
            ""
        } else {
            r#""cold_start":true,"#
        };
        let event = event.strip_prefix(b"{").unwrap_or(event);
        let parts = [r#"{"timestamp":""#, &now, r#"","#, &self.members, cold];
        let [a, b, c, d, e] = parts.map(str::as_bytes);
        [a, b, c, d, e, event].concat()
    }
}

impl<'a> MakeWriter<'a> for Source {
    type Writer = Lines<'a>;

    fn make_writer(&'a self) -> Lines<'a> {
        Lines(self)
    }
}

/// A writer to standard output that is handed a whole event at a time.
struct Lines<'a>(&'a Source);

impl Write for Lines<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stdout().write_all(&self.0.line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::random::Random;
    use serde_json::{Value, json};

    #[test]
    fn a_line_says_when_and_where_it_was_written_and_that_the_function_has_just_started() {
        let name = ("AWS_LAMBDA_FUNCTION_NAME", "partner-Me-Ab12");
        let variables = [name].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let clock = Clock::from_fn(|| Timestamp::from_secs(1_795_269_900));
        let env = Env::new(variables.into(), clock, Random::system());
        let source = Source::new(&env);
        let line = || -> Value {
            let line = source.line(b"{\"level\":\"INFO\",\"message\":\"answered\"}\n");
            assert_eq!(line.last(), Some(&b'\n'));
            serde_json::from_slice(&line).unwrap()
        };
        let mut expected = json!({
            "timestamp": "2026-11-21T14:05:00Z",
            "function": "partner-Me-Ab12",
            "version": VERSION,
            "cold_start": true,
            "level": "INFO",
            "message": "answered",
        });
        assert_eq!(line(), expected);
        note_answered();
        expected.as_object_mut().unwrap().remove("cold_start");
        assert_eq!(line(), expected);
    }
}
