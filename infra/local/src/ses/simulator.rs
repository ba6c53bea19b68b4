//! The addresses that play an event. Those of the SES mailbox simulator have the same names here.

use super::SesEvent;

const DOMAIN: &str = "simulator.amazonses.com";

/// Returns the events that follow an email to this address. An address that plays none gets its
/// email, and that is an event only if `delivers`.
pub(crate) fn events_for(to: &str, delivers: bool) -> &'static [SesEvent] {
    let local = to.rsplit_once('@').filter(|(_, domain)| *domain == DOMAIN);
    let name = local.map(|(local, _)| local.split('+').next().unwrap_or_default());
    match name {
        Some("success") => &[SesEvent::Delivery],
        Some("bounce") => &[SesEvent::HardBounce],
        Some("soft-bounce") => &[SesEvent::SoftBounce],
        Some("complaint") => &[SesEvent::Delivery, SesEvent::Complaint],
        Some("delay") => &[SesEvent::Delay],
        Some("reject") => &[SesEvent::Reject],
        Some("suppressionlist") => &[SesEvent::Suppressed],
        _ if delivers => &[SesEvent::Delivery],
        _ => &[],
    }
}
