//! How everything in a portal hears that the portal is over.

use tokio::sync::watch;

/// Held by the portal: when it is dropped, everybody who waits is woken.
pub(crate) struct Stop(watch::Sender<()>);

/// Waits for the end.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<()>);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn stopping(&self) -> Stopping {
        Stopping(self.0.subscribe())
    }
}

impl Stopping {
    /// Returns when the portal is over.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
