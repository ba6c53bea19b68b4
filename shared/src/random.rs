//! Randomness, as a value.

use std::sync::Arc;

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Draws random bytes.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

impl Random {
    /// The operating system's.
    ///
    /// # Panics
    /// When the operating system has none: nothing may go on with less.
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

    /// A source that fills what it is given.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}
