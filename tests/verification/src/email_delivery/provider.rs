//! SES: what it accepted, and the events that it publishes about it.

use crate::ensure;
use crate::rng::Rng;
use kit::{World, secs};
use local::{ReceivedEmail, SesEvent};
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct Provider {
    rng: Rng,
    /// The accepted messages of each email, by the id of its row.
    pub(super) emails: BTreeMap<String, Accepted>,
    /// The documents to publish, and when.
    waiting: Vec<Waiting>,
}

/// The messages of one email, and the events about them that were published.
#[derive(Default)]
pub(super) struct Accepted {
    pub(super) messages: Vec<ReceivedEmail>,
    pub(super) published: Vec<SesEvent>,
}

struct Waiting {
    id: String,
    at: Timestamp,
    event: SesEvent,
    document: String,
}

impl Provider {
    pub(super) const fn new(rng: Rng) -> Self {
        Self {
            rng,
            emails: BTreeMap::new(),
            waiting: vec![],
        }
    }

    /// Takes the messages that arrived since the last time, and decides what becomes of them.
    ///
    /// # Errors
    /// Fails if a message differs from an earlier one of its email.
    pub(super) fn accept(&mut self, world: &World) -> Result<(), String> {
        for message in world.portal.take_inbox() {
            let id = message.headers["X-Entity-Ref-ID"].clone();
            let happened_at = world.clock.now();
            for event in self.fate(&message.to) {
                let document = event.document(&message, happened_at).to_string();
                let copies = if self.rng.one_in(5) { 2 } else { 1 };
                for _ in 0..copies {
                    let delay = self.delay();
                    self.waiting.push(Waiting {
                        id: id.clone(),
                        at: happened_at.plus(secs(delay)),
                        event,
                        document: document.clone(),
                    });
                }
            }
            let accepted = self.emails.entry(id).or_default();
            let first = accepted.messages.first().unwrap_or(&message);
            ensure!(is_same(first, &message), "two messages of an email differ");
            accepted.messages.push(message);
        }
        Ok(())
    }

    /// Returns the events about a message. Hardly any message has none.
    fn fate(&mut self, to: &str) -> Vec<SesEvent> {
        use SesEvent::{Complaint, Delay, Delivery, HardBounce, Reject, SoftBounce};
        if to.contains("7@") {
            return vec![HardBounce];
        }
        if to.contains("33@") && self.rng.one_in(2) {
            return vec![Delivery, Complaint];
        }
        match self.rng.below(1000) {
            0..3 => vec![],
            3..30 => vec![Reject],
            30..80 => vec![Delay, SoftBounce],
            80..150 => vec![Delay, Delay, Delivery],
            _ => vec![Delivery],
        }
    }

    /// Returns the seconds until a document is published. Few are late.
    fn delay(&mut self) -> u64 {
        let seconds = match self.rng.below(300) {
            0 => 600,
            _ => 10,
        };
        self.rng.below(seconds) as u64
    }

    /// Publishes what is due, in any order. What the function cannot record is published again.
    pub(super) async fn publish(&mut self, world: &World) {
        let now = world.clock.now();
        let mut due: Vec<_> = self.waiting.extract_if(.., |one| one.at <= now).collect();
        while !due.is_empty() {
            let mut one = due.swap_remove(self.rng.below(due.len()));
            if world.publish(&one.document).await.is_ok() {
                let accepted = self.emails.entry(one.id).or_default();
                accepted.published.push(one.event);
            } else {
                one.at = now.plus(secs(5));
                self.waiting.push(one);
            }
        }
    }

    /// Returns the number of messages beyond the first of an email.
    pub(super) fn duplicates(&self) -> usize {
        let messages = self.emails.values().map(|email| email.messages.len());
        messages.map(|count| count.saturating_sub(1)).sum()
    }
}

fn is_same(a: &ReceivedEmail, b: &ReceivedEmail) -> bool {
    (&a.to, &a.subject, &a.text, &a.html) == (&b.to, &b.subject, &b.text, &b.html)
}
