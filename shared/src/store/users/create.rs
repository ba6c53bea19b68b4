//! Creates a user and claims the address.

use crate::domain::audit::AuditEvent;
use crate::domain::email::OutboxEntry;
use crate::domain::ids::KeyedHash;
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::User;
use crate::store::item::Item;
use crate::store::transaction::{Transaction, TransactionError};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

/// A user to create.
pub struct NewUser<'a> {
    pub user: &'a User,
    /// The hash of a password that the user has already.
    pub password: Option<&'a PasswordHash>,
    /// The email to send to the user.
    pub email: Option<&'a OutboxEntry>,
    /// The digest of a request that may be repeated.
    pub request: Option<&'a KeyedHash>,
}

impl<'a> From<&'a User> for NewUser<'a> {
    /// Returns a new user without a password and without an email.
    fn from(user: &'a User) -> Self {
        Self {
            user,
            password: None,
            email: None,
            request: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    Created,
    /// Another user has the address. Nothing was written.
    AlreadyExists,
    /// The id belongs to this user. Nothing was written.
    IdUsed(Box<EarlierUser>),
    /// The id belonged to a user who was erased. Nothing was written.
    Erased,
}

/// The user whom an earlier request created under the same id, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierUser {
    pub user: User,
    /// The digest of that request.
    pub request: Option<KeyedHash>,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    User,
    Other,
}

impl Store {
    /// Creates the user and the claim of the address, queues the email and records `event`, all
    /// together: two users never have the same address, and an id is never used again.
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
        let claim = self.address_claim(&new.user.address, &new.user.id);
        let email = new.email.map(|email| self.queued_email(email));
        let created = Transaction::new()
            .put(
                Write::User,
                self.new_user(new.user, new.password, new.request),
            )
            .put(Write::Other, claim)
            .put(Write::Other, self.audit_record(event))
            .puts(Write::Other, email)
            .commit(self, "create_user");
        match created.await {
            Ok(()) => Ok(CreateOutcome::Created),
            Err(TransactionError::Conditions(failed)) => explain(failed),
            Err(error) => Err(error.into()),
        }
    }
}

/// Explains why the user was not created.
fn explain(failed: Vec<(Write, Option<Item>)>) -> Result<CreateOutcome, Unavailable> {
    let user = failed.into_iter().find(|(write, _)| *write == Write::User);
    let Some((_, row)) = user else {
        return Ok(CreateOutcome::AlreadyExists);
    };
    let row = row.ok_or_else(|| Unavailable::unreadable("users"))?;
    Ok(match user_item::read(&row)? {
        None => CreateOutcome::Erased,
        Some(user) => CreateOutcome::IdUsed(Box::new(EarlierUser {
            user,
            request: user_item::request(&row),
        })),
    })
}
