//! Redeems a link for a session (promises 3, 5 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::link::{Link, LinkAccount, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{EndedSessions, NewBrowser, Session};
use crate::domain::user::{Status, User};
use crate::store::Store;
use crate::store::expression::Expression;
use crate::store::item::{n, s};
use crate::store::links::LinkError;
use crate::store::links::consume::{Replay, Write};
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;

/// A link, and the session to redeem it for.
pub struct Redeem<'a> {
    /// The complete link: its `account` is the change that it makes to its user.
    pub link: &'a Link,
    pub by: &'a RedeemContext,
    /// The user's first password, if the link sets one.
    pub password: Option<&'a PasswordHash>,
    /// The new session. Its `created_at` is the time of the redemption.
    pub session: &'a Session,
    /// The sessions to delete.
    pub ends: &'a EndedSessions,
    /// The notice to queue. `None` where nobody is told of a new browser.
    pub new_browser: Option<&'a NewBrowser>,
    /// The audit events: the sign-in, the sign-up if the link creates the user, and the end of
    /// another user's session.
    pub events: &'a [AuditEvent],
}

impl Store {
    /// Consumes the link, creates or updates its user, creates the session, queues the notice and
    /// records the events, all together: one link gives one session. The link must be unused and
    /// unexpired, and its user of the same epoch, address and status as when it was issued. A new
    /// user's address must still be free.
    ///
    /// A repeat by the same browser or page within the replay window returns the same session if it
    /// is still live, and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts, 1 delete for each session that ends, 1 put if
    /// one is another user's, and 1 put for a notice; for a new user 1 update and 5 puts. A repeat
    /// costs 1 strongly consistent batch of 2 reads more.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn redeem(&self, redeem: &Redeem<'_>) -> Result<Session, LinkError> {
        let now = redeem.session.created_at;
        let life = redeem.session.expires_at.since(now);
        let consumed = self.consume_link(redeem.link, redeem.by, now, life);
        let events = redeem.events.iter().map(|event| self.audit_record(event));
        let committed = self
            .with_user(redeem)
            .update(Write::Link, consumed)
            .put(Write::Other, self.new_session(redeem.session))
            .puts(Write::Other, events)
            .deletes(Write::Other, self.ended_sessions(redeem.ends))
            .puts(Write::Other, self.new_browser_notice(redeem.new_browser))
            .commit(self, "redeem")
            .await;
        let Err(error) = committed else {
            return Ok(redeem.session.clone());
        };
        if let Some(signed_in_before) = must_repeat(&error, redeem) {
            return Err(LinkError::Outpaced { signed_in_before });
        }
        let Replay = self
            .explain_failure(error, redeem.link, redeem.by, now)
            .await?;
        let live = self
            .find_session(&redeem.link.user, &redeem.session.hash, now)
            .await?;
        live.map(|(_, session)| session).ok_or(LinkError::Used)
    }

    /// Begins the transaction with the writes to the user.
    fn with_user(&self, redeem: &Redeem<'_>) -> Transaction<Write> {
        let link = redeem.link;
        let writes = Transaction::new();
        match &link.account {
            LinkAccount::New { name } => {
                let now = redeem.session.created_at;
                let user = User {
                    last_sign_in_at: Some(now),
                    ..User::new(
                        link.user.clone(),
                        link.epoch,
                        link.address.clone(),
                        name.clone(),
                        Status::Active,
                        now,
                    )
                };
                writes
                    .put(Write::Other, self.new_user(&user, redeem.password, None))
                    .put(Write::Other, self.address_claim(&user.address, &user.id))
            }
            LinkAccount::Active => {
                writes.update(Write::User, self.redeeming_user(redeem, Status::Active))
            }
            LinkAccount::Invited => {
                writes.update(Write::User, self.redeeming_user(redeem, Status::Invited))
            }
        }
    }

    /// Returns the update of a user who has this status before.
    fn redeeming_user(&self, redeem: &Redeem<'_>, before: Status) -> Expression {
        let signed_in = self
            .user_row(&redeem.link.user)
            .set("signed_in_at = :now, #status = :active, epoch = :session_epoch")
            .add("sign_ins :one")
            .when(
                "attribute_exists(pk) AND #status = :before \
                 AND epoch = :epoch AND address = :address",
            )
            .names([("#status", "status")])
            .values([
                (":now", n(redeem.session.created_at.millis())),
                (":active", s(Status::Active.as_str())),
                (":before", s(before.as_str())),
                (":one", n(1)),
                (":epoch", n(redeem.link.epoch.get())),
                (":session_epoch", n(redeem.session.epoch.get())),
                (":address", s(redeem.link.address.as_str())),
            ]);
        let signed_in = user_item::not_outpaced(signed_in, redeem.ends);
        let signed_in = user_item::with_history(signed_in, redeem.new_browser);
        match redeem.password {
            Some(hash) => signed_in
                .set("password = :password")
                .values([(":password", s(hash.as_str()))]),
            None => signed_in,
        }
    }
}

/// Returns whether the user has signed in before, if nothing but that or a concurrent sign-in of
/// theirs is in the way.
fn must_repeat(error: &TransactionError<Write>, redeem: &Redeem<'_>) -> Option<bool> {
    match error {
        TransactionError::Conditions(failed) => match &failed[..] {
            [(Write::User, user)] => {
                user_item::must_repeat(user.as_ref(), redeem.ends, redeem.new_browser)
            }
            _ => None,
        },
        TransactionError::Conflict | TransactionError::Unavailable => None,
    }
}
