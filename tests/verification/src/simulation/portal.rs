//! A portal under test, its clients, and the choices among what it has.

use super::client::Client;
use super::counters::Counters;
use super::environment::Environment;
use super::faults::INSTANCES;
use super::model::{Model, Person, User};
use super::rules::Rules;
use crate::fixture::{HASH_PARAMETERS, hash};
use crate::key_ring::KeyRing;
use crate::rng::{Rng, random};
use crate::rows::{number, text};
use kit::{ADA, GRACE, PASSWORD, World, table_name};
use local::Options;
use serde_json::{Value, json};
use shared::domain::user::Status;
use std::collections::BTreeMap;

/// The path that some login requests ask to be redirected to.
pub(super) const NEXT: &str = "/reports";

const BOB: &str = "bob@example.com";

/// The addresses that requests are about, and the status of those that are users. The first two
/// have a password where the portal uses them.
const PEOPLE: [(&str, Option<Status>); 6] = [
    (ADA, Some(Status::Active)),
    (BOB, Some(Status::Active)),
    (GRACE, Some(Status::Invited)),
    ("eve@example.com", None),
    ("eve+club@example.com", None),
    ("nobody@example.com", None),
];

/// A portal with the state that it must have.
pub(super) struct PortalUnderTest<'w> {
    pub(super) name: &'static str,
    pub(super) world: &'w World,
    pub(super) model: Model,
    pub(super) clients: Vec<Client<'w>>,
    /// The key ring that the portal started with, for keyed hashes.
    pub(super) ring: shared::keys::KeyRing,
    /// The position in the stream of queued emails.
    pub(super) cursor: Option<String>,
}

/// Starts a portal with random rules.
pub(super) async fn start(name: &str, rng: &mut Rng, keys: &KeyRing) -> (World, Rules) {
    let rules = Rules::random(rng);
    let options = Options {
        portal: Some(name.to_owned()),
        // The same for every run, unlike the default.
        public_url: Some("http://localhost:8787".to_owned()),
        parameters: rules.parameters(),
        key_ring: Some(keys.value()),
        random: Some(random(Rng::new(rng.next_u64()))),
        instances: INSTANCES,
        events_by_hand: true,
        ..Options::default()
    };
    (World::in_process(options).await, rules)
}

impl<'w> PortalUnderTest<'w> {
    pub(super) async fn new(name: &'static str, world: &'w World, rules: &Rules) -> Self {
        let mut clients: Vec<_> = [false, false, false, true]
            .map(|is_program| Client::new(world.client(), is_program))
            .into();
        // A colleague in the network of the first one.
        clients.push(Client::new(clients[0].api.neighbor(), false));
        let admin = world.client();
        let created = admin.create_user(BOB, "Bob").status("active").await;
        created.assert("201");
        let mut people: Vec<_> = PEOPLE
            .map(|(address, status)| Person {
                address: address.to_owned(),
                user: status.map(|status| read_user(&world.user_row(address), status)),
                spent_keys: vec![],
            })
            .into();
        if rules.has_passwords {
            people[..2]
                .iter_mut()
                .for_each(|one| set_password(world, one));
        }
        Self {
            name,
            world,
            model: Model {
                started_at: world.clock.now().millis(),
                rules: rules.clone(),
                people,
                links: vec![],
                sessions: vec![],
                marks: BTreeMap::new(),
                counters: Counters::default(),
            },
            clients,
            ring: world.key_ring(),
            cursor: None,
        }
    }

    /// Returns the current time in milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.world.clock.now().millis()
    }

    /// Returns an item of a table.
    pub(super) fn row(&self, table: &str, pk: &str, sk: Option<&str>) -> Option<Value> {
        let mut key = json!({"pk": {"S": pk}});
        if let Some(sk) = sk {
            key["sk"] = json!({"S": sk});
        }
        let get = json!({"TableName": table_name(table), "Key": key});
        let get = serde_json::from_value(get).unwrap();
        let found = self.world.portal.database().get_item(get).unwrap();
        found.item.map(|item| json!(item))
    }

    /// Returns whether a session still has its row.
    pub(super) fn has_row(&self, session: usize) -> bool {
        let session = &self.model.sessions[session];
        let row = self.row("sessions", &session.user, Some(&session.hash));
        row.is_some()
    }

    /// Returns whether a client requested a link and still has the nonce.
    pub(super) fn is_requester(&self, client: usize, link: usize) -> bool {
        let nonce = self.model.links[link].nonce.as_ref();
        nonce.is_some_and(|nonce| self.clients[client].nonces().contains(nonce))
    }

    /// Chooses a client, most often the likely one.
    pub(super) fn some_client(&self, env: &mut Environment, likely: usize) -> usize {
        if env.rng.one_in(3) {
            env.rng.below(self.clients.len())
        } else {
            likely
        }
    }

    /// Chooses a client that sends its session, most often one that has a session.
    pub(super) fn some_visitor(&self, env: &mut Environment) -> usize {
        let has_session = |client: &usize| self.clients[*client].session().is_some();
        let visitors: Vec<_> = (0..self.clients.len()).filter(has_session).collect();
        env.some_likely(5, &visitors, self.clients.len())
    }

    /// Chooses a person, most often an active user.
    pub(super) fn some_person(&self, env: &mut Environment) -> usize {
        let active = self.users(|user| user.status == Status::Active);
        env.some_likely(3, &active, self.model.people.len())
    }

    /// Returns the people who are users of this kind.
    pub(super) fn users(&self, fits: impl Fn(&User) -> bool) -> Vec<usize> {
        let people = 0..self.model.people.len();
        people
            .filter(|person| self.model.user(*person).is_some_and(&fits))
            .collect()
    }

    /// Chooses a link that was emailed, most often a new one.
    pub(super) fn some_link(&self, env: &mut Environment) -> Option<usize> {
        let links = &self.model.links;
        let mut emailed: Vec<_> = (0..links.len())
            .rev()
            .filter(|link| links[*link].email.is_some() && links[*link].is_redeemable())
            .collect();
        if !env.rng.one_in(4) {
            emailed.truncate(3);
        }
        env.rng.choose(&emailed).copied()
    }
}

/// Returns the user whom a row describes.
pub(super) fn read_user(row: &Value, status: Status) -> User {
    let id = text(row, "pk").trim_start_matches("user#");
    let epoch = number(row, "epoch").unwrap_or_default();
    User::new(id.to_owned(), text(row, "name"), status, epoch)
}

/// Gives a user a password behind the API, as an import does.
fn set_password(world: &World, person: &mut Person) {
    let hash = json!({"S": hash(HASH_PARAMETERS, PASSWORD)});
    world.set_attribute(&person.address, "password", &hash);
    if let Some(user) = &mut person.user {
        user.password = Some(PASSWORD.to_owned());
    }
}
