//! The rows of links and of the sessions that they issue, compared with the model.

use super::emails::{Claim, Link, Use};
use super::model::{Session, User};
use super::portal::PortalUnderTest;
use crate::ensure;
use crate::rows::{number, text};
use serde_json::Value;
use shared::domain::ids::LinkId;
use shared::domain::user::Status;

/// The request that was sent to use a link.
#[derive(Clone, Default)]
pub(super) struct Sent {
    /// The session token that was sent with it.
    pub(super) session: Option<String>,
    /// The password that it sets.
    pub(super) password: Option<String>,
}

impl PortalUnderTest<'_> {
    /// Compares the rows of a link and its session with the model; returns whether the link has
    /// been used since, by a client that sent one of these.
    ///
    /// # Errors
    /// Fails if a link is used without a session or unused again, or if the session is wrong.
    pub(super) fn read_link(&mut self, link: usize, sent: &[&Sent]) -> Result<bool, String> {
        let known = &self.model.links[link];
        let claim = known
            .claim
            .clone()
            .filter(|_| known.is_redeemable() && !known.is_gone);
        let Some(claim) = claim else {
            return Ok(false);
        };
        let row = self.row("links", &known.id, None);
        let row = row.ok_or_else(|| format!("the row of link {link} is gone"))?;
        let used_at = number(&row, "used_at");
        if let Some(used) = &known.used {
            ensure!(
                used_at == Some(used.at),
                "link {link} was {used:?}, and is used at {used_at:?}"
            );
            return Ok(false);
        }
        let session = self.read_session(link, &claim, used_at)?;
        let Some(at) = used_at else {
            return Ok(false);
        };
        ensure!(at == self.now(), "link {link} is used at {at}");
        if let Some(session) = &session {
            let sessions: Vec<_> = sent.iter().map(|sent| sent.session.as_deref()).collect();
            self.check_replaced(session, &sessions)?;
        }
        let password = sent.iter().find_map(|sent| sent.password.clone());
        self.update_user(link, &claim, password);
        self.model.links[link].used = Some(Use {
            at,
            by_requester: row.get("used_by_requester").is_some(),
            key_hash: row["idempotency_key"]["S"].as_str().map(str::to_owned),
            session: session.as_ref().map(|_| self.model.sessions.len()),
        });
        self.model.sessions.extend(session);
        if claim.template == "reset" {
            self.take_notice(link)?;
        }
        Ok(true)
    }

    /// Reads the session that a link must have issued, and no other one.
    fn read_session(
        &self,
        link: usize,
        claim: &Claim,
        used_at: Option<u64>,
    ) -> Result<Option<Session>, String> {
        let ring = self.world.key_ring();
        let key = ring.get(&claim.kid).ok_or("a link of an unknown key")?;
        let known = &self.model.links[link];
        let id = LinkId::parse(&known.id).ok_or("a link without an id")?;
        let hash = key.session_id(&id).hash().to_string();
        let row = self.row("sessions", &claim.user, Some(&hash));
        let is_issued = used_at.is_some() && claim.template != "reset";
        ensure!(
            row.is_some() == is_issued,
            "link {link} is used at {used_at:?}, with session {row:?}"
        );
        let Some(row) = row else {
            return Ok(None);
        };
        let session = Session {
            person: known.person,
            user: claim.user.clone(),
            epoch: claim.session_epoch(),
            hash,
            action: match claim.template.as_str() {
                "activation" => "activated",
                _ => "login",
            },
            ..Session::default()
        };
        self.new_session(&row, session).map(Some)
    }

    /// Checks the row of a session that has begun now.
    pub(super) fn new_session(&self, row: &Value, session: Session) -> Result<Session, String> {
        let now = self.now();
        let expires_at = (now + self.model.rules.session_lifetime) / 1000 * 1000;
        let expected = [session.epoch, now, expires_at / 1000].map(Some);
        let found = ["epoch", "created_at", "expires_at"].map(|name| number(row, name));
        ensure!(
            found == expected,
            "a new session {row} does not have {expected:?}"
        );
        Ok(Session {
            expires_at,
            ..session
        })
    }

    /// Updates the user of a link that was used.
    fn update_user(&mut self, link: usize, claim: &Claim, password: Option<String>) {
        let Link { person, name, .. } = &self.model.links[link];
        let user = &mut self.model.people[*person].user;
        if claim.account == "new" {
            let new = User::new(claim.user.clone(), name, Status::Active, claim.epoch);
            *user = Some(User {
                password,
                sign_ins: 1,
                ..new
            });
            return;
        }
        let Some(user) = user else { return };
        user.status = Status::Active;
        user.sign_ins += 1;
        user.epoch = claim.session_epoch() + u64::from(claim.template == "reset");
        user.password = password.or(user.password.take());
    }

    /// Records the notice that a reset has queued.
    fn take_notice(&mut self, link: usize) -> Result<(), String> {
        let person = self.model.links[link].person;
        let records = self.queued()?;
        let [record] = records.as_slice() else {
            return Err(format!("{} notices of a new password", records.len()));
        };
        self.add_link(person, Link::default(), record)?;
        let user = self.model.user(person);
        let current = user.map(|user| (user.id.clone(), user.epoch));
        let notice = self.model.links.last();
        ensure!(
            notice.is_some_and(|notice| !notice.is_redeemable() && notice.subject == current),
            "a new password of {current:?} has queued {record}"
        );
        Ok(())
    }

    /// Returns the session that a sign-in with this token replaces, if it has not expired.
    pub(super) fn replaceable(&self, token: Option<&str>) -> Option<usize> {
        let session = self.model.session_of(token?)?;
        (self.model.sessions[session].expires_at > self.now()).then_some(session)
    }

    /// Checks that a new session has replaced the one that its client sent, as the audit says.
    pub(super) fn check_replaced(
        &mut self,
        new: &Session,
        sent: &[Option<&str>],
    ) -> Result<(), String> {
        let logins = self.world.audit(&format!("{}.{}", self.name, new.action));
        let login = logins
            .iter()
            .find(|row| text(row, "resource_id") == new.hash);
        let login = login.ok_or("the audit lacks a session")?;
        let audited = login["metadata"]["M"]["replaced"]["S"].as_str();
        let hash_of = |session: usize| self.model.sessions[session].hash.as_str();
        let mut replaceable = sent.iter().map(|token| self.replaceable(*token));
        let replaced = replaceable
            .find(|session| session.map(hash_of) == audited)
            .ok_or_else(|| format!("a session has replaced {audited:?}, not one of {sent:?}"))?;
        let Some(replaced) = replaced else {
            return Ok(());
        };
        let known = &mut self.model.sessions[replaced];
        if !known.ended && !known.is_gone {
            known.ended = true;
            known.replaced = true;
        }
        ensure!(
            !self.has_row(replaced),
            "session {replaced} was replaced, and has its row"
        );
        Ok(())
    }
}
