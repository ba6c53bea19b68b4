//! `vestibule restore`: a drill. The embedded DynamoDB keeps no backups, so a copy of the table
//! that was made in time stands for what point-in-time recovery would restore.

use crate::aws_port::{operator, world_with_aws};
use crate::cli_keys::stack;
use clap::Parser;
use cli::error::Error;
use cli::restore;
use dynoxide::Database;
use kit::{ApiClient, CHEAP_HASHES, PASSWORD, World, mins, table_name};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::domain::time::Timestamp;

const OLD: &str = PASSWORD;
const NEW: &str = "quite another horse and battery";
const NAMES: [&str; 7] = ["ann", "bob", "carol", "dave", "erin", "frank", "gwen"];

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: restore::RestoreOptions,
}

async fn world() -> (World, String) {
    let parameters = [
        ("RequestsPerNetworkHour", "100000"),
        ("RequestsPerMinute", "60"),
        ("SessionHours", "48"),
    ];
    world_with_aws(&[&CHEAP_HASHES[..], &parameters].concat()).await
}

/// Runs `vestibule restore` with these arguments.
async fn run(world: &World, url: &str, arguments: &[&str]) -> Result<String, Error> {
    let arguments = [&["restore", "--stack", "vestibule", "--json"], arguments].concat();
    let options = Arguments::try_parse_from(arguments).unwrap().options;
    let aws = operator(url).await;
    restore::run(&options, &aws, &stack(world, "unused"), world.clock.now()).await
}

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

fn to<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn describe(database: &Database, table: &str) -> Value {
    let request = to(json!({"TableName": table}));
    json!(database.describe_table(request).unwrap())["Table"].clone()
}

fn delete(database: &Database, table: &str) {
    let unprotect = json!({"TableName": table, "DeletionProtectionEnabled": false});
    database.update_table(to(unprotect)).unwrap();
    database
        .delete_table(to(json!({"TableName": table})))
        .unwrap();
}

/// Makes a table like another one, with the same rows.
fn copy(database: &Database, from: &str, target: &str) {
    let table = describe(database, from);
    let mut create = json!({"TableName": target, "BillingMode": "PAY_PER_REQUEST"});
    for part in ["AttributeDefinitions", "KeySchema"] {
        create[part] = table[part].clone();
    }
    if let Some(indexes) = table["GlobalSecondaryIndexes"].as_array() {
        let indexes = indexes.iter().map(|index| {
            json!({"IndexName": index["IndexName"], "KeySchema": index["KeySchema"],
                "Projection": index["Projection"]})
        });
        create["GlobalSecondaryIndexes"] = indexes.collect();
    }
    database.create_table(to(create)).unwrap();
    let rows = database.scan(to(json!({"TableName": from}))).unwrap();
    for row in rows.items.unwrap() {
        let put = json!({"TableName": target, "Item": row});
        database.put_item(to(put)).unwrap();
    }
}

/// Returns users with a password, each signed in with it.
async fn users(world: &World) -> Vec<ApiClient<'_>> {
    let admin = world.client();
    let mut clients = vec![];
    for name in NAMES {
        let address = address(name);
        let created = admin.create_user(&address, name).status("active");
        created.await.assert("201");
        world.set_password(&address, OLD).await;
        let client = world.client();
        client.sign_in(&address, OLD).await.assert("200");
        clients.push(client);
    }
    clients
}

/// Ends sessions and passwords in every way, and more.
async fn end_all(world: &World, clients: &[ApiClient<'_>]) {
    let admin = world.client();
    let id = |name: &str| world.user_id(&address(name));
    world.set_password(&address("bob"), NEW).await;
    world.suspend(&address("carol")).await;
    admin.erase_user(&id("dave")).await.assert("204");
    world.revoke_sessions(&address("erin")).await;
    let moved = admin
        .update_user(&id("frank"))
        .with("email", "frank@new.example");
    moved.await.assert("200");
    clients[6].change_password(OLD, NEW).await.assert("200");
    let created = admin
        .create_user(&address("heidi"), "Heidi")
        .status("active");
    created.await.assert("201");
    world.settle().await;
}

#[tokio::test]
async fn nothing_that_had_ended_is_alive_after_a_restore() {
    let (world, url) = world().await;
    let database = world.portal.database();
    let clients = users(&world).await;
    let link = world.client().receive_login_email(&address("erin")).await;
    let ids = NAMES.map(|name| world.user_id(&address(name)));
    world.clock.advance(mins(60));
    let at = world.clock.now().rfc3339();
    copy(database, &table_name("users"), "kept");
    world.clock.advance(mins(60));
    end_all(&world, &clients).await;
    let heidi = world.user_id(&address("heidi"));
    world.clock.advance(mins(60));

    let before = world.snapshot();
    let arguments = ["--at", &at, "--from", "kept"];
    let plan = run(&world, &url, &arguments).await.unwrap();
    assert!(
        plan.ends_with("run the command again with --yes."),
        "{plan}"
    );
    assert_eq!(world.snapshot(), before);

    // The first run stops half-way: the audit cannot be read.
    let arguments = [&arguments[..], &["--yes"]].concat();
    copy(database, &table_name("audit"), "audit-kept");
    delete(database, &table_name("audit"));
    let stopped = run(&world, &url, &arguments).await;
    assert!(matches!(stopped, Err(Error::Failed(_))), "{stopped:?}");
    world
        .client()
        .sign_in(&address("ann"), OLD)
        .await
        .assert("503 unavailable");
    copy(database, "audit-kept", &table_name("audit"));
    let report: Value =
        to(serde_json::from_str(&run(&world, &url, &arguments).await.unwrap()).unwrap());
    let [_, bob, carol, dave, _, frank, grace] = &ids;
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<_> = ids.iter().map(|id| json!(id)).collect();
        ids.sort_by_key(ToString::to_string);
        Value::from(ids)
    };
    assert_eq!(report["erased"], sorted(&[dave]));
    assert_eq!(report["without_password"], sorted(&[bob, grace]));
    assert_eq!(report["suspended"], sorted(&[carol, frank]));
    assert_eq!(report["missing"], sorted(&[&heidi]));

    for client in &clients {
        client.me().await.assert("401 not-authenticated");
    }
    assert_ne!(world.client().verify_link(&link.token()).await.status, 200);
    for (name, password, works) in [
        ("ann", OLD, true),
        ("bob", OLD, false),
        ("bob", NEW, false),
        ("carol", OLD, false),
        ("dave", OLD, false),
        ("erin", OLD, true),
        ("frank", OLD, false),
        ("gwen", OLD, false),
        ("gwen", NEW, false),
        ("heidi", OLD, false),
    ] {
        let signed_in = world.client().sign_in(&address(name), password).await;
        assert_eq!(signed_in.status == 200, works, "{name}: {}", signed_in.body);
    }
    assert_eq!(world.user_id(&address("dave")), "");
    world.client().get_user(dave).await.assert("404 not-found");
    // Who has lost the password resets it.
    world.set_password(&address("bob"), NEW).await;
    world
        .client()
        .sign_in(&address("bob"), NEW)
        .await
        .assert("200");
}

#[tokio::test]
async fn the_table_has_the_settings_of_the_template_and_a_second_restore_ends_all_again() {
    let (world, url) = world().await;
    let database = world.portal.database();
    users(&world).await;
    copy(database, &table_name("users"), "kept");
    let before = describe(database, &table_name("users"));
    world.clock.advance(mins(60));
    let at = world.clock.now().minus(mins(30)).rfc3339();
    let arguments = ["--at", &at, "--from", "kept", "--yes"];
    delete(database, &table_name("users"));
    run(&world, &url, &arguments).await.unwrap();
    let after = describe(database, &table_name("users"));
    for setting in [
        "AttributeDefinitions",
        "KeySchema",
        "BillingModeSummary/BillingMode",
        "StreamSpecification",
    ] {
        let pointer = format!("/{setting}");
        assert_eq!(
            after.pointer(&pointer),
            before.pointer(&pointer),
            "{setting}"
        );
    }
    assert_eq!(after["DeletionProtectionEnabled"], true);
    let index = |table: &Value| table["GlobalSecondaryIndexes"][0]["Projection"].clone();
    assert_eq!(index(&after), index(&before));
    let arn = json!({"ResourceArn": after["TableArn"]});
    let tags = json!(database.list_tags_of_resource(to(arn)).unwrap())["Tags"].clone();
    assert_eq!(tags, json!([{"Key": "team", "Value": "portal"}]));

    let client = world.client();
    client.sign_in(&address("ann"), OLD).await.assert("200");
    run(&world, &url, &arguments).await.unwrap();
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn a_time_is_needed_for_which_the_audit_has_all_records() {
    let (world, url) = world().await;
    let failed = |result: Result<String, Error>| match result {
        Err(Error::Failed(why)) => why,
        other => panic!("{other:?}"),
    };
    let none = failed(run(&world, &url, &[]).await);
    assert!(
        none.contains("Name the time to return to with --at"),
        "{none}"
    );
    let now = world.clock.now();
    let times = [now.plus(mins(1)), now.minus(mins(60 * 24 * 400))];
    for at in times.map(Timestamp::rfc3339) {
        let wrong = failed(run(&world, &url, &["--at", &at]).await);
        assert!(wrong.contains("the last 400 days"), "{wrong}");
    }
    let at = now.rfc3339();
    let missing = run(&world, &url, &["--at", &at, "--from", "nothing", "--yes"]).await;
    assert_eq!(failed(missing), "There is no table nothing.");
}
