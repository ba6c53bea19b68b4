//! The events of SES: the documents, the addresses that play them, and their way to the function
//! `email-events`.

mod event;
mod simulator;
mod topic;

pub use event::SesEvent;
pub(crate) use simulator::events_for;
pub(crate) use topic::EventTopic;
pub use topic::notification;
