//! Adding a user.

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::ids::UserId;
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::User;
use crate::store::audit;
use crate::store::item::{Item, put_new};
use crate::store::outbox::outbox_item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use std::time::Duration;

/// Somebody who is not there yet.
pub struct NewUser<'a> {
    /// Who.
    pub user: &'a User,
    /// The hash of a password that she has already.
    pub password: Option<&'a PasswordHash>,
    /// What she is mailed, and how long that stays in the log.
    pub mail: Option<(&'a OutboxEntry, Duration)>,
}

impl<'a> From<&'a User> for NewUser<'a> {
    /// Without a password and without a mail.
    fn from(user: &'a User) -> Self {
        Self {
            user,
            password: None,
            mail: None,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The user is there now.
    Created,
    /// The address, or the id, is somebody's already; nothing was written.
    AlreadyExists,
}

impl Store {
    /// Adds the user, the claim of her address, what she is to be mailed and `event` together, so
    /// that an address is never two users'.
    ///
    /// Costs 1 transaction of 3 puts, and 1 more where she is mailed.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn create_user(
        &self,
        new: &NewUser<'_>,
        event: &AuditEvent,
    ) -> Result<CreateOutcome, Unavailable> {
        let put = |item| put_new(&self.tables.users, item);
        let writes = Transaction::new()
            .put(
                (),
                put(user_item::with_password(
                    user_item::to_item(new.user),
                    new.password,
                )),
            )
            .put((), put(user_item::claim(&new.user.address, &new.user.id)))
            .put(
                (),
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        let writes = new.mail.iter().fold(writes, |writes, (mail, kept)| {
            writes.put(
                (),
                put_new(
                    &self.tables.emails,
                    outbox_item::queued(mail, event.at.plus(*kept)),
                ),
            )
        });
        match writes.commit(self, "create_user").await {
            Ok(()) => Ok(CreateOutcome::Created),
            Err(TransactionError::Conditions(_)) => Ok(CreateOutcome::AlreadyExists),
            Err(other) => Err(other.into()),
        }
    }

    /// The user called `id`.
    ///
    /// Costs 1 consistent read.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        let item = self.user_item(id).await?;
        item.map(|item| user_item::from_item(&item).ok_or_else(|| Unavailable::unreadable("users")))
            .transpose()
    }

    pub(in crate::store) async fn user_item(
        &self,
        id: &UserId,
    ) -> Result<Option<Item>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .consistent_read(true);
        let got = get.set_key(Some(user_item::user_key(id))).send().await;
        Ok(got
            .map_err(|error| Unavailable::because("find_user", &error))?
            .item)
    }
}
