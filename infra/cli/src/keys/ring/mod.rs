//! The keys of the key ring, which sign links, codes and sessions.

mod retire;
mod rotate;

pub(super) use retire::retire;
pub(super) use rotate::rotate;

/// The field of the key ring that lists the keys apart from the root's.
const FIELD: &str = "keys";
