//! Randomness as a value that tests can seed.

use std::sync::Arc;

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// A source of random bytes.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

impl Random {
    /// Returns the operating system's source.
    ///
    /// # Panics
    /// If the operating system has no randomness: nothing may continue with less.
    pub fn system() -> Self {
        Self::from_fn(|bytes| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that draws randomness"
            )]
            let drawn = getrandom::fill(bytes);
            #[expect(
                clippy::expect_used,
                reason = "without randomness there is no secret to make"
            )]
            drawn.expect("the operating system gives randomness");
        })
    }

    /// Creates a source that `fill` provides.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Returns `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}
