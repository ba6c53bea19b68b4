//! Why a password may not be chosen, for machines and for people.

use crate::domain::password::MAX_LENGTH;
use std::fmt;

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassword {
    /// Fewer characters than the portal asks for.
    TooShort {
        /// How many it asks for.
        min_length: usize,
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

impl WeakPassword {
    /// The reason with this [word](Self::word), in a portal that asks for `min_length` characters.
    pub fn parse(word: &str, min_length: usize) -> Option<Self> {
        let all = [
            Self::TooShort { min_length },
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

/// The sentence for people.
impl fmt::Display for WeakPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { min_length } => {
                write!(f, "Use at least {min_length} characters.")
            }
            Self::TooLong => write!(f, "Use at most {MAX_LENGTH} characters."),
            Self::Personal => f.write_str(
                "This password is too similar to your email address or the portal's name.",
            ),
            Self::Common => {
                f.write_str("This password is too common, or too similar to a common one.")
            }
            Self::Repeats => {
                f.write_str("This password repeats itself, which makes it easy to guess.")
            }
            Self::Sequence => f.write_str("Sequences like abc or 6543 are easy to guess."),
            Self::Keyboard => f.write_str("Keyboard patterns like qwerty are easy to guess."),
            Self::Dates => {
                f.write_str("Dates and years are easy to guess. Add a few uncommon words.")
            }
            Self::Names => f.write_str("Names are easy to guess. Add a few uncommon words."),
            Self::Guessable => {
                f.write_str("This password is easy to guess. Add another uncommon word or two.")
            }
        }
    }
}
