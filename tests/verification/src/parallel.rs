//! Runs seeds or cases on all cores.

use crate::progress::Progress;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// A range of seeds.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    first: u64,
    count: u64,
    show_progress: bool,
}

impl Seeds {
    /// Creates the range of `count` seeds that starts with `first`.
    pub const fn new(first: u64, count: u64, show_progress: bool) -> Self {
        Self {
            first,
            count,
            show_progress,
        }
    }

    /// Calls `one` for each seed and adds up the results.
    ///
    /// # Errors
    /// The first failure; a panic of `one` is a failure.
    pub fn run<D: Default + Send>(
        self,
        one: impl Fn(u64) -> Result<D, String> + Sync,
        add: impl Fn(&mut D, D) + Sync,
    ) -> Result<D, String> {
        let sum = Mutex::new(Ok(D::default()));
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        on_all_cores(count, "seeds", self.show_progress, |n| {
            let seed = self.first + n as u64;
            let result = catch_unwind(AssertUnwindSafe(|| one(seed)));
            let result = result.unwrap_or_else(|_| Err(format!("seed {seed}: a panic")));
            let mut sum = lock(&sum);
            match (sum.as_mut(), result) {
                (Ok(sum), Ok(result)) => add(sum, result),
                (Ok(_), Err(why)) => *sum = Err(why),
                (Err(_), _) => {}
            }
            if sum.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls `work` for each item and its index, and returns the results in the order of the items.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    show_progress: bool,
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let results = Mutex::new(vec![]);
    on_all_cores(items.len(), "runs", show_progress, |n| {
        if let Some(item) = items.get(n) {
            let result = work(n, item);
            lock(&results).push((n, result));
        }
        ControlFlow::Continue(())
    });
    let results = results.into_inner();
    let mut results = results.unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Calls `work` with the numbers below `count` until it breaks off.
fn on_all_cores(
    count: usize,
    name: &'static str,
    show_progress: bool,
    work: impl Fn(usize) -> ControlFlow<()> + Sync,
) {
    let progress = Progress::new(name, count as u64, show_progress);
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        while !stopped.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return;
            }
            stopped.fetch_or(work(n).is_break(), Ordering::Relaxed);
            progress.step();
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..count.min(cores)).for_each(|_| drop(scope.spawn(worker))));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on this thread with a paused clock; the seed decides when the SDK retries.
///
/// # Panics
/// If there can be no runtime.
#[expect(clippy::unwrap_used, reason = "nothing can run without a runtime")]
pub fn paused<T>(seed: u64, work: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}
