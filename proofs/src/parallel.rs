//! Seed after seed, or case after case, on all cores.

use crate::progress::Progress;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    /// Does `one` for each seed, each in a runtime of its own whose clock stands still, and adds up
    /// what comes of them.
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
        let (broken, whole) = (Mutex::new(None), Mutex::new(D::default()));
        side_by_side(self.count, ("seeds", self.shown), |n| {
            let seed = self.first + n;
            let done = catch_unwind(AssertUnwindSafe(|| one(seed)));
            match done.unwrap_or_else(|_| Err(format!("seed {seed}: the proof itself panicked"))) {
                Ok(done) => add(&mut held(&whole), done),
                Err(why) => *held(&broken) = Some(why),
            }
            if held(&broken).is_none() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why),
            None => Ok(whole.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

/// What `work` makes of each item and its number, in their order.
///
/// # Panics
/// When `work` does, or the system gives no more threads.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    shown: bool,
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let results = Mutex::new(BTreeMap::new());
    side_by_side(items.len() as u64, ("runs", shown), |n| {
        let number = usize::try_from(n).unwrap_or(usize::MAX);
        if let Some(item) = items.get(number) {
            let result = work(number, item);
            held(&results).insert(number, result);
        }
        ControlFlow::Continue(())
    });
    results
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_values()
        .collect()
}

/// Calls `work` with the numbers below `count`, as many at a time as the machine has cores, until
/// it breaks off.
fn side_by_side(
    count: u64,
    (what, shown): (&'static str, bool),
    work: impl Fn(u64) -> ControlFlow<()> + Sync,
) {
    let (next, stopped, progress) = (
        AtomicU64::new(0),
        AtomicBool::new(false),
        Progress::new(what, count, shown),
    );
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
    let threads = usize::try_from(count).unwrap_or(usize::MAX).min(cores);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker))));
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on this thread; whatever waits, waits no real time, and the SDK's retries come at
/// the same moments for the same seed.
///
/// # Panics
/// When there can be no runtime.
#[expect(clippy::unwrap_used, reason = "without a runtime there is no proof")]
pub fn paused<T>(seed: u64, work: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}
