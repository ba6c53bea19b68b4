//! Begins a password attempt: counts it, and decides if the limits allow it (promise 1).

use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::store::sign_in::limits::PasswordLimits;
use crate::store::sign_in::{Account, PasswordAttempt};
use crate::store::users::user_item;
use crate::store::{CountError, Store, Unavailable};

impl Store {
    /// Counts an attempt at `address`, and returns what is needed to verify its password. If nobody
    /// has the address, a user who never exists is read.
    ///
    /// A known browser is counted by its own limit only. Everybody else is counted by the two
    /// visible limits of their network, then by the silent one of the address.
    ///
    /// Costs 1 update concurrently with 1 strongly consistent read, then 1 strongly consistent
    /// read, then 1 update, except for a known browser.
    ///
    /// # Errors
    /// Fails with [`CountError::RateLimited`] if a limit of the network is reached, and with
    /// [`CountError::Unavailable`] if the store cannot be reached.
    pub async fn begin_password_attempt(
        &self,
        address: &EmailAddress,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<PasswordAttempt, CountError> {
        let claim = user_item::claim_key(address);
        let (counted, claim) = tokio::join!(
            self.count_client(limits, now),
            self.read_item("begin_password_attempt", &self.tables.users, claim)
        );
        let by_known_browser = counted?;
        let id = claim?
            .map_or_else(
                || Some(UserId::nobody()),
                |claim| user_item::claimed_by(&claim),
            )
            .ok_or_else(|| Unavailable::unreadable("users"))?;
        let account = self.find_account(&id).await?;
        self.count_failures(by_known_browser, account, limits, now)
            .await
    }

    /// Counts the attempt by the silent limit of the address, except for a known browser.
    pub(super) async fn count_failures(
        &self,
        by_known_browser: bool,
        account: Option<Account>,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<PasswordAttempt, CountError> {
        let sign_ins = account.as_ref().map_or(0, |account| account.sign_ins);
        let failures = limits.failures(sign_ins, now);
        let allowed =
            by_known_browser || self.count("begin_password_attempt", &failures, now).await?;
        Ok(PasswordAttempt {
            account,
            allowed,
            by_known_browser,
        })
    }

    /// Counts an attempt for its client alone. Returns true if that is a known browser whose own
    /// limit allows it.
    pub(super) async fn count_client(
        &self,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<bool, CountError> {
        if let Some(own) = &limits.known_browser
            && self.count("begin_password_attempt", own, now).await?
        {
            return Ok(true);
        }
        self.count_for_network(limits, now).await?;
        Ok(false)
    }

    pub(super) async fn find_account(&self, id: &UserId) -> Result<Option<Account>, Unavailable> {
        let Some(item) = self.read_user_item(id).await? else {
            return Ok(None);
        };
        let user = user_item::read(&item)?;
        Ok(user.map(|user| Account {
            user,
            password: user_item::password(&item),
            sign_ins: user_item::sign_ins(&item),
            password_change: user_item::password_change(&item),
        }))
    }
}
