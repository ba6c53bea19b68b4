//! Background tasks, and how they learn that the portal shuts down.

use tokio::sync::watch;
use tokio::task::JoinSet;

/// The background tasks of a portal. Dropping this aborts them.
pub(crate) struct BackgroundTasks {
    tasks: JoinSet<()>,
    shutdown: watch::Sender<()>,
}

/// Completes when the portal shuts down.
#[derive(Clone)]
pub(crate) struct ShutdownSignal(watch::Receiver<()>);

impl BackgroundTasks {
    pub(crate) fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            shutdown: watch::Sender::new(()),
        }
    }

    /// Starts a task that ends by itself once the signal it gets has completed.
    pub(crate) fn spawn<F>(&mut self, task: impl FnOnce(ShutdownSignal) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let signal = ShutdownSignal(self.shutdown.subscribe());
        self.tasks.spawn(task(signal));
    }

    /// Starts a task that is cancelled when the portal shuts down.
    pub(crate) fn spawn_until_shutdown(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(|signal| async move {
            tokio::select! {
                () = task => {}
                () = signal.wait() => {}
            }
        });
    }

    /// Signals the shutdown, and returns when all tasks have ended.
    pub(crate) async fn shut_down(self) {
        let Self {
            mut tasks,
            shutdown,
        } = self;
        drop(shutdown);
        while tasks.join_next().await.is_some() {}
    }
}

impl ShutdownSignal {
    /// Returns when the portal shuts down.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
