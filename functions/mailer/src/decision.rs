//! Decides which template is sent to whom. The tables of `docs/email.md` specify it.

use crate::Mailer;
use shared::config::Activation;
use shared::domain::audit::{Action, Target};
use shared::domain::email::{
    DeliveryOutcome, DropReason, EmailKind, EmailTemplate, OutboxEntry, SupersededBy,
};
use shared::domain::ids::UserId;
use shared::domain::link::Purpose;
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::store::Unavailable;
use shared::store::users::{CreateOutcome, NewUser};

pub(crate) enum Decision {
    /// Send `template`. Its link is for `user` and void once their epoch is not `epoch` any more.
    Send {
        template: EmailTemplate,
        user: UserId,
        epoch: Epoch,
    },
    /// Send nothing, and record this outcome.
    Finish(DeliveryOutcome<'static>),
}

impl Decision {
    const fn drop(reason: DropReason) -> Self {
        Self::Finish(DeliveryOutcome::Dropped(reason))
    }

    const fn supersede(by: SupersededBy) -> Self {
        Self::Finish(DeliveryOutcome::Superseded(by))
    }
}

impl Mailer {
    /// Looks up the account behind a queued email and decides what it is sent. A sign-up for an
    /// address without an account adds an invited user first. A notice is sent to the address it
    /// is about, without a lookup.
    ///
    /// Costs up to 2 consistent reads; a sign-up, 1 transaction more.
    ///
    /// # Errors
    /// [`Unavailable`] where the store cannot be reached.
    pub(crate) async fn decide(
        &self,
        email: &OutboxEntry,
        now: Timestamp,
    ) -> Result<Decision, Unavailable> {
        if let EmailKind::Notice(notice, user, epoch) = &email.kind {
            return Ok(Decision::Send {
                template: EmailTemplate::Notice(*notice),
                user: user.clone(),
                epoch: *epoch,
            });
        }
        let mut account = self.app.store.find_user_by_address(&email.address).await?;
        if let (None, EmailKind::SignUp { name }) = (&account, &email.kind) {
            account = self.add_signed_up_user(email, name, now).await?;
        }
        let Some(user) = account else {
            return Ok(Decision::drop(DropReason::NoAccount));
        };
        Ok(link_for(
            &email.kind,
            user,
            self.app.config.links.activation,
        ))
    }

    /// Adds the user who signed up. They are invited until they follow the link, which proves that
    /// the address is theirs. Returns the user who has the address then, if there is one.
    async fn add_signed_up_user(
        &self,
        email: &OutboxEntry,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let user = User::new(
            UserId::new(self.app.random.bytes()),
            Epoch::initial(self.app.random.bytes()),
            email.address.clone(),
            name.to_owned(),
            Status::Invited,
            now,
        );
        let target = Target::User(user.id.clone());
        let event = self
            .app
            .audit_event(Action::SignedUp, &user.id, target, &email.client, now);
        let new = NewUser::from(&user);
        match self.app.store.create_user(&new, &event).await? {
            CreateOutcome::Created => Ok(Some(user)),
            // Somebody else added a user with this address in the meantime.
            _ => self.app.store.find_user_by_address(&email.address).await,
        }
    }
}

/// Decides which link is sent to the account that has the address now.
fn link_for(kind: &EmailKind, user: User, activation: Activation) -> Decision {
    if let EmailKind::Invitation(invited, epoch) = kind
        && (*invited != user.id || *epoch != user.epoch)
    {
        return Decision::supersede(SupersededBy::EpochMove);
    }
    let purpose = match (user.status, kind, activation) {
        (Status::Suspended, ..) => return Decision::drop(DropReason::Suspended),
        (Status::Active, EmailKind::Invitation(..), _) => {
            return Decision::supersede(SupersededBy::Activation);
        }
        (Status::Active, EmailKind::Reset, Activation::Password) => Purpose::Reset,
        (Status::Invited, _, Activation::Password) => Purpose::Activation,
        (Status::Active | Status::Invited, ..) => Purpose::SignIn,
    };
    Decision::Send {
        template: EmailTemplate::Link(purpose),
        user: user.id,
        epoch: user.epoch,
    }
}
