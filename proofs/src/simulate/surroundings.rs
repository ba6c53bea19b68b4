//! Steps: what administrators, time and Amazon do.

use super::INSTANCES;
use super::model::{Row, Status, User};
use super::outcome::Outcome;
use super::simulation::{Said, Simulation, idle, note};
use super::weather::Regime;
use serde_json::{Value, json};

/// How long a copy of the ring is used that could not be renewed, once it can be: the next try.
const RETRY_AFTER: u64 = 15_000;
/// The most keys a seed's ring gets.
const MOST_KEYS: usize = 6;

impl Simulation<'_> {
    /// Writes a user behind everybody's back, as an administrator's act does.
    pub(super) fn write_user(&self, s: usize, person: usize, update: &str, values: &Value) {
        let Some(user) = &self.sides[s].model.people[person].user else {
            return;
        };
        let mut request = json!({
            "TableName": format!("{}-users", local::template::STACK),
            "Key": {"pk": {"S": format!("user#{}", user.id)}},
            "UpdateExpression": update,
            "ExpressionAttributeValues": values,
        });
        if update.contains("#status") {
            request["ExpressionAttributeNames"] = json!({"#status": "status"});
        }
        let database = self.sides[s].world.portal.database();
        let _written = database
            .update_item(serde_json::from_value(request).unwrap())
            .unwrap();
    }

    fn some_user(&mut self, s: usize, wanted: impl Fn(&User) -> bool) -> Option<usize> {
        let people = &self.sides[s].model.people;
        let fit = |person: &usize| people[*person].user.as_ref().is_some_and(&wanted);
        let fitting: Vec<_> = (0..people.len()).filter(fit).collect();
        (!fitting.is_empty()).then(|| fitting[self.dice.below(fitting.len())])
    }

    /// A user is suspended; sometimes without her epoch moving, so that the status alone must keep
    /// her out.
    pub(super) fn suspend(&mut self, s: usize) -> Said {
        let Some(person) = self.some_user(s, |user| user.status == Status::Active) else {
            return idle("nobody");
        };
        let moves = !self.dice.one_in(3);
        let step = u64::from(moves);
        let values = json!({":s": {"S": "suspended"}, ":step": {"N": step.to_string()}});
        self.write_user(s, person, "SET #status = :s ADD epoch :step", &values);
        if let Some(user) = &mut self.sides[s].model.people[person].user {
            (user.status, user.epoch) = (Status::Suspended, user.epoch + step);
        }
        note(
            format!("person {person}"),
            if moves { "with epoch" } else { "status only" },
        )
    }

    /// A suspended user may come back.
    pub(super) fn reactivate(&mut self, s: usize) -> Said {
        let Some(person) = self.some_user(s, |user| user.status == Status::Suspended) else {
            return idle("nobody");
        };
        self.write_user(
            s,
            person,
            "SET #status = :s",
            &json!({":s": {"S": "active"}}),
        );
        if let Some(user) = &mut self.sides[s].model.people[person].user {
            user.status = Status::Active;
        }
        note(format!("person {person}"), "done")
    }

    /// Everything a user holds becomes void.
    pub(super) fn move_epoch(&mut self, s: usize) -> Said {
        let Some(person) = self.some_user(s, |_| true) else {
            return idle("nobody");
        };
        self.write_user(s, person, "ADD epoch :one", &json!({":one": {"N": "1"}}));
        if let Some(user) = &mut self.sides[s].model.people[person].user {
            user.epoch += 1;
        }
        note(format!("person {person}"), "done")
    }

    /// An administrator adds somebody; also who is there already, who must stay as she is.
    pub(super) async fn invite(&mut self, s: usize) -> Said {
        let person = self.dice.below(self.sides[s].model.people.len());
        let (active, repeatable) = (!self.dice.one_in(3), self.dice.one_in(2));
        let side = &self.sides[s];
        let address = side.model.people[person].address.clone();
        let key = format!("add-{address}");
        let headers: &[(&str, &str)] = if repeatable {
            &[("idempotency-key", &key)]
        } else {
            &[]
        };
        let body = json!({"email": address, "name": "Somebody", "status": "active"});
        let answer = side.world.browser().admin("local", headers, &body).await;

        let known = side.model.people[person].user.clone();
        let claim = side.row("users", &format!("email#{address}"), None);
        let id = claim.and_then(|claim| claim["user_id"]["S"].as_str().map(str::to_owned));
        let user = id
            .as_ref()
            .and_then(|id| side.row("users", &format!("user#{id}"), None));
        if id.is_some() != user.is_some() {
            return Err(format!("{address} is claimed by {id:?}, who is {user:?}"));
        }
        if known
            .as_ref()
            .is_some_and(|known| Some(&known.id) != id.as_ref())
        {
            return Err(format!("{address} was {known:?}'s, and is {id:?}'s"));
        }
        // A repeat with the same key may be told again; anybody else's address is taken.
        let told_again = known.is_some() && repeatable && Outcome::of(&answer) == Outcome::Good;
        let must = if known.is_some() && !told_again {
            Outcome::Taken
        } else {
            Outcome::Good
        };
        if self.judge(&format!("adding {address}"), &answer, &must)? && must == Outcome::Good {
            let told = answer.json()["id"].as_str().map(str::to_owned);
            if told != id {
                return Err(format!("{address} is {id:?}, and was told to be {told:?}"));
            }
        }
        if let (None, Some(id)) = (known, id) {
            let status = if active {
                Status::Active
            } else {
                Status::Invited
            };
            self.sides[s].model.people[person].user = Some(User {
                id,
                status,
                epoch: 0,
            });
            // As an import leaves her: an invitation's mail is not simulated.
            if !active {
                self.write_user(
                    s,
                    person,
                    "SET #status = :s",
                    &json!({":s": {"S": "invited"}}),
                );
            }
        }
        note(address, Outcome::of(&answer).name())
    }

    /// Time passes: seconds, minutes, days.
    pub(super) fn clock(&mut self) -> Said {
        let (second, minute, hour) = (1000, 60_000, 3_600_000);
        let (up_to, name) = match self.dice.below(100) {
            0..40 => (second, "a second"),
            40..72 => (minute, "a minute"),
            72..86 => (6 * minute, "six minutes"),
            86..94 => (30 * minute, "half an hour"),
            94..99 => (2 * hour, "two hours"),
            _ => (72 * hour, "three days"),
        };
        let millis = 1 + self.dice.below(up_to) as u64;
        // Limits are often at a whole second, or met to the millisecond.
        let millis = match self.dice.below(3) {
            0 => millis,
            1 => millis.next_multiple_of(1000),
            _ => self
                .some_limit_ahead()
                .unwrap_or(millis)
                .min(up_to as u64)
                .max(1),
        };
        self.pass(millis);
        note(format!("{millis} ms"), name)
    }

    /// How long it is until something is over.
    fn some_limit_ahead(&mut self) -> Option<u64> {
        let side = &self.sides[0];
        let now = side.now();
        let links = side.model.links.iter().flat_map(|link| {
            let repeat = link.used.as_ref().map(|used| used.at + 60_000);
            let lease = if let Row::Sending { lease_until, .. } = link.row {
                Some(lease_until)
            } else {
                None
            };
            [
                link.minted.as_ref().map(|minted| minted.expires_at),
                repeat,
                lease,
            ]
        });
        let sessions = side
            .model
            .sessions
            .iter()
            .map(|session| Some(session.expires_at));
        let ahead: Vec<_> = links
            .chain(sessions)
            .flatten()
            .filter(|limit| *limit > now + 1)
            .collect();
        let limit = *ahead.get(self.dice.below(ahead.len()))?;
        Some(limit - now - self.dice.below(2) as u64)
    }

    /// TTL takes what is over.
    pub(super) fn ttl(&mut self) -> Said {
        let mut taken = 0;
        for side in &mut self.sides {
            taken += side.world.portal.sweep_ttl().unwrap();
            let now_secs = side.now() / 1000;
            for link in &mut side.model.links {
                link.swept |= link
                    .minted
                    .as_ref()
                    .is_some_and(|minted| minted.expires_at / 1000 < now_secs);
                if (link.requested_at + 30 * 86_400_000) / 1000 < now_secs {
                    link.row = Row::Gone;
                }
            }
            for session in &mut side.model.sessions {
                session.swept |= session.expires_at / 1000 < now_secs;
            }
        }
        note(format!("{taken} items"), "done")
    }

    /// A key is appended; or some instances cannot reach Secrets Manager, or can again.
    pub(super) fn rotate_or_lose_keys(&mut self) -> Said {
        let now = self.sides[0].now();
        if self.weather.keys_are_down() {
            return self.keys_are_back();
        }
        if self.dice.one_in(2) || self.keys.len() == MOST_KEYS {
            let mut down = [false; INSTANCES];
            down[self.dice.below(INSTANCES)] = true;
            let down = if self.dice.one_in(3) {
                [true; INSTANCES]
            } else {
                down
            };
            self.weather.set_keys(down);
            return note(format!("{down:?}"), "lost");
        }
        self.keys.rotate(&mut self.dice, now / 1000);
        for side in &mut self.sides {
            side.world.portal.set_key_ring(Some(self.keys.value()));
            side.ring = self.keys.of(side.name);
        }
        note(format!("{} keys", self.keys.len()), "rotated")
    }

    /// All instances reach Secrets Manager again.
    pub(super) fn keys_are_back(&mut self) -> Said {
        self.weather.set_keys([false; INSTANCES]);
        self.keys_stale_until = self.sides[0].now() + RETRY_AFTER;
        note(String::new(), "back")
    }

    /// The store and the mail provider get worse, or well.
    pub(super) fn change_weather(&mut self) -> Said {
        let (regime, name) = match self.dice.below(10) {
            0..6 => (Regime::Clear, "clear"),
            6 => (Regime::Showers(10), "showers"),
            7 => (Regime::Showers(45), "heavy showers"),
            8 => (Regime::Hanging(25), "hanging"),
            _ => (Regime::Storm, "storm"),
        };
        self.weather.set(regime);
        note(String::new(), name)
    }
}
