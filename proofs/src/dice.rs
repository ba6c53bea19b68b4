//! Seeded randomness: the same seed, the same proof.

use shared::random::Random;
use std::sync::{Mutex, PoisonError};

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and good enough to choose with.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Those of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Those of one part of a whole: no two parts throw alike.
    pub fn of(seed: u64, part: u64) -> Self {
        let mut dice = Self(seed);
        Self(dice.throw() ^ Self(part).throw())
    }

    /// 64 bits.
    pub const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where there is none.
    pub const fn below(&mut self, n: usize) -> usize {
        (self.throw() % if n == 0 { 1 } else { n as u64 }) as usize
    }

    /// Whether it is the one case in `n`.
    pub const fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    ///
    /// # Panics
    /// When there is none to choose from.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        #[expect(
            clippy::indexing_slicing,
            reason = "a choice among none is a mistake of the proof"
        )]
        &all[self.below(all.len())]
    }
}

/// What a portal with these dice draws its randomness from.
pub fn random(dice: Dice) -> Random {
    let dice = Mutex::new(dice);
    Random::from_fn(move |bytes| {
        let mut dice = dice.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            let drawn = dice.throw().to_le_bytes();
            chunk
                .iter_mut()
                .zip(drawn)
                .for_each(|(byte, drawn)| *byte = drawn);
        }
    })
}
