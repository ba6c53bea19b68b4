//! A portal that every input finds in the same state.

use crate::outbox;
use crate::rng::{Rng, random};
use crate::rows::text;
use kit::{ADA, ApiClient, Email, World, mins, table_name};
use local::Options;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tokio::runtime::{Builder, Runtime};

pub(super) const PUBLIC_URL: &str = "http://localhost:8787";

/// The number of restored states after which there is a new portal: streams and logs only grow.
const MAX_RESTORED: usize = 2000;

/// A portal in which Ada is signed in, has a link that is not redeemed, and has requested another
/// one that is not sent yet. Its randomness is seeded.
pub(super) struct Fixture {
    runtime: Runtime,
    pub(super) world: World,
    /// The placeholders in inputs, and what they stand for.
    placeholders: Vec<(&'static str, String)>,
    /// The rows of all tables.
    tables: BTreeMap<String, Vec<Value>>,
    restored: usize,
}

thread_local! {
    static FIXTURE: RefCell<Option<Fixture>> = const { RefCell::new(None) };
}

/// Tries an input and undoes its writes; if it panics, the next one gets a new portal.
pub(super) fn with(work: impl FnOnce(&Fixture)) {
    let mut fixture = FIXTURE.take().unwrap_or_else(Fixture::new);
    fixture.world.portal.take_calls();
    work(&fixture);
    let calls = fixture.world.portal.take_calls();
    let writes = ["TransactWriteItems", "UpdateItem"];
    if calls
        .iter()
        .any(|call| writes.contains(&call.operation.as_str()))
    {
        fixture.restore();
    }
    if fixture.restored < MAX_RESTORED {
        FIXTURE.set(Some(fixture));
    }
}

/// Returns the key ring of the portal.
pub(super) fn key_ring() -> String {
    let mut value = None;
    with(|fixture| value = fixture.world.portal.key_ring());
    value.unwrap()
}

impl Fixture {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let (world, placeholders) = runtime.block_on(async {
            let world = World::in_process(Options {
                events_by_hand: true,
                random: Some(random(Rng::new(1))),
                public_url: Some(PUBLIC_URL.to_owned()),
                ..Options::default()
            });
            let world = world.await;
            let placeholders = placeholders(&world).await;
            (world, placeholders)
        });
        let tables = world.portal.dump().unwrap();
        Self {
            runtime,
            world,
            placeholders,
            tables,
            restored: 0,
        }
    }

    /// Restores the rows of all tables.
    fn restore(&mut self) {
        self.restored += 1;
        let database = self.world.portal.database();
        let now = self.world.portal.dump().unwrap();
        for (table, rows) in &self.tables {
            for new in now[table].iter().filter(|row| !rows.contains(row)) {
                let mut key = json!({"pk": new["pk"]});
                if ["audit", "emails", "sessions"].contains(&table.as_str()) {
                    key["sk"] = new["sk"].clone();
                }
                let delete = json!({"TableName": table_name(table), "Key": key});
                let delete = serde_json::from_value(delete).unwrap();
                database.delete_item(delete).unwrap();
            }
            for old in rows.iter().filter(|row| !now[table].contains(row)) {
                self.world.put_row(table, old);
            }
        }
    }

    /// Runs a future to its end.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Returns the input with its placeholders filled in.
    pub(super) fn fill(&self, input: &[u8]) -> Vec<u8> {
        // Each byte becomes one character, and back.
        let mut text: String = input.iter().copied().map(char::from).collect();
        for (name, value) in &self.placeholders {
            text = text.replace(name, value);
        }
        text.chars().map(|c| c as u8).collect()
    }

    /// Returns whether an input has the value of a placeholder.
    pub(super) fn has(&self, input: &[u8], name: &str) -> bool {
        let mut placeholders = self.placeholders.iter();
        placeholders.any(|(known, value)| {
            let mut windows = input.windows(value.len());
            *known == name && windows.any(|window| window == value.as_bytes())
        })
    }

    /// Returns the number of sent emails.
    pub(super) fn sent(&self) -> usize {
        self.world.portal.inbox().len()
    }
}

/// Signs in, requests two more links, receives the first one, and returns the placeholders.
async fn placeholders(world: &World) -> Vec<(&'static str, String)> {
    let client = world.client();
    let mut cursor = None;
    let used = send(world, request_link(world, &client, &mut cursor).await).await;
    client.verify_link(&used.token()).await.assert("200");
    let link = send(world, request_link(world, &client, &mut cursor).await).await;
    let nonces = client.nonces().unwrap();
    let nonce = nonces.split('.').next().unwrap_or_default();
    let queued = request_link(world, &client, &mut cursor).await;
    let key = |name| text(&queued["dynamodb"]["Keys"], name).to_owned();
    vec![
        ("@LINK@", link.token()),
        ("@CODE@", link.code.replace(' ', "")),
        ("@NONCE@", nonce.to_owned()),
        ("@SESSION@", client.session().unwrap()),
        ("@USED@", used.token()),
        ("@PK@", key("pk")),
        ("@SK@", key("sk")),
    ]
}

/// Requests a link and returns the record of its email.
async fn request_link(world: &World, client: &ApiClient<'_>, cursor: &mut Option<String>) -> Value {
    client.request_login(ADA).await.assert("200");
    world.clock.advance(mins(1));
    outbox::queued(world, cursor).unwrap().pop().unwrap()
}

async fn send(world: &World, record: Value) -> Email {
    let sent = outbox::deliver(world, &[record]).await;
    assert_eq!(sent, Ok(json!({"batchItemFailures": []})));
    world.portal.inbox().pop().unwrap().into()
}
