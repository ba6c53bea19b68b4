//! The topic that takes the events of SES to the function `email-events`.

use crate::lambda::Lambda;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;

/// The number of times that Lambda invokes a function with one event.
const ATTEMPTS: usize = 3;
/// The pause before a failed invocation is repeated.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// The documents that have been published and not been handed over yet.
#[derive(Default)]
pub(crate) struct EventTopic(watch::Sender<Waiting>);

#[derive(Default)]
struct Waiting {
    documents: VecDeque<Value>,
    is_invoking: bool,
}

impl EventTopic {
    pub(crate) fn publish(&self, document: Value) {
        self.0
            .send_modify(|waiting| waiting.documents.push_back(document));
    }

    /// Returns the documents that wait, leaving none.
    pub(crate) fn take(&self) -> Vec<Value> {
        let mut taken = vec![];
        self.0
            .send_modify(|waiting| taken.extend(waiting.documents.drain(..)));
        taken
    }

    /// Returns once no document waits or is being handed over.
    pub(crate) async fn settled(&self) {
        let is_settled = |waiting: &Waiting| waiting.documents.is_empty() && !waiting.is_invoking;
        let mut changes = self.0.subscribe();
        let _closed = changes.wait_for(is_settled).await;
    }

    /// Hands the documents to the function one by one, without end.
    pub(crate) async fn run(&self, function: Lambda) {
        let mut changes = self.0.subscribe();
        loop {
            let has_some = |waiting: &Waiting| !waiting.documents.is_empty();
            if changes.wait_for(has_some).await.is_err() {
                return;
            }
            let mut next = None;
            self.0.send_modify(|waiting| {
                next = waiting.documents.pop_front();
                waiting.is_invoking = true;
            });
            if let Some(document) = next {
                hand_over(&function, &document).await;
            }
            self.0.send_modify(|waiting| waiting.is_invoking = false);
        }
    }
}

/// Invokes the function, repeatedly where it fails. Failed invocations are logged by [`Lambda`].
async fn hand_over(function: &Lambda, document: &Value) {
    let event = notification(&document.to_string());
    for attempt in 1..=ATTEMPTS {
        if function.invoke(event.clone()).await.is_ok() {
            return;
        }
        if attempt < ATTEMPTS {
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
    tracing::warn!("an event of SES was given up");
}

/// Returns the event by which a topic hands a message to a function.
pub fn notification(message: &str) -> Value {
    let sns = json!({"Type": "Notification", "Message": message});
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]})
}
