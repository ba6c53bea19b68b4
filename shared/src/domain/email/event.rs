//! The events by which the provider says what became of an email that it accepted.
//!
//! They arrive late, repeatedly and in any order. The row of an email collects them as a set, and
//! what they say together depends on neither.

use crate::domain::characters::is_printable;
use crate::domain::time::Timestamp;
use std::cmp::Reverse;

/// The maximum length of the provider's words, in characters.
const MAX_DETAIL: usize = 500;

/// The kinds of events. Of several that an email has, the last one in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmailEventKind {
    /// The provider has not delivered the email yet, and goes on trying.
    Delayed,
    /// The recipient's mail server accepted the email.
    Delivered,
    /// The email was not delivered, or it was answered by a program: the mailbox may be full.
    SoftBounce,
    /// The provider did not try, because the address is on a list of its own.
    Suppressed,
    /// The mailbox does not exist.
    HardBounce,
    /// The provider accepted the email, and then refused to send it.
    Rejected,
    /// The provider could not build the email.
    NotRendered,
    /// The recipient marked the email as spam.
    Complaint,
}

impl EmailEventKind {
    /// All kinds, the least important first.
    pub const ALL: [Self; 8] = [
        Self::Delayed,
        Self::Delivered,
        Self::SoftBounce,
        Self::Suppressed,
        Self::HardBounce,
        Self::Rejected,
        Self::NotRendered,
        Self::Complaint,
    ];

    /// Returns the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::SoftBounce => "soft-bounce",
            Self::Suppressed => "suppressed",
            Self::HardBounce => "hard-bounce",
            Self::Rejected => "rejected",
            Self::NotRendered => "not-rendered",
            Self::Complaint => "complaint",
        }
    }

    /// Returns the status of an email whose most important event is of this kind.
    pub const fn status(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::SoftBounce | Self::HardBounce => "bounced",
            Self::Suppressed => "suppressed",
            Self::Rejected => "rejected",
            Self::NotRendered => "failed",
            Self::Complaint => "complained",
        }
    }
}

/// An event of one email.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmailEvent {
    /// Time at which it happened, as the provider says.
    pub at: Timestamp,
    pub kind: EmailEventKind,
    /// The provider's or the recipient's server's words. They may contain the address: they are
    /// stored and never logged.
    pub detail: String,
}

impl EmailEvent {
    /// Creates an event. `detail` is cut to 500 characters on one line.
    pub fn new(at: Timestamp, kind: EmailEventKind, detail: &str) -> Self {
        let is_visible = |c: char| is_printable(c.encode_utf8(&mut [0; 4]));
        let visible = |c| if is_visible(c) { c } else { ' ' };
        let detail: String = detail.chars().take(MAX_DETAIL).map(visible).collect();
        let detail = detail.trim().to_owned();
        Self { at, kind, detail }
    }

    /// Returns the stored form: `<milliseconds> <kind> <detail>`.
    pub fn to_stored(&self) -> String {
        let Self { at, kind, detail } = self;
        format!("{} {} {detail}", at.millis(), kind.as_str())
    }

    /// Parses the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let at = parts.next()?.parse().map(Timestamp::from_millis).ok()?;
        let name = parts.next()?;
        let kind = EmailEventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)?;
        Some(Self {
            at,
            kind,
            detail: parts.next()?.to_owned(),
        })
    }
}

/// Returns the event that decides the status of an email: the most important one, and of several
/// of its kind the first.
pub(super) fn decisive(events: &[EmailEvent]) -> Option<&EmailEvent> {
    events
        .iter()
        .max_by_key(|event| (event.kind, Reverse((event.at, &event.detail))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_its_stored_form() {
        for kind in EmailEventKind::ALL {
            let at = Timestamp::from_millis(1_764_000_000_123);
            for detail in ["", "smtp; 550 5.1.1 no such user"] {
                let event = EmailEvent::new(at, kind, detail);
                let stored = event.to_stored();
                assert_eq!(EmailEvent::from_stored(&stored), Some(event), "{stored}");
            }
        }
        for wrong in ["", "1", "1 delivered", "x delivered ", "1 opened "] {
            assert_eq!(EmailEvent::from_stored(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_detail_is_one_line_of_at_most_500_characters() {
        let detail = "é\r\n\0\u{202e}".repeat(400);
        let event = EmailEvent::new(Timestamp::from_millis(0), EmailEventKind::Delayed, &detail);
        assert!(event.detail.chars().count() <= 500);
        assert!(is_printable(&event.detail));
    }
}
