//! The `emails` table: the outbox, which is also the delivery log (promise 7).
//!
//! An email is enqueued, claimed, sent and finished. A crash between any two of these leaves a row
//! that shows it, and a retry sends the same link. The stream brings each email once; the sweep
//! finds what is unfinished later.

mod claim;
mod enqueue;
mod erase;
mod find;
mod finish;
mod list;
mod list_held;
mod list_unfinished;
pub(super) mod outbox_item;
mod postpone;
mod reclaim;
mod record_event;
mod redrive;
mod retry_later;

use std::time::Duration;

pub use claim::ClaimOutcome;
pub use enqueue::{EmailRequestLimits, EnqueueOutcome};
pub use find::OutboxLookup;
pub use list_held::{HeldPage, HeldPosition};
pub use redrive::RedriveOutcome;

/// The time for which a claim holds. An attempt to send takes less.
pub const LEASE: Duration = Duration::from_secs(30);
/// The number of consecutive claims that may be lost, by a crash or a lost response, before an
/// email is given up.
pub const MAX_LOST_CLAIMS: u64 = 3;
