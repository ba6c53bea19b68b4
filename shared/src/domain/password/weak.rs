//! The reasons to reject a new password.

/// Maximum length of a password in characters.
pub const MAX_LENGTH: usize = 256;

/// The reason to reject a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassword {
    TooShort {
        /// Minimum length of the portal in characters.
        min_length: usize,
    },
    /// More than [`MAX_LENGTH`] characters.
    TooLong,
    /// The address or the portal's name with too few additions.
    Personal,
    /// A common password, or similar to one.
    Common,
    /// Repetitions such as `aaa` or `abcabc`.
    Repeats,
    /// Sequences such as `abc` or `6543`.
    Sequence,
    /// Rows and patterns of a keyboard.
    Keyboard,
    Dates,
    /// Names with few additions.
    Names,
    /// Too few guesses for another reason.
    Guessable,
}

impl WeakPassword {
    /// Parses the reason. `min_length` is the minimum of the portal in characters.
    pub fn parse(reason: &str, min_length: usize) -> Option<Self> {
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
        all.into_iter().find(|weak| weak.as_str() == reason)
    }

    /// Returns the stable reason for programs.
    pub const fn as_str(self) -> &'static str {
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
#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_its_own_word() {
        let all = [
            WeakPassword::TooShort { min_length: 15 },
            WeakPassword::TooLong,
            WeakPassword::Personal,
            WeakPassword::Common,
            WeakPassword::Repeats,
            WeakPassword::Sequence,
            WeakPassword::Keyboard,
            WeakPassword::Dates,
            WeakPassword::Names,
            WeakPassword::Guessable,
        ];
        assert_eq!(
            all.iter()
                .map(|weak| weak.as_str())
                .collect::<BTreeSet<_>>()
                .len(),
            all.len()
        );
    }
}
