//! Seeded randomness: the same seed gives the same run.

use shared::random::Random;
use std::sync::{Mutex, PoisonError};

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and good enough to choose with.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Creates the generator of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Creates the generator of one part of a run; every part has another one.
    pub fn derive(seed: u64, part: u64) -> Self {
        let mut rng = Self(seed);
        Self(rng.next_u64() ^ Self(part).next_u64())
    }

    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`, or 0 if `n` is 0.
    pub const fn below(&mut self, n: usize) -> usize {
        (self.next_u64() % if n == 0 { 1 } else { n as u64 }) as usize
    }

    /// Returns true in one of `n` cases.
    pub const fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Returns a random item.
    ///
    /// # Panics
    /// If there are no items.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        #[expect(clippy::indexing_slicing, reason = "the callers pass items")]
        &all[self.below(all.len())]
    }

    /// Returns a random item, if there is one.
    pub fn choose<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        (!all.is_empty()).then(|| self.pick(all))
    }
}

/// Returns randomness for a portal.
pub fn random(rng: Rng) -> Random {
    let rng = Mutex::new(rng);
    Random::from_fn(move |bytes| {
        let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            let random = rng.next_u64().to_le_bytes();
            let bytes = chunk.iter_mut().zip(random);
            bytes.for_each(|(byte, random)| *byte = random);
        }
    })
}
