//! The log of a function's process: one JSON object per line. `docs/security.md` says what is never
//! logged.
//!
//! The crate tracing-subscriber would take a tenth of the memory that a start touches.

use crate::clock::Clock;
use crate::env::Env;
use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The target of what the runtime logs: what `try_consume` returns, although a refused request is
/// no error, and panics, for a second time.
pub const RUNTIME_FAILURES: &str = "lambda_runtime::layers::panic";

/// True once the process has answered an invocation.
static IS_WARM: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    /// The id of the invocation that a task works for.
    static INVOCATION: String;
}

/// Puts the id of an invocation into all lines that `work` logs itself.
pub(crate) async fn within<T>(id: String, work: impl Future<Output = T>) -> T {
    INVOCATION.scope(id, work).await
}

/// Logs from now on, and logs panics.
pub(crate) fn start(env: &Env) {
    let log = Log::new(env, &[RUNTIME_FAILURES], |line| {
        // Nobody could be told that it failed.
        let _written = io::stdout().write_all(line);
    });
    // One that was set before stays.
    let _first = tracing::subscriber::set_global_default(log);
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

/// Writes a line for each event of level INFO and above. Spans are left out: the runtime's would
/// repeat the id that is logged anyway.
pub struct Log {
    clock: Clock,
    /// The members of the object that do not change, with a comma at the end.
    members: String,
    /// The beginnings of the targets whose events are left out.
    ignored: &'static [&'static str],
    write: fn(&[u8]),
}

impl Log {
    /// Creates the log of a function, which hands its lines to `write`.
    pub fn new(env: &Env, ignored: &'static [&'static str], write: fn(&[u8])) -> Self {
        let function = env.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        Self {
            clock: env.clock.clone(),
            members: format!(r#""function":"{function}","version":"{VERSION}","#),
            ignored,
            write,
        }
    }

    /// Returns the beginning of a line. Lambda takes the level of a line for INFO unless it has the
    /// time in RFC 3339.
    fn line(&self, level: Level) -> Line {
        let now = self.clock.now().rfc3339();
        let cold = if IS_WARM.load(Ordering::Relaxed) {
            ""
        } else {
            r#""cold_start":true,"#
        };
        let members = &self.members;
        let mut line = Line(format!(
            r#"{{"timestamp":"{now}",{members}{cold}"level":"{level}""#
        ));
        // Outside of an invocation it has no id.
        let _has_id = INVOCATION.try_with(|id| line.add("id", &in_json(id)));
        line
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let mut ignored = self.ignored.iter();
        metadata.is_event()
            && *metadata.level() <= Level::INFO
            && !ignored.any(|target| metadata.target().starts_with(target))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = self.line(*event.metadata().level());
        event.record(&mut line);
        line.0.push_str("}\n");
        (self.write)(line.0.as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// An object in JSON without its end. A field becomes a member.
struct Line(String);

impl Line {
    /// Adds a member whose value is JSON already.
    fn add(&mut self, name: &str, value: &str) {
        for part in [",\"", name, "\":", value] {
            self.0.push_str(part);
        }
    }
}

fn in_json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), &in_json(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_str(field, &value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::random::Random;
    use serde_json::{Value, json};
    use std::sync::Mutex;

    static LINES: Mutex<Vec<u8>> = Mutex::new(vec![]);

    fn taken() -> Value {
        let lines = std::mem::take(&mut *LINES.lock().unwrap());
        assert_eq!(lines.last(), Some(&b'\n'));
        serde_json::from_slice(&lines).unwrap()
    }

    #[tokio::test]
    async fn a_line_says_when_and_where_it_was_written_and_that_the_function_has_just_started() {
        let name = ("AWS_LAMBDA_FUNCTION_NAME", "partner-Me-Ab12");
        let variables = [name].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let clock = Clock::from_fn(|| Timestamp::from_secs(1_795_269_900));
        let env = Env::new(variables.into(), clock, Random::system());
        let log = Log::new(&env, &["other"], |line| LINES.lock().unwrap().extend(line));
        let _guard = tracing::subscriber::set_default(log);
        let answer = || {
            let (status, none) = (200_u16, None::<&str>);
            tracing::info!(
                route = "GET /\"",
                status,
                none,
                ok = true,
                by = -1,
                "answered"
            );
        };
        let mut expected = json!({
            "timestamp": "2026-11-21T14:05:00Z",
            "function": "partner-Me-Ab12",
            "version": VERSION,
            "cold_start": true,
            "level": "INFO",
            "message": "answered",
            "route": "GET /\"",
            "status": 200,
            "ok": true,
            "by": -1,
        });
        answer();
        assert_eq!(taken(), expected);
        expected["id"] = json!("8476a536");
        within("8476a536".to_owned(), async { answer() }).await;
        assert_eq!(taken(), expected);
        expected.as_object_mut().unwrap().remove("id");
        note_answered();
        expected.as_object_mut().unwrap().remove("cold_start");
        answer();
        assert_eq!(taken(), expected);
        tracing::debug!("not logged");
        tracing::error!(target: "other::crate", "not logged");
        tracing::error_span!("span").in_scope(|| tracing::warn!(error = %"a\nb"));
        assert_eq!(taken()["error"], "a\nb");
    }
}
