//! Adding a user.

use super::items::{Item, audit, mail, put_new, users};
use super::transaction::{Refusal, Transaction};
use super::{Store, Unavailable};
use crate::domain::audit::Event;
use crate::domain::hashing::PasswordHash;
use crate::domain::ids::UserId;
use crate::domain::mail::Mail;
use crate::domain::user::User;
use std::time::Duration;

/// Somebody who is not there yet.
pub struct NewUser<'a> {
    /// Who.
    pub user: &'a User,
    /// The hash of a password that she has already.
    pub password: Option<&'a PasswordHash>,
    /// What she is mailed, and how long that stays in the log.
    pub mail: Option<(&'a Mail, Duration)>,
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
pub enum Added {
    /// The user is there now.
    New,
    /// The address, or the id, is somebody's already; nothing was written.
    Existed,
}

impl Store {
    /// Adds the user, the claim of her address, what she is to be mailed and `event` together, so
    /// that an address is never two users'.
    ///
    /// Costs 1 transaction of 3 puts, and 1 more where she is mailed.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn add_user(&self, new: &NewUser<'_>, event: &Event) -> Result<Added, Unavailable> {
        let put = |item| put_new(&self.tables.users, item);
        let writes = Transaction::new()
            .put(
                (),
                put(users::with_password(users::to_item(new.user), new.password)),
            )
            .put((), put(users::claim(&new.user.address, &new.user.id)))
            .put(
                (),
                audit::put(event, &self.tables.audit, self.random.bytes()),
            );
        let writes = new.mail.iter().fold(writes, |writes, (mail, kept)| {
            writes.put(
                (),
                put_new(&self.tables.mail, mail::queued(mail, event.at.plus(*kept))),
            )
        });
        match writes.commit(self, "add_user").await {
            Ok(()) => Ok(Added::New),
            Err(Refusal::Conditions(_)) => Ok(Added::Existed),
            Err(other) => Err(other.into()),
        }
    }

    /// The user called `id`.
    ///
    /// Costs 1 consistent read.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        let item = self.user_item(id).await?;
        item.map(|item| users::from_item(&item).ok_or_else(|| Unavailable::unreadable("users")))
            .transpose()
    }

    pub(super) async fn user_item(&self, id: &UserId) -> Result<Option<Item>, Unavailable> {
        let get = self
            .client
            .get_item()
            .table_name(&self.tables.users)
            .consistent_read(true);
        let got = get.set_key(Some(users::user_key(id))).send().await;
        Ok(got
            .map_err(|error| Unavailable::because("user", &error))?
            .item)
    }
}
