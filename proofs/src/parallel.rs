//! Seed after seed, on all cores.

use crate::progress::Progress;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Which seeds, and whether somebody watches.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub count: u64,
    /// Whether progress is shown.
    pub shown: bool,
}

impl Seeds {
    /// Does `one` for each seed, each in a runtime of its own whose clock stands still, and adds up what comes of them.
    ///
    /// # Errors
    /// What broke first; a panic of the proof itself breaks it too.
    ///
    /// # Panics
    /// When the system gives no more threads.
    pub fn run<D: Default + Send>(
        self,
        one: impl Fn(u64) -> Result<D, String> + Sync,
        add: impl Fn(&mut D, D) + Sync,
    ) -> Result<D, String> {
        let (next, progress) = (AtomicU64::new(0), Progress::new("seeds", self.count, self.shown));
        let (broken, whole) = (Mutex::new(None), Mutex::new(D::default()));
        let work = || {
            while held(&broken).is_none() {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= self.count {
                    break;
                }
                let seed = self.first + n;
                let done = catch_unwind(AssertUnwindSafe(|| one(seed)));
                match done.unwrap_or_else(|_| Err(format!("seed {seed}: the proof itself panicked"))) {
                    Ok(done) => add(&mut held(&whole), done),
                    Err(why) => *held(&broken) = Some(why),
                }
                progress.step();
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = usize::try_from(self.count).unwrap_or(usize::MAX).min(cores);
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why),
            None => Ok(whole.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on this thread; whatever waits, waits no real time, and the SDK's retries come at the same moments for the
/// same seed.
///
/// # Panics
/// When there can be no runtime.
#[expect(clippy::unwrap_used, reason = "without a runtime there is no proof")]
pub fn paused<T>(seed: u64, work: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(work)
}
