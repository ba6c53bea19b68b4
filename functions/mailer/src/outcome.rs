//! The ways in which a delivery can end.

use shared::domain::email::DeliveryStatus;
use shared::store::outbox::Ending;

pub(crate) enum DeliveryOutcome<'a> {
    /// SES accepted the email.
    Sent { message_id: &'a str },
    /// The email can never be sent, for this reason.
    Failed(&'a str),
    /// Nobody may receive it. Its row loses the address.
    Dropped(DropReason),
    /// This budget is used up.
    Throttled(&'static str),
    /// Its link expired before it could be sent.
    Expired,
    /// The account changed before it could be sent.
    Superseded(SupersedeReason),
}

#[derive(Clone, Copy)]
pub(crate) enum DropReason {
    NoAccount,
    Suspended,
}

#[derive(Clone, Copy)]
pub(crate) enum SupersedeReason {
    EpochMoved,
    Activated,
}

impl<'a> DeliveryOutcome<'a> {
    /// Returns what the store records.
    pub(crate) const fn ending(&self) -> Ending<'a> {
        match *self {
            Self::Sent { message_id } => Ending {
                end: DeliveryStatus::Sent,
                note: ("message_id", message_id),
            },
            Self::Failed(reason) => because(DeliveryStatus::Failed, reason),
            Self::Dropped(DropReason::NoAccount) => because(DeliveryStatus::Dropped, "no-account"),
            Self::Dropped(DropReason::Suspended) => because(DeliveryStatus::Dropped, "suspended"),
            Self::Throttled(budget) => because(DeliveryStatus::Throttled, budget),
            Self::Expired => because(DeliveryStatus::Expired, "link-expired"),
            Self::Superseded(SupersedeReason::EpochMoved) => {
                because(DeliveryStatus::Superseded, "epoch-moved")
            }
            Self::Superseded(SupersedeReason::Activated) => {
                because(DeliveryStatus::Superseded, "activated")
            }
        }
    }
}

const fn because(end: DeliveryStatus, reason: &str) -> Ending<'_> {
    Ending {
        end,
        note: ("reason", reason),
    }
}
