//! How everything in a portal hears that the portal is over.

use tokio::sync::watch;

/// Held by the portal: when it is dropped, everybody who waits is woken.
pub(crate) struct Shutdown(watch::Sender<()>);

/// Waits for the end.
#[derive(Clone)]
pub(crate) struct ShutdownSignal(watch::Receiver<()>);

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn stopping(&self) -> ShutdownSignal {
        ShutdownSignal(self.0.subscribe())
    }
}

impl ShutdownSignal {
    /// Returns when the portal is over.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
