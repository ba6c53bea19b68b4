//! The time, which stands still until a test moves it.

use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// 21 November 2026, 14:00 UTC: the start of every throttle's window but the day's.
const START: u64 = 1_795_269_600;

/// The time, as the test wants it.
#[derive(Clone)]
pub struct Time {
    millis: Arc<AtomicU64>,
    runs_since: Option<tokio::time::Instant>,
}

impl Time {
    pub(crate) fn stopped() -> Self {
        Self {
            millis: Arc::new(AtomicU64::new(START * 1000)),
            runs_since: None,
        }
    }

    pub(crate) fn running() -> Self {
        Self {
            runs_since: Some(tokio::time::Instant::now()),
            ..Self::stopped()
        }
    }

    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        self.millis.fetch_add(
            u64::try_from(span.as_millis()).unwrap_or_default(),
            Ordering::SeqCst,
        );
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        let ran = self
            .runs_since
            .map(|start| start.elapsed())
            .unwrap_or_default();
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst)).plus(ran)
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::from_fn(move || time.now())
    }
}
