//! Begins a password attempt: counts it, and decides if the limits allow it (promise 1).

use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::store::rate_limits;
use crate::store::sign_in::limits::{FailureStreak, PasswordLimits};
use crate::store::sign_in::{Account, PasswordAttempt, sign_ins};
use crate::store::users::user_item;
use crate::store::{CountError, Store, Unavailable};

impl Store {
    /// Counts an attempt at `address`, and returns what is needed to verify its password. If nobody
    /// has the address, a user who never exists is read.
    ///
    /// Costs 1 update concurrently with 1 strongly consistent batch of 3 reads, then 1 strongly
    /// consistent read.
    ///
    /// # Errors
    /// Fails with [`CountError::RateLimited`] if the limit of the address or of the network is
    /// reached, and with [`CountError::Unavailable`] if the store cannot be reached.
    pub async fn begin_password_attempt(
        &self,
        address: &EmailAddress,
        limits: &PasswordLimits<'_>,
        now: Timestamp,
    ) -> Result<PasswordAttempt, CountError> {
        let counter_keys =
            [limits.consecutive_failures, limits.network].map(|limit| rate_limits::key(limit, now));
        let keys = [
            (&self.tables.users, vec![user_item::claim_key(address)]),
            (&self.tables.rate_limits, counter_keys.to_vec()),
        ];
        let (counted, found) = tokio::join!(
            self.count("begin_password_attempt", limits.attempts, now),
            self.read_items("begin_password_attempt", keys)
        );
        let counted = counted?;
        let [claims, counters] = found?;
        if !counted {
            let end = limits.attempts.ends_at(now);
            return Err(CountError::exhausted_until(end, now));
        }
        if rate_limits::counted(&counters, limits.network, now) >= limits.network.limit {
            let end = limits.network.ends_at(now);
            return Err(CountError::exhausted_until(end, now));
        }
        let id = claims
            .first()
            .map_or_else(|| Some(UserId::nobody()), user_item::claimed_by)
            .ok_or_else(|| Unavailable::unreadable("users"))?;
        let account = self.find_account(&id).await?;
        let streak = FailureStreak::read(&counters, limits.consecutive_failures, now);
        let cap = limits.consecutive_failures.limit;
        let capped = streak.is_capped(sign_ins(account.as_ref()), cap);
        Ok(PasswordAttempt {
            account,
            streak,
            capped,
        })
    }

    async fn find_account(&self, id: &UserId) -> Result<Option<Account>, Unavailable> {
        let Some(item) = self.read_user_item(id).await? else {
            return Ok(None);
        };
        let user = user_item::read(&item)?;
        Ok(user.map(|user| Account {
            user,
            password: user_item::password(&item),
            sign_ins: user_item::sign_ins(&item),
        }))
    }
}
