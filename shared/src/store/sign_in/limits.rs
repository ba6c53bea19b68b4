//! The limits on password attempts.

use crate::domain::ids::KeyedHash;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::{MINUTE, Timestamp};
use crate::store::item::{Item, n, number};
use crate::store::write::Refused;
use crate::store::{CountError, Store, Unavailable};
use std::time::Duration;

/// The window of the attempts at one address.
const QUARTER_HOUR: Duration = MINUTE.saturating_mul(15);

/// The limits that apply to one attempt. All are counted before the password is verified.
pub struct PasswordLimits {
    /// Attempts of this known browser since it last signed in. Only they count, until it is
    /// reached.
    pub known_browser: Option<RateLimit>,
    /// Attempts from the network within an hour. Visible.
    pub network: RateLimit,
    /// The address, for the attempts since its user last signed in.
    pub address: KeyedHash,
    /// Maximum number of attempts at the address from the network within 15 minutes. Visible.
    pub attempts: u64,
    /// Maximum number of attempts at the address since its user last signed in. Silent.
    pub failures: u64,
}

impl PasswordLimits {
    /// Returns the limit on attempts at the address since its user signed in for the `sign_ins`-th
    /// time. Any sign-in and any reset starts a new count.
    pub(super) fn failures(&self, sign_ins: u64, now: Timestamp) -> RateLimit {
        let scope = RateLimitScope::PasswordFailures;
        RateLimit::since_sign_in(sign_ins, scope, self.address, self.failures, now)
    }

    /// Returns the name of the attribute that counts the attempts at the address, in the row of
    /// the network.
    fn address_attribute(&self, now: Timestamp) -> String {
        let quarter = now.secs() / QUARTER_HOUR.as_secs() % 4;
        format!("{quarter}-{}", self.address)
    }

    /// Returns the error of the limit that the row of the network has reached.
    fn exhausted(&self, row: &Item, now: Timestamp) -> CountError {
        let seconds = QUARTER_HOUR.as_secs();
        let end_of_quarter = Timestamp::from_secs((now.secs() / seconds + 1) * seconds);
        let is_network = number(row, "count").unwrap_or_default() >= self.network.limit;
        let end = if is_network {
            self.network.ends_at(now)
        } else {
            end_of_quarter
        };
        CountError::exhausted_until(end, now)
    }
}

impl Store {
    /// Counts an attempt for its network: among all, and among those at the address.
    ///
    /// Costs 1 update.
    pub(super) async fn count_for_network(
        &self,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<(), CountError> {
        let counted = self
            .rate_limit_row(&limits.network, now)
            .add("#count :one, #address :one")
            .set("expires_at = :expires_at")
            .when(
                "(attribute_not_exists(#count) OR #count < :network) \
                 AND (attribute_not_exists(#address) OR #address < :attempts)",
            )
            .names([
                ("#count", "count"),
                ("#address", &limits.address_attribute(now)),
            ])
            .values([
                (":one", n(1)),
                (":network", n(limits.network.limit)),
                (":attempts", n(limits.attempts)),
                (":expires_at", n(limits.network.expires_at(now).secs())),
            ])
            .returning_old_item();
        match self.update_and_return("count_for_network", counted).await? {
            Ok(_counted) => Ok(()),
            Err(Refused(row)) => Err(limits.exhausted(&row, now)),
        }
    }

    /// Takes an attempt back from its network. The row forgets an address without an attempt that
    /// counts: otherwise that of a network with thousands of users would outgrow an item.
    ///
    /// Costs 1 update, and 1 more where further attempts at the address count.
    pub(super) async fn forget_for_network(
        &self,
        limits: &PasswordLimits,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let less = || {
            self.rate_limit_row(&limits.network, now)
                .set("#count = #count - :one")
                .names([
                    ("#count", "count"),
                    ("#address", &limits.address_attribute(now)),
                ])
                .values([(":one", n(1))])
        };
        let only = less()
            .remove("#address")
            .when("#count >= :one AND #address = :one");
        if self.update("forget_for_network", only).await? {
            return Ok(true);
        }
        let one_of_several = less()
            .set("#address = #address - :one")
            .when("#count >= :one AND #address > :one");
        self.update("forget_for_network", one_of_several).await
    }
}
