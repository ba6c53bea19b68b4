//! Why a password may not be chosen, for machines and for people.

use super::AT_MOST;
use std::fmt;
use zxcvbn::feedback::Warning;

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Fewer characters than the portal asks for.
    TooShort {
        /// How many it asks for.
        at_least: usize,
    },
    /// More than 256 characters.
    TooLong,
    /// The address or the portal's name, with too little around it.
    Personal,
    /// Among those that are tried first, or close to one.
    Common,
    /// The same again and again.
    Repeats,
    /// `abc`, `6543`.
    Sequence,
    /// Neighbours on a keyboard.
    Keyboard,
    /// Dates and years.
    Dates,
    /// Names, and little else.
    Names,
    /// Guessable for another reason.
    Guessable,
}

impl Weak {
    /// The reason with this [word](Self::word), in a portal that asks for `at_least` characters.
    pub fn parse(word: &str, at_least: usize) -> Option<Self> {
        let all = [
            Self::TooShort { at_least },
            Self::TooLong,
            Self::Personal,
            Self::Common,
            Self::Repeats,
            Self::Sequence,
            Self::Keyboard,
            Self::Dates,
            Self::Names,
            Self::Guessable,
        ];
        all.into_iter().find(|weak| weak.word() == word)
    }

    /// The stable word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too-short",
            Self::TooLong => "too-long",
            Self::Personal => "personal",
            Self::Common => "common",
            Self::Repeats => "repeats",
            Self::Sequence => "sequence",
            Self::Keyboard => "keyboard",
            Self::Dates => "dates",
            Self::Names => "names",
            Self::Guessable => "guessable",
        }
    }
}

/// The library's reasons, as ours.
impl From<Warning> for Weak {
    fn from(warning: Warning) -> Self {
        match warning {
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword => Self::Common,
            Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => Self::Repeats,
            Warning::SequencesLikeAbcAreEasyToGuess => Self::Sequence,
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess => Self::Keyboard,
            Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Self::Dates,
            Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess => Self::Names,
            Warning::AWordByItselfIsEasyToGuess => Self::Guessable,
        }
    }
}

/// The sentence for people.
impl fmt::Display for Weak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { at_least } => {
                write!(f, "It is too short: use at least {at_least} characters.")
            }
            Self::TooLong => write!(f, "It is too long: use at most {AT_MOST} characters."),
            Self::Personal => {
                f.write_str("It contains your address or the portal's name, and too little else.")
            }
            Self::Common => {
                f.write_str("It is among the passwords that are tried first, or close to one.")
            }
            Self::Repeats => f.write_str("It repeats itself: that is easy to guess."),
            Self::Sequence => {
                f.write_str("It follows a sequence like abc or 6543: that is easy to guess.")
            }
            Self::Keyboard => {
                f.write_str("It follows the rows of a keyboard: that is easy to guess.")
            }
            Self::Dates => {
                f.write_str("Dates and years are easy to guess: add a few uncommon words.")
            }
            Self::Names => f.write_str("Names are easy to guess: add a few uncommon words."),
            Self::Guessable => {
                f.write_str("It is easy to guess: add another uncommon word or two.")
            }
        }
    }
}
