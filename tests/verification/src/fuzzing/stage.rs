//! A portal that inputs are tried on: each finds it as if it were the first.

use crate::old_kit::{Browser, World, mins};
use crate::rng::{Rng, random};
use local::Options;
use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeMap;
use tokio::runtime::{Builder, Runtime};

/// Where people reach it.
pub(super) const PUBLIC: &str = "http://localhost:8787";

/// A portal where Ada is signed in, holds a link that has not been redeemed, and has asked for
/// another that has not been mailed. Nothing in it is left to chance.
pub(super) struct Stage {
    runtime: Runtime,
    pub(super) world: World,
    /// What inputs may name: `@LINK@` and so on, for what only the portal can make.
    words: Vec<(&'static str, String)>,
    /// Everything in its tables.
    rows: Rows,
    /// How often they were put back: streams and logs only grow.
    restored: usize,
}

type Rows = BTreeMap<String, Vec<Value>>;

/// After how many writes there is a new stage.
const WORN_OUT: usize = 2000;

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// Tries something on the stage. What it wrote is undone; when it panics, the next one finds a new
/// stage.
pub(super) fn with(work: impl FnOnce(&Stage)) {
    let mut stage = STAGE.take().unwrap_or_else(Stage::set);
    stage.world.portal.take_calls();
    work(&stage);
    let wrote = |operation: &str| matches!(operation, "TransactWriteItems" | "UpdateItem");
    if stage
        .world
        .portal
        .take_calls()
        .iter()
        .any(|call| wrote(&call.operation))
    {
        stage.restore();
    }
    if stage.restored < WORN_OUT {
        STAGE.set(Some(stage));
    }
}

/// The key ring of the stage.
pub(super) fn key_ring() -> String {
    let mut value = None;
    with(|stage| value = stage.world.portal.key_ring());
    value.unwrap()
}

impl Stage {
    fn set() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let (world, words) = runtime.block_on(async {
            let world = World::in_process(Options {
                events_by_hand: true,
                random: Some(random(Rng::new(1))),
                public_url: Some(PUBLIC.to_owned()),
                ..Options::default()
            });
            let world = world.await;
            let words = words(&world).await;
            (world, words)
        });
        let rows = world.portal.dump().unwrap();
        Self {
            runtime,
            world,
            words,
            rows,
            restored: 0,
        }
    }

    /// Puts the tables back as they were.
    fn restore(&mut self) {
        self.restored += 1;
        let (database, now) = (
            self.world.portal.database(),
            self.world.portal.dump().unwrap(),
        );
        for (table, rows) in &self.rows {
            let name = format!("{}-{table}", local::template::STACK);
            for new in now[table].iter().filter(|row| !rows.contains(row)) {
                let mut key = json!({"pk": new["pk"]});
                if ["audit", "emails", "sessions"].contains(&table.as_str()) {
                    key["sk"] = new["sk"].clone();
                }
                let request =
                    serde_json::from_value(json!({"TableName": name, "Key": key})).unwrap();
                database.delete_item(request).unwrap();
            }
            for old in rows.iter().filter(|row| !now[table].contains(row)) {
                let request =
                    serde_json::from_value(json!({"TableName": name, "Item": old})).unwrap();
                database.put_item(request).unwrap();
            }
        }
    }

    /// Runs what it gives to its end.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// `input` with the words it names in their places.
    pub(super) fn fill(&self, input: &[u8]) -> Vec<u8> {
        self.words
            .iter()
            .fold(input.to_vec(), |input, (name, word)| {
                replace(&input, name.as_bytes(), word.as_bytes())
            })
    }

    /// Whether `input` holds what the word `name` stands for.
    pub(super) fn shows(&self, input: &[u8], name: &str) -> bool {
        let word = self
            .words
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, word)| word.as_bytes());
        word.is_some_and(|word| input.windows(word.len()).any(|window| window == word))
    }

    /// The mails so far.
    pub(super) fn mails(&self) -> usize {
        self.world.portal.inbox().len()
    }
}

async fn words(world: &World) -> Vec<(&'static str, String)> {
    let browser = world.browser();
    let ask = async |now: Timestamp| {
        let asked = browser
            .post("/auth/request-login", json!({"email": "ada@example.com"}))
            .await;
        assert_eq!(asked.status, 200, "{} at {}", asked.body, now.rfc3339());
        world.time.pass(mins(1));
    };
    ask(world.time.now()).await;
    let token = mailed(world).await.0;
    let redeemed = browser.post("/auth/verify", json!({"token": token})).await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.body);
    ask(world.time.now()).await;
    let (link, code) = mailed(world).await;
    let asked = jar(&browser, "partner.requests");
    ask(world.time.now()).await;
    let queued = waiting(world).pop().unwrap_or_default();
    let keys = |name: &str| {
        queued["dynamodb"]["Keys"][name]["S"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    vec![
        ("@LINK@", link),
        ("@CODE@", code),
        (
            "@NONCE@",
            asked.split('.').next().unwrap_or_default().to_owned(),
        ),
        ("@SESSION@", jar(&browser, "partner.sid")),
        ("@USED@", token),
        ("@PK@", keys("pk")),
        ("@SK@", keys("sk")),
    ]
}

/// The value of a cookie that must be there.
fn jar(browser: &Browser<'_>, name: &str) -> String {
    browser.cookie(name).unwrap()
}

/// The link and the code of the mail that waits, once it is mailed.
async fn mailed(world: &World) -> (String, String) {
    let waiting = waiting(world);
    let sent = world
        .portal
        .invoke("mailer", json!({ "Records": waiting }))
        .await;
    assert_eq!(sent, Ok(json!({"batchItemFailures": []})));
    let mail = serde_json::to_value(world.portal.inbox().last()).unwrap();
    let link = mail["links"][0].as_str().unwrap_or_default();
    let code = mail["code"].as_str().unwrap_or_default();
    (
        link.rsplit('/').next().unwrap_or_default().to_owned(),
        code.replace(' ', ""),
    )
}

/// The youngest record of a mail that was asked for.
fn waiting(world: &World) -> Vec<Value> {
    let records = world.portal.stream_records(None).unwrap();
    records
        .into_iter()
        .rfind(|record| record["eventName"] == "INSERT")
        .into_iter()
        .collect()
}

fn replace(text: &[u8], name: &[u8], word: &[u8]) -> Vec<u8> {
    let mut done = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(name) {
            Some(after) => {
                done.extend_from_slice(word);
                rest = after;
            }
            None => {
                done.push(*first);
                rest = after;
            }
        }
    }
    done
}
