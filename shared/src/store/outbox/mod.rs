//! The `emails` table: the outbox, which is also the delivery log.

mod deliver;
mod enqueue;
pub(super) mod outbox_item;

pub use deliver::{ClaimOutcome, Ending, LEASE, MAX_LOST_CLAIMS, OutboxLookup};
