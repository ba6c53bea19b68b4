//! A clock that stands still until a test moves it.

use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// 21 November 2026, 14:00 UTC: a window of every rate limit but the daily ones starts here.
const START: u64 = 1_795_269_600;

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct TestClock {
    millis: Arc<AtomicU64>,
    runs_since: Option<tokio::time::Instant>,
}

impl TestClock {
    pub(crate) fn stopped() -> Self {
        Self {
            millis: Arc::new(AtomicU64::new(START * 1000)),
            runs_since: None,
        }
    }

    /// Creates a clock that also advances with the runtime's.
    pub(crate) fn running() -> Self {
        Self {
            runs_since: Some(tokio::time::Instant::now()),
            ..Self::stopped()
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or_default();
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        let ran = self.runs_since.map(|start| start.elapsed());
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst)).plus(ran.unwrap_or_default())
    }

    /// Returns this clock as the product takes it.
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::from_fn(move || clock.now())
    }
}
