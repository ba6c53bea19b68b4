//! Redeeming a link for a session (promises 3, 5 and 8).

use crate::domain::audit::AuditEvent;
use crate::domain::link::{Link, RedeemContext};
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{Session, SessionKey};
use crate::domain::user::Status;
use crate::store::Store;
use crate::store::audit;
use crate::store::item::{n, put_new, s};
use crate::store::links::LinkError;
use crate::store::links::consume::explain_failure;
use crate::store::sessions::session_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use aws_sdk_dynamodb::types::Update;

/// What is redeemed for what.
pub struct Redeem<'a> {
    /// The link: from its token, or from its row after a code.
    pub link: &'a Link,
    /// Who redeems it.
    pub by: &'a RedeemContext,
    /// The session it gives, if it gives one; its `created_at` is now.
    pub session: &'a Session,
    /// The session that ends with it: this browser's, if it had another one.
    pub replaces: Option<&'a SessionKey>,
    /// What is written down then.
    pub event: &'a AuditEvent,
    /// What it makes of the user.
    pub user: UserTransition<'a>,
}

/// What a link makes of its user.
#[derive(Clone, Copy)]
pub enum UserTransition<'a> {
    /// An active user is signed in.
    None,
    /// The same, and an invited one becomes active.
    Activate,
    /// An invited user becomes active, and has this password.
    ActivateWithPassword(&'a PasswordHash),
}

impl UserTransition<'_> {
    /// Whom it may happen to.
    const fn from(self) -> [Status; 2] {
        match self {
            Self::None => [Status::Active, Status::Active],
            Self::Activate => [Status::Active, Status::Invited],
            Self::ActivateWithPassword(_) => [Status::Invited, Status::Invited],
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Token,
    User,
    Session,
    Replaced,
    Audit,
}

impl Store {
    /// One link, one session: the link is marked used, the session created and the audit written
    /// together, and only while the link is unused and unexpired and its user of its epoch and in a
    /// state that it is for.
    ///
    /// A repeat by the same browser or page within a minute gives the same session again, if it
    /// still lives, and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts, and 1 delete where a session is replaced; a
    /// repeat, 1 look more.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn redeem(&self, redeem: &Redeem<'_>) -> Result<Session, LinkError> {
        let now = redeem.session.created_at;
        let writes = Transaction::new()
            .update(Write::Token, self.consume_link(redeem.link, redeem.by, now))
            .update(Write::User, self.welcome(redeem))
            .put(
                Write::Session,
                put_new(&self.tables.sessions, session_item::to_item(redeem.session)),
            )
            .put(
                Write::Audit,
                audit::put(redeem.event, &self.tables.audit, self.random.bytes()),
            );
        let writes = redeem.replaces.iter().fold(writes, |writes, session| {
            writes.delete(
                Write::Replaced,
                session_item::delete(&self.tables.sessions, session),
            )
        });
        let row = match writes.commit(self, "redeem").await {
            Ok(()) => return Ok(redeem.session.clone()),
            Err(TransactionError::Conditions(failed)) => {
                // Only the token's own condition says anything about the token; without it, it was
                // the user's.
                let token = failed.into_iter().find(|(write, _)| *write == Write::Token);
                token.ok_or(LinkError::Invalid)?.1
            }
            Err(TransactionError::Conflict) => self.find_link_item(redeem.link).await?,
            Err(TransactionError::Unavailable) => return Err(LinkError::Unavailable),
        };
        let _repeat = explain_failure(redeem.link, redeem.by, row.as_ref(), now)?;
        let living = self
            .find_session(&redeem.link.user, &redeem.session.hash, now)
            .await?;
        living.map(|(_, session)| session).ok_or(LinkError::Used)
    }

    fn welcome(&self, redeem: &Redeem<'_>) -> Update {
        let [one, other] = redeem.user.from();
        let password = if let UserTransition::ActivateWithPassword(hash) = redeem.user {
            Some(hash)
        } else {
            None
        };
        let also = if password.is_some() {
            ", password = :password"
        } else {
            ""
        };
        let mut update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(user_item::user_key(&redeem.link.user)))
            .update_expression(format!("SET last_sign_in_at = :now, #status = :active{also} ADD sign_ins :one_more"))
            .condition_expression(
                "attribute_exists(pk) AND #status IN (:one, :other) AND epoch = :epoch AND address = :address",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":now", n(redeem.session.created_at.millis()))
            .expression_attribute_values(":active", s(Status::Active.as_str()))
            .expression_attribute_values(":one", s(one.as_str()))
            .expression_attribute_values(":other", s(other.as_str()))
            .expression_attribute_values(":one_more", n(1))
            .expression_attribute_values(":epoch", n(redeem.link.epoch.get()))
            .expression_attribute_values(":address", s(redeem.link.address.as_str()));
        if let Some(hash) = password {
            update = update.expression_attribute_values(":password", s(hash.as_str()));
        }
        #[expect(clippy::expect_used, reason = "every required field is set")]
        update.build().expect("a whole update")
    }
}
