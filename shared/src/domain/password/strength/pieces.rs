//! The pieces of a text that take the fewest guesses together.

use crate::domain::password::WeakPassword;
use crate::domain::password::strength::candidates::{Candidate, candidates};
use crate::domain::password::strength::kind::Kind;

/// The pieces of a text, and the guesses for all of them.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// As a power of ten.
    pub guesses: f64,
    /// Kind and length of each piece.
    pieces: Vec<(Kind, usize)>,
}

impl Pieces {
    /// Cuts a text into the pieces that take the fewest guesses together.
    pub(super) fn find(text: &[char], personal: &[String]) -> Self {
        // The cheapest way to each place in the text: guesses, and the last piece.
        let mut best = vec![(f64::INFINITY, 0, Kind::Character); text.len() + 1];
        if let Some(start) = best.first_mut() {
            start.0 = 0.0;
        }
        for (start, candidates) in candidates(text, personal).into_iter().enumerate() {
            let before = best.get(start).map_or(f64::INFINITY, |best| best.0);
            for Candidate { end, kind, guesses } in candidates {
                if let Some(best) = best.get_mut(end)
                    && before + guesses < best.0
                {
                    *best = (before + guesses, start, kind);
                }
            }
        }
        let mut found = Self::default();
        let mut end = text.len();
        while let Some((guesses, start, kind)) = best.get(end).filter(|_| end > 0) {
            found.guesses = found.guesses.max(*guesses);
            found.pieces.push((*kind, end - start));
            end = *start;
        }
        found
    }

    /// Adds the pieces of text that has to be guessed too.
    pub(super) fn append(&mut self, other: Self) {
        self.guesses += other.guesses;
        self.pieces.extend(other.pieces);
    }

    /// Returns true if one of the pieces is of this kind.
    pub(super) fn contains(&self, kind: Kind) -> bool {
        self.pieces.iter().any(|piece| piece.0 == kind)
    }

    /// Returns why a password of these pieces is weak: because of the address or the portal's name
    /// wherever there is one of them, else because of the longest piece with a pattern.
    pub(super) fn reason(&self) -> WeakPassword {
        let longest = self
            .pieces
            .iter()
            .filter(|piece| piece.0 != Kind::Character)
            .max_by_key(|(kind, length)| (*kind == Kind::Personal, *length, *kind));
        longest.map_or(WeakPassword::Guessable, |(kind, _)| (*kind).into())
    }
}
