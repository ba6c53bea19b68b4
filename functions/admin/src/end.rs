//! `DELETE /admin/users/{id}/sessions` ends all of a user's sessions, and voids every link, an invitation's too: 204. One
//! write to her row, however many there are.
//!
//! `DELETE /admin/users/{id}` erases her: 204. First, in one transaction, herself and the claim of her address: from then on
//! nothing signs her in, and the address is free. Then the mails to her address and her sessions, page by page; whatever
//! breaks that off, the same call goes on with it, and answers 204 again for as long as the audit remembers her. The audit
//! stays: it knows her address as a keyed hash only.

use crate::{Act, Admin, id};
use shared::domain::audit::Action;
use shared::domain::ids::{Peppered, UserId};
use shared::domain::time::Timestamp;
use shared::domain::user::User;
use shared::http::problem::Kind;
use shared::http::reply::Reply;
use shared::http::{Problem, Request, Response};
use shared::store::Unavailable;
use shared::store::administer::Done;

/// Where the audit keeps the erased address's hash.
const ADDRESS: &str = "address";
/// How many pages of mails, and of sessions, one call erases: well within the function's timeout.
const MOST_PAGES: usize = 100;

impl Admin<'_> {
    pub(crate) async fn end_sessions(&self, request: &Request) -> Result<Response, Problem> {
        request.no_json()?;
        self.act(request, Act::EndSessions).await?;
        Ok(Reply::no_content())
    }

    pub(crate) async fn end_sessions_of(&self, request: &Request, user: &User) -> Result<Done, Problem> {
        let event = self.event(request, Action::SessionsRevoked, &user.id, self.app.clock.now());
        Ok(self.app.store.end_all(user, &event).await?)
    }

    pub(crate) async fn erase(&self, request: &Request) -> Result<Response, Problem> {
        request.no_json()?;
        match self.act(request, Act::Erase).await {
            Ok(_erased) => {}
            // She may have been erased earlier, but not all that she left.
            Err(problem) if problem.kind == Kind::NotFound => {}
            Err(problem) => return Err(problem),
        }
        let id = id(request)?;
        let (address, at) = self.erasure(&id).await?.ok_or_else(Problem::not_found)?;
        let (mails, sessions) = tokio::join!(self.erase_mails(&address, at), self.erase_sessions(&id));
        let whole = mails? && sessions?;
        let rest = || Problem::new(Kind::Unavailable, "There is more to erase: repeat the call.");
        whole.then(Reply::no_content).ok_or_else(rest)
    }

    pub(crate) async fn erase_row(&self, request: &Request, user: &User) -> Result<Done, Problem> {
        let now = self.app.clock.now();
        let address = self.app.keys.ring(now).await.mailbox(&user.address);
        let mut event = self.event(request, Action::Erased, &user.id, now);
        event.metadata.push((ADDRESS, address.to_string()));
        Ok(self.app.store.erase_user(user, &event).await?)
    }

    /// The hash of the address that an erased user had, and when she was erased.
    async fn erasure(&self, id: &UserId) -> Result<Option<(Peppered, Timestamp)>, Problem> {
        let Some(past) = self.app.store.last(&id.into(), &Action::Erased.of(&self.app.config.portal)).await? else {
            return Ok(None);
        };
        Ok(past.metadata.get(ADDRESS).and_then(|address| Peppered::parse(address)).map(|address| (address, past.at)))
    }

    /// `false` where there are more. Mails of whoever has the address since then are left alone.
    async fn erase_mails(&self, address: &Peppered, until: Timestamp) -> Result<bool, Unavailable> {
        for _ in 0..MOST_PAGES {
            if !self.app.store.erase_mail(address, until).await? {
                return Ok(true);
            }
        }
        Ok(false)
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
