//! Decides which template is sent to whom. The tables of `docs/email.md` specify it.

use crate::Mailer;
use shared::config::Activation;
use shared::domain::email::{
    DeliveryOutcome, DropReason, EmailKind, EmailTemplate, OutboxEntry, SupersededBy,
};
use shared::domain::ids::UserId;
use shared::domain::link::{LinkAccount, Purpose};
use shared::domain::user::{Epoch, Status, User};
use shared::store::Unavailable;

pub(crate) enum Decision {
    /// Send `template`. Its link is for `user` and void once their epoch is not `epoch` any more.
    Send {
        template: EmailTemplate,
        user: UserId,
        epoch: Epoch,
        account: LinkAccount,
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
    /// address without an account is sent a link that creates the user. A notice is sent to the
    /// address it is about, without a lookup.
    ///
    /// Costs up to 2 consistent reads.
    ///
    /// # Errors
    /// [`Unavailable`] where the store cannot be reached.
    pub(crate) async fn decide(&self, email: &OutboxEntry) -> Result<Decision, Unavailable> {
        if let EmailKind::Notice(notice, user, epoch) = &email.kind {
            return Ok(Decision::Send {
                template: EmailTemplate::Notice(*notice),
                user: user.clone(),
                epoch: *epoch,
                account: LinkAccount::Active,
            });
        }
        let activation = self.app.config.links.activation;
        let account = self.app.store.find_user_by_address(&email.address).await?;
        Ok(match (account, &email.kind) {
            (Some(user), kind) => link_for(kind, user, activation),
            (None, EmailKind::SignUp { name }) => Decision::Send {
                template: EmailTemplate::Link(first_link(activation)),
                user: UserId::new(self.app.random.bytes()),
                epoch: Epoch::initial(self.app.random.bytes()),
                account: LinkAccount::New { name: name.clone() },
            },
            (None, _) => Decision::drop(DropReason::NoAccount),
        })
    }
}

/// Returns the purpose of the link that makes somebody an active user.
const fn first_link(activation: Activation) -> Purpose {
    match activation {
        Activation::Password => Purpose::Activation,
        Activation::Link => Purpose::SignIn,
    }
}

/// Decides which link is sent to the account that has the address now.
fn link_for(kind: &EmailKind, user: User, activation: Activation) -> Decision {
    if let EmailKind::Invitation(invited, epoch) = kind
        && (*invited != user.id || *epoch != user.epoch)
    {
        return Decision::supersede(SupersededBy::EpochMove);
    }
    let (purpose, account) = match (user.status, kind, activation) {
        (Status::Suspended, ..) => return Decision::drop(DropReason::Suspended),
        (Status::Active, EmailKind::Invitation(..), _) => {
            return Decision::supersede(SupersededBy::Activation);
        }
        (Status::Active, EmailKind::Reset, Activation::Password) => {
            (Purpose::Reset, LinkAccount::Active)
        }
        (Status::Active, ..) => (Purpose::SignIn, LinkAccount::Active),
        (Status::Invited, ..) => (first_link(activation), LinkAccount::Invited),
    };
    Decision::Send {
        template: EmailTemplate::Link(purpose),
        user: user.id,
        epoch: user.epoch,
        account,
    }
}
