//! `DELETE /admin/users/{id}/sessions` ends all of a user's sessions, and voids every link, an
//! invitation's too: 204. One write to her row, however many there are.
//!
//! `DELETE /admin/users/{id}` erases her: 204. First, in one transaction, herself and the claim of
//! her address: from then on nothing signs her in, and the address is free. Then the mails to her
//! address and her sessions, page by page; whatever breaks that off, the same call goes on with it,
//! and answers 204 again for as long as the audit remembers her. The audit stays: it knows her
//! address as a keyed hash only.

use crate::{Act, Admin, id, no_such_user};
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

/// Where the audit keeps the erased address's hash.
const ADDRESS: &str = "address";
/// And where that of the address that was changed into another one.
pub(crate) const ADDRESS_BEFORE: &str = "address_before";
/// How many pages of mails, and of sessions, one call erases: well within the function's timeout.
const MOST_PAGES: usize = 100;

impl Admin<'_> {
    pub(crate) async fn end_sessions(&self, request: &Request) -> Result<Response, Problem> {
        request.empty_json()?;
        self.act(request, Act::EndSessions).await?;
        Ok(response::no_content())
    }

    pub(crate) async fn end_sessions_of(
        &self,
        request: &Request,
        user: &User,
    ) -> Result<UpdateOutcome, Problem> {
        let event = self.audit_event(
            request,
            Action::SessionsRevoked,
            &user.id,
            self.app.clock.now(),
        );
        Ok(self.app.store.revoke_all_sessions(user, &event).await?)
    }

    pub(crate) async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        request.empty_json()?;
        match self.act(request, Act::Erase).await {
            Ok(_erased) => {}
            // She may have been erased earlier, but not all that she left.
            Err(problem) if problem.kind == ProblemType::NotFound => {}
            Err(problem) => return Err(problem),
        }
        let id = id(request)?;
        let addresses = self.addresses(&id).await?.ok_or_else(no_such_user)?;
        let (mails, sessions) =
            tokio::join!(self.erase_mails(&addresses), self.erase_sessions(&id));
        let whole = mails? && sessions?;
        let rest = || {
            Problem::new(
                ProblemType::Unavailable,
                "Not everything has been erased yet. Repeat the call.",
            )
        };
        whole.then(response::no_content).ok_or_else(rest)
    }

    pub(crate) async fn erase_row(
        &self,
        request: &Request,
        user: &User,
    ) -> Result<UpdateOutcome, Problem> {
        let now = self.app.clock.now();
        let address = self.app.keys.ring(now).await.address_hash(&user.address);
        let mut event = self.audit_event(request, Action::Erased, &user.id, now);
        event.metadata.push((ADDRESS, address.to_string()));
        Ok(self.app.store.erase_user(user, &event).await?)
    }

    /// The addresses that an erased user ever had, as hashes, and until when each was hers.
    async fn addresses(&self, id: &UserId) -> Result<Option<Vec<(KeyedHash, Timestamp)>>, Problem> {
        let erased = Action::Erased.of(&self.app.config.portal);
        let erased = self
            .app
            .store
            .find_events(&id.into(), EventFilter::Action(&erased))
            .await?;
        if erased.is_empty() {
            return Ok(None);
        }
        let changed = self
            .app
            .store
            .find_events(&id.into(), EventFilter::Metadata(ADDRESS_BEFORE))
            .await?;
        let of =
            |past: &AuditRecord, name| Some((KeyedHash::parse(past.metadata.get(name)?)?, past.at));
        let last = erased.iter().filter_map(|past| of(past, ADDRESS));
        Ok(Some(
            last.chain(changed.iter().filter_map(|past| of(past, ADDRESS_BEFORE)))
                .collect(),
        ))
    }

    /// `false` where there are more. Mails of whoever has an address since then are left alone.
    async fn erase_mails(&self, addresses: &[(KeyedHash, Timestamp)]) -> Result<bool, Unavailable> {
        let mut addresses = addresses.iter().peekable();
        for _ in 0..MOST_PAGES {
            let Some((address, until)) = addresses.peek() else {
                return Ok(true);
            };
            if !self.app.store.erase_emails(address, *until).await? {
                addresses.next();
            }
        }
        Ok(addresses.peek().is_none())
    }

    /// `false` where there are more.
    async fn erase_sessions(&self, id: &UserId) -> Result<bool, Unavailable> {
        for _ in 0..MOST_PAGES {
            if !self.app.store.erase_sessions(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
