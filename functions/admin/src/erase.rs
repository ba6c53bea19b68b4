//! `DELETE /admin/users/{id}` erases a user.
//!
//! The user and the claim of their address go first, in one transaction: from then on nothing signs
//! them in, and the address is free. The emails to their addresses and their sessions follow, page
//! by page. The audit and suppressions stay; they know addresses only as keyed hashes.
//!
//! Responds 204, also to a repeat for as long as the audit remembers the user, or 503 `unavailable`
//! where something remains to be erased. A repeat of the call continues there.

use crate::Admin;
use shared::admin::{no_such_user, user_id};
use shared::domain::audit::{Action, AuditRecord};
use shared::domain::ids::{KeyedHash, UserId};
use shared::domain::time::Timestamp;
use shared::domain::user::User;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use shared::store::EventFilter;
use shared::store::Unavailable;
use shared::store::users::UpdateOutcome;

/// The metadata of an erasure that holds the hash of the user's last address.
const ADDRESS: &str = "address";
/// The metadata of a change that holds the hash of the address that was replaced.
pub(crate) const ADDRESS_BEFORE: &str = "address_before";
/// The pages of emails, and of sessions, that one call erases within the function's timeout.
const MAX_PAGES: usize = 100;

/// An address that an erased user had.
struct FormerAddress {
    hash: KeyedHash,
    had_until: Timestamp,
}

impl FormerAddress {
    /// Reads the hash from the metadata `name` of a record.
    fn from_record(record: &AuditRecord, name: &str) -> Option<Self> {
        Some(Self {
            hash: KeyedHash::parse(record.metadata.get(name)?)?,
            had_until: record.at,
        })
    }
}

impl Admin<'_> {
    pub(crate) async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        request.empty_json()?;
        let erased = self
            .retry_on_conflict(request, async |user| self.erase_user(request, user).await)
            .await;
        match erased {
            Ok(_user) => {}
            // An earlier call may have erased the user, but not everything that belonged to them.
            Err(problem) if problem.kind == ProblemType::NotFound => {}
            Err(problem) => return Err(problem),
        }
        let id = user_id(request)?;
        let addresses = self.former_addresses(&id).await?;
        let addresses = addresses.ok_or_else(no_such_user)?;
        let (emails_erased, sessions_erased) =
            tokio::join!(self.erase_emails(&addresses), self.erase_sessions(&id));
        if emails_erased? && sessions_erased? {
            return Ok(response::no_content());
        }
        Err(Problem::new(ProblemType::Unavailable, |t| t.erase_again))
    }

    async fn erase_user(&self, request: &Request, user: &User) -> Result<UpdateOutcome, Problem> {
        let now = self.app.clock.now();
        let address = self.app.keys.ring(now).await.address_hash(&user.address);
        let mut event = self.audit_event(request, Action::Erased, &user.id, now);
        event.metadata.push((ADDRESS, address.to_string()));
        Ok(self.app.store.erase_user(user, &event).await?)
    }

    /// Returns all addresses that an erased user ever had, or `None` if the audit knows of no
    /// erasure.
    async fn former_addresses(&self, id: &UserId) -> Result<Option<Vec<FormerAddress>>, Problem> {
        let store = &self.app.store;
        let action = Action::Erased.of(&self.app.config.portal);
        let erased = EventFilter::Action(&action);
        let erasures = store.find_events(&id.into(), erased).await?;
        if erasures.is_empty() {
            return Ok(None);
        }
        let address_changed = EventFilter::Metadata(ADDRESS_BEFORE);
        let changes = store.find_events(&id.into(), address_changed).await?;
        let last = erasures
            .iter()
            .filter_map(|record| FormerAddress::from_record(record, ADDRESS));
        let replaced = changes
            .iter()
            .filter_map(|record| FormerAddress::from_record(record, ADDRESS_BEFORE));
        Ok(Some(last.chain(replaced).collect()))
    }

    /// Erases the emails that the user was sent, and none that were sent to a later user with the
    /// same address. Returns `false` where more remain.
    async fn erase_emails(&self, addresses: &[FormerAddress]) -> Result<bool, Unavailable> {
        let mut addresses = addresses.iter().peekable();
        for _ in 0..MAX_PAGES {
            let Some(address) = addresses.peek() else {
                return Ok(true);
            };
            let store = &self.app.store;
            let has_more = store.erase_emails(&address.hash, address.had_until).await?;
            if !has_more {
                let FormerAddress { hash, had_until } = address;
                store.forget_suppression_words(hash, *had_until).await?;
                addresses.next();
            }
        }
        Ok(addresses.peek().is_none())
    }

    /// Erases the user's sessions. Returns `false` where more remain.
    async fn erase_sessions(&self, id: &UserId) -> Result<bool, Unavailable> {
        for _ in 0..MAX_PAGES {
            let has_more = self.app.store.erase_sessions(id).await?;
            if !has_more {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
