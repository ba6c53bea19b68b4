//! The kinds of pieces that passwords are made of.

use crate::domain::password::WeakPassword;

/// A kind of piece, in the order in which they are named where several are equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A character that fits no pattern.
    Character,
    Word,
    Name,
    Date,
    Keys,
    Sequence,
    /// One of the common passwords.
    Common,
    /// A copy of earlier text.
    Repeat,
    /// From the address or the portal's name.
    Personal,
}

impl From<Kind> for WeakPassword {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Character | Kind::Word => Self::Guessable,
            Kind::Name => Self::Names,
            Kind::Date => Self::Dates,
            Kind::Keys => Self::Keyboard,
            Kind::Sequence => Self::Sequence,
            Kind::Common => Self::Common,
            Kind::Repeat => Self::Repeats,
            Kind::Personal => Self::Personal,
        }
    }
}
