//! The acts of administrators, time and AWS.

use super::emails::{EmailState, Link};
use super::environment::{Environment, StepResult, done, responded, skipped};
use super::faults::{FaultProfile, INSTANCES};
use super::model::{Session, User};
use super::portal::{PortalUnderTest, read_user};
use super::rules::{DAY, HOUR, MINUTE};
use crate::ensure;
use crate::outcome::Outcome;
use crate::rows::number;
use serde_json::json;
use shared::domain::user::Status;

/// The most keys that a key ring gets, with its root.
const MAX_KEYS: usize = 6;
/// The lifetime of an email's row, in milliseconds.
const EMAIL_RETENTION: u64 = 30 * DAY;

impl PortalUnderTest<'_> {
    /// Changes a user's status behind the API.
    fn write_status(&mut self, person: usize, status: Status) {
        let person = &mut self.model.people[person];
        let value = json!({"S": status.as_str()});
        self.world.set_attribute(&person.address, "status", &value);
        if let Some(user) = &mut person.user {
            user.status = status;
        }
    }

    /// Moves a user's epoch behind the API; the model learns of it separately.
    pub(super) fn write_epoch(&self, person: usize) {
        let address = &self.model.people[person].address;
        let epoch = number(&self.world.user_row(address), "epoch").unwrap_or_default();
        let value = json!({"N": (epoch + 1).to_string()});
        self.world.set_attribute(address, "epoch", &value);
    }

    /// Voids all links and sessions of a user.
    fn move_epoch(&mut self, person: usize) {
        self.write_epoch(person);
        if let Some(user) = &mut self.model.people[person].user {
            user.epoch += 1;
        }
    }

    /// Suspends a user; sometimes by the status alone, without a new epoch.
    pub(super) fn suspend(&mut self, env: &mut Environment) -> StepResult {
        let active = self.users(|user| user.status == Status::Active);
        let Some(&person) = env.rng.choose(&active) else {
            return skipped("nobody");
        };
        let has_new_epoch = !env.rng.one_in(3);
        self.write_status(person, Status::Suspended);
        if has_new_epoch {
            self.move_epoch(person);
        }
        let outcome = if has_new_epoch {
            "with epoch"
        } else {
            "status only"
        };
        done(format!("person {person}"), outcome)
    }

    /// Reactivates a suspended user.
    pub(super) fn reactivate(&mut self, env: &mut Environment) -> StepResult {
        let suspended = self.users(|user| user.status == Status::Suspended);
        let Some(&person) = env.rng.choose(&suspended) else {
            return skipped("nobody");
        };
        self.write_status(person, Status::Active);
        done(format!("person {person}"), "done")
    }

    /// Revokes all links and sessions of a user.
    pub(super) fn revoke_sessions(&mut self, env: &mut Environment) -> StepResult {
        let users = self.users(|_| true);
        let Some(&person) = env.rng.choose(&users) else {
            return skipped("nobody");
        };
        self.move_epoch(person);
        done(format!("person {person}"), "done")
    }

    /// An administrator creates a user, or one who exists and must not change.
    pub(super) async fn create_user(&mut self, env: &mut Environment) -> StepResult {
        let person = env.rng.below(self.model.people.len());
        let is_active = !env.rng.one_in(3);
        let address = self.model.people[person].address.clone();
        let admin = self.world.client();
        let status = if is_active { "active" } else { "invited" };
        let mut request = admin.create_user(&address, "Somebody").status(status);
        let key = Some(format!("add-{address}-{status}")).filter(|_| env.rng.one_in(2));
        if let Some(key) = &key {
            request = request.idempotency_key(key);
        }
        let response = request.await;

        let claim = self.row("users", &format!("email#{address}"), None);
        let id = claim.and_then(|claim| claim["user_id"]["S"].as_str().map(str::to_owned));
        let user = id
            .as_ref()
            .and_then(|id| self.row("users", &format!("user#{id}"), None));
        ensure!(
            id.is_some() == user.is_some(),
            "{address} belongs to {id:?}, who is {user:?}"
        );
        let known = self.model.user(person);
        let is_known = known.is_some();
        ensure!(
            known.is_none_or(|known| Some(&known.id) == id.as_ref()),
            "{address} was {known:?}'s, and is {id:?}'s"
        );
        // Only the key that created the user gets the same response again, and a spent one nothing.
        let is_free = known.map_or(
            key.as_ref()
                .is_none_or(|key| !self.model.people[person].spent_keys.contains(key)),
            |known| key.is_some() && known.key == key,
        );
        let expected = if is_free {
            Outcome::Ok
        } else {
            Outcome::AlreadyExists
        };
        let is_certain = env.check(&format!("creating {address}"), &response, expected)?;
        ensure!(
            !is_certain || expected != Outcome::Ok || Some(response.id()) == id,
            "{address} is {id:?}, and the response has {}",
            response.id()
        );
        let records = self.queued()?;
        let created = user.filter(|_| !is_known);
        ensure!(
            records.len() == usize::from(created.is_some() && !is_active),
            "creating {address}, {status}, has queued {records:?}"
        );
        if let Some(row) = created {
            let status = if is_active {
                Status::Active
            } else {
                Status::Invited
            };
            let user = read_user(&row, status);
            self.model.people[person].user = Some(User { key, ..user });
        }
        for record in &records {
            self.add_link(person, Link::default(), record)?;
        }
        responded(format!("{address} {status}"), &response)
    }

    /// An administrator erases a user; a step without faults, as a repeat may find any state.
    pub(super) async fn erase_user(&mut self, env: &mut Environment) -> StepResult {
        let users = self.users(|_| true);
        let Some(&person) = env.rng.choose(&users).filter(|_| !env.may_fail()) else {
            return skipped("nobody, or under faults");
        };
        let Some(user) = self.model.people[person].user.take() else {
            return skipped("nobody");
        };
        let response = self.world.client().erase_user(&user.id).await;
        ensure!(response.status == 204, "an erasure: {}", response.body);
        self.model.people[person].spent_keys.extend(user.key);
        for session in &mut self.model.sessions {
            session.is_gone |= session.user == user.id;
        }
        for link in &mut self.model.links {
            if link.person == person {
                link.state = EmailState::Gone;
                link.is_gone = true;
            }
        }
        done(format!("person {person}"), "done")
    }

    /// Chooses how long it is until a link, a lease or a session expires.
    fn some_expiry(&self, env: &mut Environment) -> Option<u64> {
        let now = self.now();
        let links = self.model.links.iter().flat_map(|link| {
            let lease = match link.state {
                EmailState::Sending { lease_until, .. } => Some(lease_until),
                EmailState::Waiting { until } => Some(until),
                _ => None,
            };
            let expires_at = link.claim.as_ref().map(|claim| claim.expires_at);
            let repeatable_until = link.used.as_ref().map(|used| used.at + MINUTE);
            [expires_at, repeatable_until, lease]
        });
        let is_ahead = |time: &u64| *time > now + 1;
        let sessions = self.model.sessions.iter().map(|session| session.expires_at);
        let times: Vec<_> = links.flatten().chain(sessions).filter(is_ahead).collect();
        let time = *env.rng.choose(&times)?;
        Some(time - now - env.rng.below(2) as u64)
    }

    /// Lets DynamoDB expire old rows, and returns their number.
    fn expire_rows(&mut self) -> usize {
        let expired = self.world.portal.sweep_ttl().unwrap();
        let now = self.now() / 1000;
        for link in &mut self.model.links {
            let kept_until = (link.requested_at + EMAIL_RETENTION) / 1000;
            let claim = link.claim.as_ref();
            // A used link is kept as long as its email.
            link.is_gone |= match link.used {
                Some(_) => kept_until < now,
                None => claim.is_some_and(|claim| link.expires_at(claim) / 1000 < now),
            };
            if kept_until < now {
                link.state = EmailState::Gone;
            }
        }
        let expire = |session: &mut Session| session.is_gone |= session.expires_at / 1000 < now;
        self.model.sessions.iter_mut().for_each(expire);
        self.model.counters.expire(now);
        expired
    }
}

/// Moves the clocks forward: seconds, minutes or days.
pub(super) fn advance_clocks(env: &mut Environment, portal: &PortalUnderTest<'_>) -> StepResult {
    let (limit, outcome) = match env.rng.below(100) {
        0..40 => (1000, "a second"),
        40..72 => (MINUTE, "a minute"),
        72..86 => (6 * MINUTE, "six minutes"),
        86..94 => (30 * MINUTE, "half an hour"),
        94..99 => (2 * HOUR, "two hours"),
        _ => (3 * DAY, "three days"),
    };
    let millis = 1 + env.rng.below(limit as usize) as u64;
    // Expiries are often at a full second, and are met to the millisecond.
    let millis = match env.rng.below(3) {
        0 => millis,
        1 => millis.next_multiple_of(1000),
        _ => portal.some_expiry(env).unwrap_or(millis).clamp(1, limit),
    };
    env.advance(millis);
    done(format!("{millis} ms"), outcome)
}

/// Lets DynamoDB expire old rows.
pub(super) fn expire_rows(portals: &mut [PortalUnderTest<'_>]) -> StepResult {
    let expired: usize = portals.iter_mut().map(PortalUnderTest::expire_rows).sum();
    done(format!("{expired} rows"), "done")
}

/// Appends a key; or makes Secrets Manager unreachable for some instances, or reachable again.
pub(super) fn change_keys(env: &mut Environment, portals: &[PortalUnderTest<'_>]) -> StepResult {
    if env.are_keys_down() {
        env.restore_keys();
        return done("", "reachable again");
    }
    if env.rng.one_in(2) || env.keys.keys.len() + 1 == MAX_KEYS {
        let mut down = [false; INSTANCES];
        down[env.rng.below(INSTANCES)] = true;
        if env.rng.one_in(3) {
            down = [true; INSTANCES];
        }
        env.faults().keys_down = down;
        return done(format!("{down:?}"), "unreachable");
    }
    let now = env.now();
    env.keys.append(&mut env.rng, now);
    for portal in portals {
        portal.world.portal.set_key_ring(Some(env.keys.value()));
    }
    done(format!("{} appended keys", env.keys.keys.len()), "rotated")
}

/// Changes the fault profile of DynamoDB and SES.
pub(super) fn change_faults(env: &mut Environment) -> StepResult {
    let profile = match env.rng.below(10) {
        0..6 => FaultProfile::None,
        6 => FaultProfile::Failing(10),
        7 => FaultProfile::Failing(45),
        8 => FaultProfile::Hanging(25),
        _ => FaultProfile::Outage,
    };
    env.faults().profile = profile;
    done("", format!("{profile:?}"))
}
