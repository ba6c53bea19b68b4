//! Everything that a part of a text could be, with the guesses for it.

use crate::domain::password::strength::kind::Kind;
use crate::domain::password::strength::normalize::{READ, unleet};
use crate::domain::password::strength::patterns::{is_date, is_year, progressions, repeats};
use crate::domain::password::strength::words::{LONGEST, words};
use std::ops::{Range, RangeInclusive};

/// Guesses for a character that fits no pattern. All guesses are powers of ten here.
pub(super) const ANY_CHARACTER: f64 = 1.0;
/// Guesses for a copy of earlier text: fewer than for any other piece.
const COPY: f64 = 0.3;
/// Guesses for the most common words. Less common ones take as many as their rank.
const COMMON_WORD: f64 = 0.5;
/// Further guesses for a word that is spelled backwards.
const BACKWARDS: f64 = 0.3;
/// Guesses for neighbours on a keyboard: a few starts, directions and lengths.
const KEYS: f64 = 1.5;
/// Guesses for numbers, weekdays and the like in their order.
const ROW: f64 = 2.0;
/// Guesses for each character in the period of a progression: where it starts, and its step.
const PROGRESSION: f64 = 1.5;
/// Guesses for a date. People choose days that matter to them: some thousand, rather than all.
const DATE: f64 = 3.4;
/// Guesses for a year: one of some thirty.
const YEAR: f64 = 1.5;

/// The shortest copy of earlier text that counts as one.
const SHORTEST_COPY: usize = 3;
/// The shortest run of keys that counts as one.
const SHORTEST_KEYS: usize = 4;
/// The shortest word that is read with leet spelling undone.
const SHORTEST_LEET: usize = 4;
/// The shortest part of a row of words that counts as one.
const SHORTEST_ROW: usize = 8;

/// A part of a text that an attacker would guess as a whole.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub end: usize,
    pub kind: Kind,
    /// As a power of ten.
    pub guesses: f64,
}

/// Candidates by where they start.
struct Candidates(Vec<Vec<Candidate>>);

impl Candidates {
    fn add(&mut self, at: Range<usize>, kind: Kind, guesses: f64) {
        if let Some(candidates) = self.0.get_mut(at.start) {
            candidates.push(Candidate {
                end: at.end,
                kind,
                guesses,
            });
        }
    }
}

/// Returns for each place in the text everything that could start there. `personal` are the words
/// of the address and of the portal's name.
pub(super) fn candidates(text: &[char], personal: &[String]) -> Vec<Vec<Candidate>> {
    let mut found = Candidates(vec![vec![]; text.len()]);
    for (start, longest) in repeats(text).into_iter().enumerate() {
        found.add(start..start + 1, Kind::Character, ANY_CHARACTER);
        for length in SHORTEST_COPY..=longest {
            found.add(start..start + length, Kind::Repeat, COPY);
        }
    }
    for run in progressions(text) {
        let guesses = PROGRESSION * run.period as f64;
        found.add(run.start..run.end, Kind::Sequence, guesses);
    }
    for reading in readings(text) {
        reading.find_personal(personal, &mut found);
        reading.find_words(&mut found);
        if !reading.leet && !reading.backwards {
            reading.find_rows(&mut found);
        }
    }
    found.0
}

/// A text as an attacker may have spelled it.
struct Reading {
    text: String,
    /// Where each character starts in `text`, and where the last one ends.
    offsets: Vec<usize>,
    /// For each character, true if it was a letter before leet spelling was undone.
    letters: Vec<bool>,
    leet: bool,
    backwards: bool,
}

/// The text as it is and with leet spelling undone, forwards and backwards.
fn readings(text: &[char]) -> Vec<Reading> {
    let mut all: Vec<Reading> = vec![];
    for one in [None, Some('i'), Some('l')] {
        let spelled: Vec<_> = text
            .iter()
            .map(|c| one.map_or(*c, |one| unleet(*c, one)))
            .collect();
        let forwards = Reading::new(text.iter().zip(&spelled), one.is_some(), false);
        if all.iter().all(|reading| reading.text != forwards.text) {
            all.push(forwards);
            let backwards = text.iter().zip(&spelled).rev();
            all.push(Reading::new(backwards, one.is_some(), true));
        }
    }
    all
}

impl Reading {
    /// Takes pairs of the character of the password and the one it is read as.
    fn new<'a>(
        pairs: impl Iterator<Item = (&'a char, &'a char)>,
        leet: bool,
        backwards: bool,
    ) -> Self {
        let mut reading = Self {
            text: String::new(),
            offsets: vec![0],
            letters: vec![],
            leet,
            backwards,
        };
        for (typed, read) in pairs {
            reading.text.push(*read);
            reading.offsets.push(reading.text.len());
            reading.letters.push(typed.is_alphabetic());
        }
        reading
    }

    /// Visits all parts of these lengths, in characters. When `visit` returns false, goes on to the
    /// next start.
    fn parts(
        &self,
        lengths: RangeInclusive<usize>,
        mut visit: impl FnMut(&str, Range<usize>) -> bool,
    ) {
        for (start, from) in self.offsets.iter().enumerate() {
            let ends = self
                .offsets
                .iter()
                .enumerate()
                .skip(start + lengths.start());
            for (end, to) in ends.take(lengths.end() + 1 - lengths.start()) {
                match self.text.get(*from..*to) {
                    Some(part) if visit(part, start..end) => {}
                    _ => break,
                }
            }
        }
    }

    /// The same part in the password.
    fn in_password(&self, part: Range<usize>) -> Range<usize> {
        let length = self.letters.len();
        if self.backwards {
            length - part.end..length - part.start
        } else {
            part
        }
    }

    fn find_words(&self, found: &mut Candidates) {
        let words = words();
        self.parts(1..=LONGEST, |part, at| {
            let Some((rest, word)) = words.first_with(part) else {
                return false;
            };
            if rest.is_empty() && self.may_be_read(&at) {
                let backwards = if self.backwards { BACKWARDS } else { 0.0 };
                let guesses = f64::from(word.rank).log10().max(COMMON_WORD) + backwards;
                found.add(self.in_password(at), word.kind, guesses);
            }
            true
        });
    }

    /// Digits and signs are read as letters only in longer words, among as many letters.
    fn may_be_read(&self, at: &Range<usize>) -> bool {
        let letters = self.letters.iter().skip(at.start).take(at.len());
        let enough = 2 * letters.filter(|letter| **letter).count() >= at.len();
        !self.leet || at.len() >= SHORTEST_LEET && enough
    }

    fn find_personal(&self, personal: &[String], found: &mut Candidates) {
        for word in personal {
            for (from, _) in self.text.match_indices(word) {
                let start = self.offsets.binary_search(&from);
                let end = self.offsets.binary_search(&(from + word.len()));
                if let (Ok(start), Ok(end)) = (start, end) {
                    found.add(self.in_password(start..end), Kind::Personal, 0.0);
                }
            }
        }
    }

    fn find_rows(&self, found: &mut Candidates) {
        let words = words();
        self.parts(SHORTEST_KEYS..=LONGEST, |part, at| {
            let are_keys = words.are_keys(part);
            if are_keys {
                let listed = words
                    .get(part)
                    .is_some_and(|word| word.kind == Kind::Common);
                let kind = if listed { Kind::Common } else { Kind::Keys };
                found.add(at, kind, KEYS);
            }
            are_keys
        });
        self.parts(SHORTEST_ROW..=READ, |part, at| {
            let in_order = words.are_in_order(part);
            if in_order {
                found.add(at, Kind::Sequence, ROW);
            }
            in_order
        });
        self.parts(4..=8, |part, at| {
            if is_year(part) {
                found.add(at, Kind::Date, YEAR);
            } else if is_date(part) {
                found.add(at, Kind::Date, DATE);
            }
            part.bytes().all(|b| b.is_ascii_digit())
        });
    }
}
