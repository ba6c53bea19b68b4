//! The walls of `docs/scale.md`: the rates of sign-ins at which DynamoDB's limits stop a portal,
//! computed from the recorded calls of sign-ins.

use crate::fixture::{HASH_PARAMETERS, hash};
use crate::rng::{Rng, random};
use crate::units::{Meter, Partition, writes};
use kit::{ALL_NOTICES, ApiClient, CHEAP_HASHES, PASSWORD, World, mins, parameters};
use local::Options;
use local::aws_stub::Call;
use serde_json::json;
use shared::domain::portal_budget::shards;
use std::collections::{BTreeMap, BTreeSet};

/// The write units that DynamoDB gives one partition key in a second.
const UNITS_PER_SECOND: f64 = 1000.0;
/// The transactions a second on one item at which one attempt in ten conflicts, if each takes
/// 10 ms.
const TRANSACTIONS_PER_SECOND: f64 = 0.1 / 0.010;
/// The number of sign-ins that are recorded, each of another user.
const SIGN_INS: usize = 8;
/// The portal's budget of emails a day.
const EMAILS_PER_DAY: &str = "100000000";

const COLUMNS: [&str; 8] = [
    "table or index",
    "partition key",
    "is one for",
    "keys",
    "units by link",
    "by password",
    "transactions",
    "sign-ins a second",
];

/// The writes of sign-ins under partition keys of one kind.
#[derive(Default)]
struct Load {
    keys: BTreeSet<String>,
    units: f64,
    /// Transactions on one item.
    transactions: f64,
}

/// The kind of a partition key: its table or index, and what is the same in all such keys.
type Kind = (String, &'static str);

/// Returns the table of `docs/scale.md`.
pub async fn table() -> String {
    let link = record(true, false).await;
    let password = record(false, false).await;
    let shared_network = [record(true, true).await, record(false, true).await];
    let kinds: BTreeSet<_> = link.keys().chain(password.keys()).cloned().collect();
    let rows = kinds.into_iter().map(|kind| {
        let one = |loads: &BTreeMap<Kind, Load>, count: fn(&Load) -> f64| {
            loads.get(&kind).map_or(0.0, count) / SIGN_INS as f64
        };
        let both = |count| [one(&link, count), one(&password, count)];
        let keys =
            |loads: &BTreeMap<Kind, Load>| loads.get(&kind).map_or(0, |load| load.keys.len());
        let distinct = keys(&link).max(keys(&password));
        let in_network = shared_network.iter().map(keys).max().unwrap_or_default();
        let budget = EMAILS_PER_DAY.parse().map_or(1, shards);
        let (whose, keys) = match kind.1 {
            "`portal-emails#<hash>#<day>`" => ("the portal", budget),
            _ if distinct < SIGN_INS => ("the portal", distinct as u64),
            _ if in_network < SIGN_INS => ("a network", 1),
            _ => ("a user", 1),
        };
        let [by_link, by_password] = both(|load| load.units);
        let transactions = both(|load| load.transactions);
        let transactions = transactions[0].max(transactions[1]);
        let walls = [
            UNITS_PER_SECOND / by_link.max(by_password),
            TRANSACTIONS_PER_SECOND / transactions,
        ];
        // Each sign-in is of another user.
        let wall = match whose {
            "a user" => "no wall".to_owned(),
            _ => (walls[0].min(walls[1]) * keys as f64).floor().to_string(),
        };
        let (table, key) = (&kind.0, kind.1);
        format!(
            "| `{table}` | {key} | {whose} | {keys} | {by_link} | {by_password} | {transactions} \
             | {wall} |\n"
        )
    });
    let (heading, rule) = (COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    format!("| {heading} |\n|{rule}\n{}", rows.collect::<String>())
}

/// Records sign-ins of users who have signed in before, from browsers that are not known: of
/// networks of their own, or of one.
async fn record(by_link: bool, one_network: bool) -> BTreeMap<Kind, Load> {
    let mut all = parameters(&CHEAP_HASHES);
    all.extend(parameters(&[
        ALL_NOTICES,
        ("EmailsPerDayPortal", EMAILS_PER_DAY),
    ]));
    let world = World::in_process(Options {
        parameters: all,
        random: Some(random(Rng::new(1))),
        publishes_deliveries: true,
        ..Options::default()
    })
    .await;
    world.clock.advance(mins(2));
    let password = hash(HASH_PARAMETERS, PASSWORD);
    let users = (0..SIGN_INS)
        .map(|user| json!({"email": address(user), "name": "A user", "password": password}));
    let imported = world.client().import_users(users.collect()).await;
    imported.assert("200");
    for user in 0..SIGN_INS {
        world.set_attribute(&address(user), "signed_in_at", &json!({"N": "1"}));
    }
    world.portal.take_calls();
    let first = world.client();
    for user in 0..SIGN_INS {
        let client = if one_network {
            first.neighbor()
        } else {
            world.client()
        };
        sign_in(&world, &client, &address(user), by_link).await;
    }
    loads(&world.portal.take_calls())
}

fn address(user: usize) -> String {
    format!("user{user}@example.com")
}

async fn sign_in(world: &World, client: &ApiClient<'_>, address: &str, by_link: bool) {
    if by_link {
        let email = client.receive_login_email(address).await;
        client.verify_link(&email.token()).await.assert("200");
    } else {
        client.sign_in(address, PASSWORD).await.assert("200");
    }
    client.me().await.assert("200");
    client.logout().await.assert("200");
    world.settle().await;
}

fn loads(calls: &[Call]) -> BTreeMap<Kind, Load> {
    let mut meter = Meter::default();
    let mut loads: BTreeMap<Kind, Load> = BTreeMap::new();
    for call in calls {
        for (partition, units) in meter.units(call) {
            let load = loads.entry(kind(&partition)).or_default();
            load.units += units;
            load.keys.insert(partition.1);
        }
        if call.operation != "TransactWriteItems" {
            continue;
        }
        for write in writes(&call.operation, &call.body) {
            let partition = (write.table.to_owned(), write.pk.to_owned());
            loads.entry(kind(&partition)).or_default().transactions += 1.0;
        }
    }
    loads
}

fn kind((resource, key): &Partition) -> Kind {
    let name = match (resource.as_str(), key.split('#').next().unwrap_or_default()) {
        ("emails/index/unfinished", "held") => "`held`",
        ("emails/index/unfinished", _) => "`email`, `email-1` ...",
        ("emails", _) => "hash of the address",
        ("links", _) => "link",
        ("audit" | "sessions", _) => "user",
        ("users", "user") => "`user#<id>`",
        ("users", _) => "`email#<address>`",
        ("rate-limits", "portal-emails") => "`portal-emails#<hash>#<day>`",
        ("rate-limits", "emails-per-hour") => "`emails-per-hour#<hash>#<hour>`",
        ("rate-limits", "emails-per-day") => "`emails-per-day#<hash>#<day>`",
        ("rate-limits", "requests") => "`requests#<hash>#<hour>`",
        ("rate-limits", "requests-per-network") => "`requests-per-network#<hash>#<hour>`",
        ("rate-limits", "password-network") => "`password-network#<hash>#<hour>`",
        ("rate-limits", "password-failures") => "`password-failures#<hash>#<number>`",
        _ => "another",
    };
    (resource.clone(), name)
}
