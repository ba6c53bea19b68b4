//! A timer that is set once and then only put off.

use futures_util::future::{Either, select};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use tokio::time::{Instant, Sleep, sleep_until};

/// Limits one future after the other. To set a timer costs two system calls, to put it off none.
#[derive(Default)]
pub(super) struct Timer(Mutex<Option<Pin<Box<Sleep>>>>);

impl Timer {
    /// Returns the output of `future`, or `None` if it has none by then.
    pub(super) async fn limit<F: Future>(&self, until: Instant, future: F) -> Option<F::Output> {
        let idle = self.lock().take();
        let mut sleep = match idle {
            Some(mut sleep) => {
                sleep.as_mut().reset(until);
                sleep
            }
            // Another future is being limited, or this is the first one.
            None => Box::pin(sleep_until(until)),
        };
        let output = match select(pin!(future), sleep.as_mut()).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        };
        *self.lock() = Some(sleep);
        output
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Pin<Box<Sleep>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
