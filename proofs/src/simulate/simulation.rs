//! One seed: its portals, what the oracle knows of them, and the steps that are thrown for them.

use super::INSTANCES;
use super::keys::KeyRing;
use super::model::{Model, Person, Rules, Status, User};
use super::outcome::Outcome;
use super::trace::Trace;
use super::weather::Weather;
use crate::dice::{Dice, random};
use local::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tests::{Answer, Browser, World, owned};

/// What a step did and what came of it; or what broke.
pub(super) type Said = Result<Note, String>;

/// One step, for the trace and the histogram.
pub(super) struct Note {
    pub(super) line: String,
    pub(super) outcome: &'static str,
}

/// How often each kind of step came to what.
pub(super) type Tally = BTreeMap<(&'static str, &'static str), u64>;

/// The kinds of steps and how often each is thrown. To add one: a line here, and one in
/// [`Simulation::step`].
const KINDS: [(&str, usize); 23] = [
    ("ask", 18),
    ("deliver", 18),
    ("open", 5),
    ("redeem", 18),
    ("code", 8),
    ("me", 10),
    ("logout", 3),
    ("replay", 4),
    ("forge", 2),
    ("cross", 2),
    ("race-redeems", 2),
    ("race-logout", 3),
    ("race-mailers", 2),
    ("race-epoch", 1),
    ("suspend", 1),
    ("reactivate", 3),
    ("epoch", 1),
    ("invite", 1),
    ("clock", 9),
    ("sweep", 4),
    ("ttl", 1),
    ("keys", 3),
    ("weather", 4),
];

/// A browser, or a program that holds no cookies.
pub(super) struct Client<'w> {
    pub(super) browser: Browser<'w>,
    pub(super) bearer: bool,
    /// What a program was given when it asked, youngest first.
    pub(super) requests: Vec<String>,
    /// The session token that a program holds.
    pub(super) token: Option<String>,
}

/// One portal, running, and as it must be.
pub(super) struct Side<'w> {
    pub(super) name: &'static str,
    pub(super) world: &'w World,
    pub(super) ring: shared::keys::KeyRing,
    pub(super) model: Model,
    pub(super) clients: Vec<Client<'w>>,
    /// The last record of the stream that was read.
    pub(super) stream: Option<String>,
}

pub(super) struct Simulation<'w> {
    pub(super) dice: Dice,
    pub(super) sides: Vec<Side<'w>>,
    pub(super) weather: Arc<Weather>,
    pub(super) keys: KeyRing,
    /// Until when an instance may hold a copy of the ring that it knows to be old.
    pub(super) keys_stale_until: u64,
    pub(super) tally: Tally,
}

/// The two portals of a company; they share a key ring, which no two stacks ever do.
pub(super) const PORTALS: [&str; 2] = ["partner", "staff"];

/// Where all of them are reached: whatever is random of a portal is in its seed.
pub(super) const PUBLIC_URL: &str = "http://localhost:8787";

impl Rules {
    fn thrown(dice: &mut Dice) -> Self {
        let hour = 3_600_000;
        Self {
            other_browser: *dice
                .pick::<&'static str>(&["button", "button", "button", "code", "off"]),
            activates: dice.one_in(3),
            session_millis: *dice.pick(&[hour, 24 * hour, 24 * hour, 87_660 * hour]),
            link_millis: *dice.pick(&[60_000, 15 * 60_000, 15 * 60_000, 24 * hour]),
            asks: *dice.pick(&[
                [1, 5, 200],
                [10, 1000, 100_000],
                [10, 1000, 100_000],
                [3, 20, 15],
            ]),
            mails: *dice.pick(&[
                [15, 40, 1000],
                [1000, 1000, 100_000],
                [1000, 1000, 100_000],
                [4, 10, 30],
            ]),
            code_attempts: *dice.pick(&[1, 3, 5, 5]),
        }
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let number = |name: &str, value: u64| (name.to_owned(), value.to_string());
        let ([minute, hour, network], [mail_hour, mail_day, mail_portal]) = (self.asks, self.mails);
        let words = [
            ("OtherBrowser", self.other_browser),
            (
                "Activation",
                if self.activates { "link" } else { "password" },
            ),
        ];
        let numbers = [
            number("SessionHours", self.session_millis / 3_600_000),
            number("LinkMinutes", self.link_millis / 60_000),
            number("CodeAttempts", self.code_attempts),
            number("RequestsPerMinute", minute),
            number("RequestsPerHour", hour),
            number("RequestsPerNetworkHour", network),
            number("EmailsPerHour", mail_hour),
            number("EmailsPerDay", mail_day),
            number("EmailsPerDayPortal", mail_portal),
        ];
        owned(&words).into_iter().chain(numbers).collect()
    }
}

/// Starts one portal of a seed.
pub(super) async fn start(name: &str, dice: &mut Dice, keys: &KeyRing) -> (World, Rules) {
    let rules = Rules::thrown(dice);
    let options = Options {
        portal: Some(name.to_owned()),
        public_url: Some(PUBLIC_URL.to_owned()),
        parameters: rules.parameters(),
        key_ring: Some(keys.value()),
        random: Some(random(Dice::new(dice.throw()))),
        instances: INSTANCES,
        events_by_hand: true,
        ..Options::default()
    };
    (World::in_process(options).await, rules)
}

impl<'w> Side<'w> {
    async fn new(name: &'static str, world: &'w World, rules: Rules, keys: &KeyRing) -> Self {
        let client = |bearer| Client {
            browser: world.browser(),
            bearer,
            requests: vec![],
            token: None,
        };
        let clients = [false, false, false, true].map(client).into();
        let mut people = vec![];
        let seeded = [("ada", Status::Active), ("grace", Status::Invited)];
        let rows = world.rows("users");
        for (who, status) in seeded {
            let address = format!("{who}@example.com");
            let row = rows
                .iter()
                .find(|row| row["address"]["S"] == address.as_str())
                .unwrap();
            let id = row["pk"]["S"]
                .as_str()
                .unwrap()
                .trim_start_matches("user#")
                .to_owned();
            people.push(Person {
                address,
                user: Some(User {
                    id,
                    status,
                    epoch: 0,
                }),
            });
        }
        for who in ["bob", "eve", "nobody"] {
            people.push(Person {
                address: format!("{who}@example.com"),
                user: None,
            });
        }
        // One more who may sign in; the others are strangers until somebody adds them.
        let bob = json!({"email": people[2].address, "name": "Bob", "status": "active"});
        let id = world.browser().admin("local", &[], &bob).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        people[2].user = Some(User {
            id,
            status: Status::Active,
            epoch: 0,
        });
        let began = world.time.now().millis();
        let model = Model {
            began,
            rules,
            people,
            links: vec![],
            sessions: vec![],
            counters: BTreeMap::new(),
        };
        Self {
            name,
            world,
            ring: keys.of(name),
            model,
            clients,
            stream: None,
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.world.time.now().millis()
    }

    /// An item of a table, as it is.
    pub(super) fn row(&self, table: &str, pk: &str, sk: Option<&str>) -> Option<Value> {
        let mut key = json!({"pk": {"S": pk}});
        if let Some(sk) = sk {
            key["sk"] = json!({"S": sk});
        }
        let get = json!({"TableName": format!("{}-{table}", local::template::STACK), "Key": key});
        let got = self
            .world
            .portal
            .database()
            .get_item(serde_json::from_value(get).unwrap())
            .unwrap();
        got.item.map(|item| json!(item))
    }

    /// The nonces that a client shows.
    pub(super) fn nonces(&self, client: usize) -> Vec<String> {
        let client = &self.clients[client];
        if client.bearer {
            return client.requests.iter().take(1).cloned().collect();
        }
        let cookie = client
            .browser
            .cookie(&format!("{}.ask", self.name))
            .unwrap_or_default();
        cookie
            .split('.')
            .filter(|nonce| !nonce.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The session token that a client shows.
    pub(super) fn token(&self, client: usize) -> Option<String> {
        let client = &self.clients[client];
        if client.bearer {
            client.token.clone()
        } else {
            client.browser.cookie(&format!("{}.sid", self.name))
        }
    }

    /// The session that a sign-in with this token in hand replaces: one whose time is not over.
    pub(super) fn replaceable(&self, token: Option<&str>) -> Option<usize> {
        let session = self.model.session_of(token?)?;
        (self.model.sessions[session].expires_at > self.now()).then_some(session)
    }

    /// Whether a client asked for a link.
    pub(super) fn has_asked(&self, client: usize, link: usize) -> bool {
        let nonce = self.model.links[link].nonce.as_ref();
        nonce.is_some_and(|nonce| self.nonces(client).contains(nonce))
    }
}

impl<'w> Simulation<'w> {
    pub(super) async fn new(
        mut dice: Dice,
        worlds: &'w [(World, Rules); 2],
        keys: KeyRing,
    ) -> Self {
        let weather = Arc::new(Weather::new(Dice::new(dice.throw())));
        let mut sides = vec![];
        for ((world, rules), name) in worlds.iter().zip(PORTALS) {
            sides.push(Side::new(name, world, rules.clone(), &keys).await);
            let weather = Arc::clone(&weather);
            world
                .portal
                .set_fault(move |attempt| weather.meets(attempt));
        }
        Self {
            dice,
            sides,
            weather,
            keys,
            keys_stale_until: 0,
            tally: Tally::new(),
        }
    }

    /// Throws and does one step.
    ///
    /// # Errors
    /// What broke.
    pub(super) async fn step(&mut self, number: usize, trace: &mut Trace) -> Result<(), String> {
        // What is lost for long makes too much excusable.
        let recovers = self.weather.keys_are_down() && self.dice.one_in(20);
        let kind = if recovers { "keys" } else { self.throw_kind() };
        let s = usize::from(self.dice.one_in(4));
        let moment = 1 + self.dice.below(40) as u64;
        self.pass(moment);
        let said = match kind {
            "ask" => self.ask(s).await,
            "deliver" => self.deliver(s).await,
            "open" => self.open(s).await,
            "redeem" => self.redeem(s).await,
            "code" => self.code(s).await,
            "me" => self.me(s).await,
            "logout" => self.logout(s).await,
            "replay" => self.replay(s).await,
            "forge" => self.forge(s).await,
            "cross" => self.cross(s).await,
            "race-redeems" => self.race_redeems(s).await,
            "race-logout" => self.race_logout(s).await,
            "race-mailers" => self.race_mailers(s).await,
            "race-epoch" => self.race_epoch(s).await,
            "suspend" => self.suspend(s),
            "reactivate" => self.reactivate(s),
            "epoch" => self.move_epoch(s),
            "invite" => self.invite(s).await,
            "clock" => self.clock(),
            "sweep" => self.sweep(s).await,
            "ttl" => self.ttl(),
            "keys" => self.rotate_or_lose_keys(),
            _ => self.change_weather(),
        };
        let (line, outcome) = match said {
            Ok(note) => (note.line, note.outcome),
            Err(broken) => {
                trace.note(format!("{number} {} {kind}: BROKEN", self.sides[s].name));
                return Err(format!("{kind} in {}: {broken}", self.sides[s].name));
            }
        };
        trace.note(format!(
            "{number} {} {} {kind} {line}: {outcome}",
            self.sides[s].now(),
            self.sides[s].name
        ));
        *self.tally.entry((kind, outcome)).or_default() += 1;
        self.weather.trespass().map_or(Ok(()), Err)
    }

    fn throw_kind(&mut self) -> &'static str {
        let mut left = self
            .dice
            .below(KINDS.iter().map(|(_, weight)| weight).sum());
        for (kind, weight) in KINDS {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        "clock"
    }

    /// Lets time pass for all portals.
    pub(super) fn pass(&self, millis: u64) {
        for side in &self.sides {
            side.world.time.pass(Duration::from_millis(millis));
        }
    }

    /// Whether an answer may be 503 now: the store is in trouble, or some instance cannot have the
    /// keys.
    pub(super) fn may_fail(&self) -> bool {
        !self.weather.is_clear() || self.keys_may_be_old()
    }

    fn keys_may_be_old(&self) -> bool {
        self.weather.keys_are_down() || self.sides[0].now() < self.keys_stale_until
    }

    /// Compares an answer with what it must be; `false` where it is a 503 that may be.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn judge(
        &self,
        what: &str,
        answer: &Answer,
        must: &Outcome,
    ) -> Result<bool, String> {
        match Outcome::of(answer) {
            got if got == *must => Ok(true),
            Outcome::Unavailable if self.may_fail() => Ok(false),
            got => Err(format!("{what} must be {must}, and is {got}")),
        }
    }

    /// A client of a portal: sometimes one in particular.
    pub(super) fn some_client(&mut self, s: usize, likely: Option<usize>) -> usize {
        match likely {
            Some(client) if !self.dice.one_in(3) => client,
            _ => self.dice.below(self.sides[s].clients.len()),
        }
    }

    /// Somebody to ask for: likely a user.
    pub(super) fn some_person(&mut self, s: usize) -> usize {
        let people = &self.sides[s].model.people;
        let active = |person: &usize| {
            people[*person]
                .user
                .as_ref()
                .is_some_and(|user| user.status == Status::Active)
        };
        let active: Vec<_> = (0..people.len()).filter(active).collect();
        if active.is_empty() || self.dice.one_in(3) {
            return self.dice.below(people.len());
        }
        *self.dice.pick(&active)
    }

    /// A client that looks who it is: likely one that has a session.
    pub(super) fn some_visitor(&mut self, s: usize) -> usize {
        let clients = 0..self.sides[s].clients.len();
        let with: Vec<_> = clients
            .filter(|client| self.sides[s].token(*client).is_some())
            .collect();
        if with.is_empty() || self.dice.one_in(5) {
            return self.dice.below(self.sides[s].clients.len());
        }
        *self.dice.pick(&with)
    }

    /// A link that was mailed, likely a young one.
    pub(super) fn some_link(&mut self, s: usize) -> Option<usize> {
        let links = &self.sides[s].model.links;
        let mailed: Vec<_> = (0..links.len())
            .rev()
            .filter(|link| links[*link].letter.is_some())
            .collect();
        let among = if self.dice.one_in(4) {
            mailed.len()
        } else {
            mailed.len().min(3)
        };
        (among > 0).then(|| mailed[self.dice.below(among)])
    }
}

/// A step that found nothing to do.
pub(super) fn idle(why: &str) -> Said {
    Ok(Note {
        line: why.to_owned(),
        outcome: "nothing to do",
    })
}

/// A step and its outcome.
pub(super) fn note(line: String, outcome: &'static str) -> Said {
    Ok(Note { line, outcome })
}
