//! The events by which SES says what has become of an email.

use crate::{Email, World};
use local::SesEvent;
use serde_json::Value;
use shared::domain::time::Timestamp;

impl World {
    /// Hands a document to `email-events`, as the topic of SES does.
    ///
    /// # Errors
    /// The message of a failed invocation.
    pub async fn publish(&self, document: &str) -> Result<Value, String> {
        let event = local::notification(document);
        self.portal.invoke("email-events", event).await
    }

    /// Plays an event of SES about an email, at the current time.
    ///
    /// # Panics
    /// If the invocation fails.
    pub async fn play(&self, event: SesEvent, email: &Email) {
        let document = self.ses_document(event, email, self.clock.now());
        let played = self.publish(&document.to_string()).await;
        assert_eq!(played, Ok(Value::Null));
    }

    /// Returns the document of an event about an email of the inbox.
    ///
    /// # Panics
    /// If the email is not in the inbox.
    pub fn ses_document(&self, event: SesEvent, email: &Email, at: Timestamp) -> Value {
        let mut received = self.portal.inbox().into_iter();
        let received = received.rfind(|one| one.tags == email.tags);
        event.document(&received.expect("an email of the inbox"), at)
    }
}
