//! No user enumeration: a response tells nothing about an account, and neither do its calls.

use futures_util::future::join_all;
use kit::{ADA, ApiClient, ApiRequest, Email, GRACE, PASSWORD, WRONG, World, mins, secs};
use serde_json::json;
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};

const PREVIOUS: &str = "m=7168,t=1,p=1";
const UNKNOWN: &str = "unknown@example.com";

/// Accounts of every kind, by address.
const ACCOUNTS: [(&str, &str); 7] = [
    ("unknown", UNKNOWN),
    ("invited", GRACE),
    ("active", "active@example.com"),
    ("suspended", "suspended@example.com"),
    ("without a password", "new@example.com"),
    ("at the cap", "capped@example.com"),
    ("with an old hash", "old@example.com"),
];

/// Starts a portal with accounts of every kind.
async fn world() -> World {
    let world = World::with(&[
        ("Argon2MemoryKib", "7168"),
        ("Argon2Passes", "2"),
        ("PreviousArgon2", PREVIOUS),
        ("SelfSignUp", "on"),
    ])
    .await;
    let admin = world.client();
    for (kind, email) in &ACCOUNTS[2..] {
        let created = admin.create_user(email, "Name").status("active");
        created.await.assert("201");
        if !["without a password", "with an old hash"].contains(kind) {
            world.set_password(email, PASSWORD).await;
        }
    }
    world.suspend("suspended@example.com").await;
    let hasher = Hasher::new(Argon2Params::parse(PREVIOUS).unwrap(), None);
    let old = hasher.hash(&Password::parse(PASSWORD).unwrap(), [1; 16]);
    world.set_attribute("old@example.com", "password", &json!({"S": old.as_str()}));
    reach_password_cap(&world, "capped@example.com").await;
    world.clock.advance(mins(60));
    world
}

/// Tries a hundred wrong passwords from as many networks: after that the right one is refused.
pub(crate) async fn reach_password_cap(world: &World, email: &str) {
    let attempts = (0..100).map(|_| async { world.client().sign_in(email, WRONG).await });
    for response in join_all(attempts).await {
        response.assert("401 invalid-credentials");
    }
}

/// The response to a request as seen from outside, and what it cost inside.
#[derive(Debug, PartialEq, Eq)]
struct Observation {
    response: String,
    calls: Vec<String>,
    hashes: u64,
}

async fn observe(world: &World, request: ApiRequest<'_>) -> Observation {
    world.settle().await;
    world.portal.take_calls();
    let hashes = world.portal.hashes();
    let response = request.await;
    let hashes = world.portal.hashes() - hashes;
    // The mailer works later: no response waits for it.
    let mut calls = world.portal.take_calls();
    calls.retain(|call| call.function != "mailer" && call.service == "dynamodb");
    let calls = calls.iter().map(|call| {
        let call_and_tables = format!("{} {:?}", call.operation, call.tables);
        // At the cap, the count of the address is refused, and the call is the same.
        if call.operation == "UpdateItem" {
            return call_and_tables;
        }
        format!("{call_and_tables} {} {}", call.capacity, call.status)
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort();
    // The value of a cookie is random: its length is not.
    let cookies = response.cookies.iter().map(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        format!("{name}={};{attributes}", value.len())
    });
    let cookies: Vec<_> = cookies.collect();
    let (status, headers, body) = (response.status, &response.headers, &response.body);
    let response = format!("{status} {headers:?} {cookies:?} {body}");
    Observation {
        response,
        calls,
        hashes,
    }
}

#[track_caller]
fn assert_all_equal(what: &str, observations: &[Observation]) {
    for (one, (kind, _)) in observations.iter().zip(ACCOUNTS) {
        assert_eq!(*one, observations[0], "{what}: {kind}");
    }
    assert!(!observations[0].calls.is_empty(), "{what}");
}

#[tokio::test]
async fn every_kind_of_account_gets_the_same_response_after_the_same_calls_and_hashes() {
    type Request = for<'c> fn(&'c ApiClient<'_>, &str) -> ApiRequest<'c>;
    let world = world().await;
    let requests: [(&str, u64, Request); 4] = [
        // A hash with the current parameters and one with the previous ones, for everybody.
        ("sign-in", 2, |client, email| client.sign_in(email, WRONG)),
        ("forgot-password", 0, |client, email| {
            client.forgot_password(email)
        }),
        ("request-login", 0, |client, email| {
            client.request_login(email)
        }),
        ("sign-up", 0, |client, email| client.sign_up(email, "Name")),
    ];
    for (name, hashes, request) in requests {
        let mut first = vec![];
        let mut second = vec![];
        for (_, email) in ACCOUNTS {
            let client = world.client();
            first.push(observe(&world, request(&client, email)).await);
            second.push(observe(&world, request(&client, email)).await);
        }
        assert_all_equal(name, &first);
        assert_eq!(first[0].hashes, hashes, "{name}");
        if name == "request-login" {
            assert!(first[0].response.starts_with("200"), "{first:?}");
            assert!(second[0].response.starts_with("429"), "{second:?}");
            assert_all_equal("a second request", &second);
        }
        world.clock.advance(mins(1));
    }
    for (email, outcome) in [
        ("suspended@example.com", "401 invalid-credentials"),
        ("capped@example.com", "401 invalid-credentials"),
        ("active@example.com", "200"),
        ("old@example.com", "200"),
    ] {
        let client = world.client();
        client.sign_in(email, PASSWORD).await.assert(outcome);
    }
}

#[tokio::test]
async fn a_code_tells_nothing_about_the_account_at_any_time() {
    let world = world().await;
    let strangers = ACCOUNTS.map(|_| world.client());
    for (stranger, (_, email)) in strangers.iter().zip(ACCOUNTS) {
        stranger.request_login(email).await.assert("200");
    }
    let emails = world.emails().await;
    for time in [
        "a second later",
        "after the owners have signed in",
        "after expiry",
    ] {
        match time {
            "a second later" => world.clock.advance(secs(1)),
            "after expiry" => world.clock.advance(mins(16)),
            _ => redeem_each(&world, &emails).await,
        }
        // The first request after five minutes also fetches the key ring.
        world.client().verify_link("x").await;
        let mut all = vec![];
        for stranger in &strangers {
            all.push(observe(&world, stranger.verify_code("12345678")).await);
        }
        assert_all_equal(time, &all);
        assert!(all[0].response.starts_with("400"), "{time}: {:?}", all[0]);
        assert_eq!(all[0].calls.len(), 6, "{time}");
    }
}

#[tokio::test]
async fn a_code_for_several_links_reads_as_much_whichever_accounts_they_are_for() {
    let world = world().await;
    let mut all = vec![];
    for (_, email) in ACCOUNTS {
        let stranger = world.client();
        for other in [UNKNOWN, "active@example.com", email] {
            stranger.request_login(other).await;
            world.clock.advance(mins(1));
        }
        // Twice the same address, for unknown and for active.
        all.push(observe(&world, stranger.verify_code("12345678")).await);
    }
    assert_all_equal("a code for three links", &all);
}

/// Redeems the newest link of every account, in a browser of its own.
async fn redeem_each(world: &World, emails: &[Email]) {
    let mut signed_in = 0;
    for (kind, address) in ACCOUNTS.iter().filter(|(kind, _)| *kind != "suspended") {
        let Some(email) = emails.iter().rfind(|email| email.to == *address) else {
            continue;
        };
        let owner = world.client();
        let redeem = match *kind {
            "invited" => owner.activate(&email.token(), PASSWORD),
            _ => owner.verify_link(&email.token()),
        };
        redeem.await.assert("200");
        signed_in += 1;
    }
    assert_eq!(signed_in, 5);
}

#[tokio::test]
async fn only_active_and_invited_users_are_emailed_and_the_log_says_why_others_are_not() {
    let options = local::Options {
        user: Some("sue@example.com".into()),
        ..local::Options::default()
    };
    let world = World::of(options).await;
    world.suspend("sue@example.com").await;
    for email in [ADA, UNKNOWN, GRACE, "sue@example.com"] {
        world.client().request_login(email).await;
    }
    let emails = world.emails().await;
    let to: Vec<_> = emails.iter().map(|email| &*email.to).collect();
    assert_eq!(to, [ADA, GRACE]);

    let rows = world.rows("emails");
    let row = |row: &serde_json::Value| {
        assert!(row.get("unfinished").is_none());
        ["status", "reason", "address"].map(|name| row[name]["S"].as_str().unwrap_or("").to_owned())
    };
    let mut log: Vec<_> = rows.iter().map(row).collect();
    log.sort();
    let expected = [
        ["dropped", "no-account", ""],
        ["dropped", "suspended", ""],
        ["sent", "", ADA],
        ["sent", "", GRACE],
    ];
    assert_eq!(log, expected);
}
