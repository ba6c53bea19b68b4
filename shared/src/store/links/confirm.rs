//! Confirms a session with an emailed code (promises 1 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::session::Session;
use crate::store::Store;
use crate::store::item::s;
use crate::store::links::LinkError;
use crate::store::links::consume::{Replay, Write};
use crate::store::transaction::Transaction;
use std::time::Duration;

impl Store {
    /// Consumes the link, stores the `auth_time` and `auth_method` of `session`, and records the
    /// event, all together. The session must be live, and the link unused, unexpired, and issued
    /// for the user's present address and epoch. A repeat is refused: one code confirms once.
    ///
    /// Costs 1 transaction of 3 updates and 1 put.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn confirm_by_link(
        &self,
        session: &Session,
        link: &Link,
        event: &AuditEvent,
    ) -> Result<(), LinkError> {
        let now = session.auth_time;
        let by = RedeemContext {
            same_browser: true,
            idempotency_key: None,
        };
        let user = self
            .confirming_user(session, "address = :address")
            .values([(":address", s(link.address.as_str()))]);
        let consumed = self.consume_link(link, &by, now, Duration::ZERO);
        let committed = Transaction::new()
            .update(Write::Link, consumed)
            .update(Write::Other, self.confirmed_session(session))
            .update(Write::User, user)
            .put(Write::Other, self.audit_record(event))
            .commit(self, "confirm_by_link")
            .await;
        let Err(error) = committed else { return Ok(()) };
        let Replay = self.explain_failure(error, link, &by, now).await?;
        Err(LinkError::Used)
    }
}
