//! Creates a user and claims the address.

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::User;
use crate::store::transaction::Transaction;
use crate::store::{Store, Unavailable};

/// A user to create.
pub struct NewUser<'a> {
    pub user: &'a User,
    /// The hash of a password that the user has already.
    pub password: Option<&'a PasswordHash>,
    /// The email to send to the user.
    pub email: Option<&'a OutboxEntry>,
}

impl<'a> From<&'a User> for NewUser<'a> {
    /// Returns a new user without a password and without an email.
    fn from(user: &'a User) -> Self {
        Self {
            user,
            password: None,
            email: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    Created,
    /// Another user has the address or the id. Nothing was written.
    AlreadyExists,
}

impl Store {
    /// Creates the user and the claim of the address, queues the email and records `event`, all
    /// together: two users never have the same address.
    ///
    /// Costs 1 transaction of 3 puts, and 1 more if there is an email.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn create_user(
        &self,
        new: &NewUser<'_>,
        event: &AuditEvent,
    ) -> Result<CreateOutcome, Unavailable> {
        let created = Transaction::new()
            .put((), self.new_user(new.user, new.password))
            .put((), self.address_claim(&new.user.address, &new.user.id))
            .put((), self.audit_record(event))
            .puts((), new.email.map(|email| self.queued_email(email)))
            .try_commit(self, "create_user")
            .await?;
        Ok(if created {
            CreateOutcome::Created
        } else {
            CreateOutcome::AlreadyExists
        })
    }
}
