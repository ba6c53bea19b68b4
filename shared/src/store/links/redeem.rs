//! Redeems a link for a session (promises 3, 5 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::Status;
use crate::store::Store;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::links::LinkError;
use crate::store::links::consume::{Replay, Write};
use crate::store::transaction::Transaction;

/// A link, and the session to redeem it for.
pub struct Redeem<'a> {
    /// The link, from its token, or from its row after a code.
    pub link: &'a Link,
    pub by: &'a RedeemContext,
    /// The new session. Its `created_at` is the time of the redemption.
    pub session: &'a Session,
    /// The session to delete: the one that this browser had before.
    pub replaces: Option<&'a SessionKey>,
    /// The audit event of the sign-in.
    pub event: &'a AuditEvent,
    pub user: UserTransition<'a>,
}

/// The change that a link makes to its user.
#[derive(Clone, Copy)]
pub enum UserTransition<'a> {
    /// Signs an active user in.
    None,
    /// Signs an active user in, and activates an invited one.
    Activate,
    /// Activates an invited user with this password.
    ActivateWithPassword(&'a PasswordHash),
}

impl UserTransition<'_> {
    /// Returns the statuses that the user may have before.
    const fn allowed_from(self) -> &'static [Status] {
        match self {
            Self::None => &[Status::Active],
            Self::Activate => &[Status::Active, Status::Invited],
            Self::ActivateWithPassword(_) => &[Status::Invited],
        }
    }
}

impl Store {
    /// Consumes the link, updates its user, creates the session and records the event, all
    /// together: one link gives one session. The link must be unused and unexpired, and its user of
    /// the same epoch and address and in a status that the transition allows.
    ///
    /// A repeat by the same browser or page within the replay window returns the same session if it
    /// is still live, and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts, and 1 delete if a session is replaced. A repeat
    /// costs 1 strongly consistent batch of 2 reads more.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn redeem(&self, redeem: &Redeem<'_>) -> Result<Session, LinkError> {
        let now = redeem.session.created_at;
        let committed = Transaction::new()
            .update(Write::Link, self.consume_link(redeem.link, redeem.by, now))
            .update(Write::Other, self.redeeming_user(redeem))
            .put(Write::Other, self.new_session(redeem.session))
            .put(Write::Other, self.audit_record(redeem.event))
            .deletes(Write::Other, self.replaced_session(redeem.replaces))
            .commit(self, "redeem")
            .await;
        let Err(error) = committed else {
            return Ok(redeem.session.clone());
        };
        let Replay = self
            .explain_failure(error, redeem.link, redeem.by, now)
            .await?;
        let live = self
            .find_session(&redeem.link.user, &redeem.session.hash, now)
            .await?;
        live.map(|(_, session)| session).ok_or(LinkError::Used)
    }

    fn redeeming_user(&self, redeem: &Redeem<'_>) -> Expression {
        let statuses = redeem.user.allowed_from().iter().zip(1..);
        let allowed: Vec<_> = statuses
            .map(|(status, index)| (format!(":allowed_{index}"), s(status.as_str())))
            .collect();
        let placeholders: Vec<_> = allowed.iter().map(|(name, _)| name.as_str()).collect();
        let placeholders = placeholders.join(", ");
        let signed_in = self
            .user_row(&redeem.link.user)
            .set("last_sign_in_at = :now, #status = :active")
            .add("sign_ins :one")
            .when(format!(
                "attribute_exists(pk) AND #status IN ({placeholders}) \
                 AND epoch = :epoch AND address = :address"
            ))
            .names([("#status", "status")])
            .values([
                (":now", n(redeem.session.created_at.millis())),
                (":active", s(Status::Active.as_str())),
                (":one", n(1)),
                (":epoch", n(redeem.link.epoch.get())),
                (":address", s(redeem.link.address.as_str())),
            ])
            .values(allowed);
        match redeem.user {
            UserTransition::ActivateWithPassword(hash) => signed_in
                .set("password = :password")
                .values([(":password", s(hash.as_str()))]),
            UserTransition::None | UserTransition::Activate => signed_in,
        }
    }
}
