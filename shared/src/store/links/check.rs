//! Checks a link before anything expensive is done for it.

use crate::domain::link::{Link, LinkAccount, RedeemContext};
use crate::domain::time::Timestamp;
use crate::domain::user::Status;
use crate::store::item::Item;
use crate::store::links::consume::{Replay, explain};
use crate::store::links::{LinkError, link_item};
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};

/// The state of a link that may be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkCheck {
    Unused,
    /// The same browser or page has redeemed the link within the replay window.
    Replay,
}

impl Store {
    /// Returns whether `link` can be redeemed now. Redeeming decides again.
    ///
    /// Costs 1 strongly consistent batch of 2 reads; nothing if the link has expired.
    ///
    /// # Errors
    /// Fails with [`LinkError`].
    pub async fn check_link(
        &self,
        link: &Link,
        by: &RedeemContext,
        now: Timestamp,
    ) -> Result<LinkCheck, LinkError> {
        if link.expires_at <= now {
            return Err(LinkError::Expired);
        }
        let user_key = match link.account {
            LinkAccount::New { .. } => user_item::claim_key(&link.address),
            LinkAccount::Active | LinkAccount::Invited => user_item::user_key(&link.user),
        };
        let keys = [
            (&self.tables.links, vec![link_item::key(&link.id)]),
            (&self.tables.users, vec![user_key]),
        ];
        let [links, users] = self.read_items("check_link", keys).await?;
        let row = links.first();
        if row.is_none_or(|row| link_item::redemption(row).is_some()) {
            let Replay = explain(link, by, row, now)?;
            return Ok(LinkCheck::Replay);
        }
        if is_account(link, users.first())? {
            Ok(LinkCheck::Unused)
        } else {
            Err(LinkError::Invalid)
        }
    }
}

/// Returns whether `user` is the account that the link was issued to.
fn is_account(link: &Link, user: Option<&Item>) -> Result<bool, Unavailable> {
    let status = match link.account {
        LinkAccount::New { .. } => return Ok(user.is_none()),
        LinkAccount::Active => Status::Active,
        LinkAccount::Invited => Status::Invited,
    };
    let Some(user) = user else { return Ok(false) };
    let Some(user) = user_item::read(user)? else {
        return Ok(false);
    };
    Ok(user.status == status && user.epoch == link.epoch && user.address == link.address)
}
