//! Promise 1: what an account is like cannot be told from outside.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use tests::{Browser, PASSWORD, WRONG, World, mins, secs};

/// What hashes cost before, and the parameters of a portal that still knows it.
const BEFORE: &str = "m=7168,t=1,p=1";
const PARAMETERS: [(&str, &str); 4] = [
    ("Argon2MemoryKib", "7168"),
    ("Argon2Passes", "2"),
    ("PreviousArgon2", BEFORE),
    ("SelfSignUp", "on"),
];

/// Accounts of every kind, and the addresses they have.
async fn accounts(world: &World) -> Vec<(&'static str, &'static str)> {
    let admin = world.browser();
    for who in ["suspended", "capped", "active", "old", "new"] {
        let body =
            json!({"email": format!("{who}@example.com"), "name": "Somebody", "status": "active"});
        assert_eq!(admin.admin("local", &[], &body).await.status, 201);
    }
    for who in ["suspended", "capped", "active"] {
        world
            .set_password(&format!("{who}@example.com"), PASSWORD)
            .await;
    }
    world.suspend("suspended@example.com");
    let old = Hasher::new(Argon2Params::parse(BEFORE).unwrap(), None)
        .hash(&Password::parse(PASSWORD).unwrap(), [1; 16]);
    world.set_user(
        "old@example.com",
        "SET password = :p",
        &json!({":p": {"S": old.as_str()}}),
    );
    cap(world, "capped@example.com").await;
    vec![
        ("unknown", "unknown@example.com"),
        ("invited", "grace@example.com"),
        ("active", "active@example.com"),
        ("suspended", "suspended@example.com"),
        ("without a password", "new@example.com"),
        ("at the cap", "capped@example.com"),
        ("of old parameters", "old@example.com"),
    ]
}

/// Tries wrong passwords until no password is right any more: those that begin a row together count
/// as one.
pub(crate) async fn cap(world: &World, email: &str) {
    for _ in 0..11 {
        let tries = (0..10).map(|_| async { world.browser().sign_in_with(email, WRONG).await });
        assert!(
            join_all(tries)
                .await
                .iter()
                .all(|answer| answer.problem() == "invalid-credentials")
        );
        world.time.pass(mins(15));
    }
}

/// What can be seen of a request from outside, and what it did inside.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    answer: String,
    calls: Vec<String>,
    hashes: u64,
}

async fn seen(world: &World, browser: &Browser<'_>, path: &str, body: Value) -> Seen {
    world.settled().await;
    world.portal.take_calls();
    let hashes = world.portal.hashes();
    let answer = browser.post(path, body).await;
    let hashes = world.portal.hashes() - hashes;
    // The mailer works behind the outbox: who asked does not wait for it.
    let calls = world
        .portal
        .take_calls()
        .into_iter()
        .filter(|call| call.function != "mailer");
    let calls = calls.filter(|call| call.service == "dynamodb");
    let mut calls: Vec<_> = calls
        .map(|call| {
            format!(
                "{} {:?} {} {}",
                call.operation, call.tables, call.capacity, call.status
            )
        })
        .collect();
    calls.sort();
    let cookies: Vec<_> = answer.cookies.iter().map(String::len).collect();
    let answer = format!(
        "{} {:?} {} {cookies:?}",
        answer.status, answer.headers, answer.body
    );
    Seen {
        answer,
        calls,
        hashes,
    }
}

fn all_alike(what: &str, seen: &[(&str, Seen)]) {
    let (_, first) = &seen[0];
    for (class, one) in seen {
        assert_eq!(one, first, "{what}: {class}");
    }
}

#[tokio::test]
async fn accounts_of_every_kind_look_the_same_from_outside_and_cost_the_same_inside() {
    let world = World::with(&PARAMETERS).await;
    let accounts = accounts(&world).await;
    world.time.pass(mins(60));
    let requests = [
        ("/auth/sign-in", json!({"password": WRONG})),
        ("/auth/forgot-password", json!({})),
        ("/auth/request-login", json!({})),
        ("/auth/sign-up", json!({"name": "Somebody"})),
    ];
    for (path, body) in requests {
        let mut all = vec![];
        for (class, email) in &accounts {
            let mut body = body.clone();
            body["email"] = json!(email);
            all.push((*class, seen(&world, &world.browser(), path, body).await));
        }
        all_alike(path, &all);
        // One at today's costs and one at those of before, for everybody; or none.
        assert_eq!(
            all[0].1.hashes,
            if path == "/auth/sign-in" { 2 } else { 0 },
            "{path}"
        );
        assert!(!all[0].1.calls.is_empty(), "{path}");
        world.time.pass(mins(1));
    }
    // The right password helps neither the suspended nor the capped.
    for class in ["suspended", "capped"] {
        let refused = world
            .browser()
            .sign_in_with(&format!("{class}@example.com"), PASSWORD)
            .await;
        assert_eq!(refused.problem(), "invalid-credentials", "{class}");
    }
    for class in ["active", "old"] {
        let signed_in = world
            .browser()
            .sign_in_with(&format!("{class}@example.com"), PASSWORD)
            .await;
        assert_eq!(signed_in.status, 200, "{class}");
    }
}

#[tokio::test]
async fn a_code_says_nothing_about_the_account_at_any_moment() {
    let world = World::with(&PARAMETERS).await;
    let accounts = accounts(&world).await;
    world.time.pass(mins(60));
    let strangers: Vec<_> = accounts.iter().map(|_| world.browser()).collect();
    for ((_, email), stranger) in accounts.iter().zip(&strangers) {
        assert_eq!(
            stranger
                .post("/auth/request-login", json!({"email": email}))
                .await
                .status,
            200
        );
    }
    let mails = world.mails().await;
    let newest = |email: &str| {
        mails
            .iter()
            .rfind(|mail| mail["to"] == email)
            .cloned()
            .map(tests::Mail)
    };
    let first: Vec<_> = accounts.iter().map(|(_, email)| newest(email)).collect();

    for moment in [
        "a second after asking",
        "after the owner's redeem",
        "after expiry",
    ] {
        match moment {
            "a second after asking" => world.time.pass(secs(1)),
            "after expiry" => world.time.pass(mins(16)),
            _ => redeem_each(&world, &accounts, &first).await,
        }
        // The key ring is fetched again after five minutes, whoever comes first.
        world
            .browser()
            .post("/auth/verify", json!({"token": "x"}))
            .await;
        let mut all = vec![];
        for ((class, _), stranger) in accounts.iter().zip(&strangers) {
            all.push((
                *class,
                seen(
                    &world,
                    stranger,
                    "/auth/verify",
                    json!({"code": "12345678"}),
                )
                .await,
            ));
        }
        all_alike(moment, &all);
        assert!(
            all[0].1.answer.starts_with("400") && all[0].1.calls.len() == 3,
            "{moment}: {:?}",
            all[0]
        );
    }
}

/// Whoever was mailed a link uses it, in a browser of her own.
async fn redeem_each(world: &World, accounts: &[(&str, &str)], mails: &[Option<tests::Mail>]) {
    let mut signed_in = 0;
    for ((class, _), mail) in accounts.iter().zip(mails) {
        let Some(mail) = mail else { continue };
        let owner = world.browser();
        let (path, body) = match *class {
            "suspended" => continue,
            "invited" => (
                "/auth/activate",
                json!({"token": mail.token(), "password": PASSWORD}),
            ),
            _ => ("/auth/verify", json!({"token": mail.token()})),
        };
        let answer = owner.post(path, body).await;
        assert_eq!(answer.status, 200, "{class}: {}", answer.body);
        signed_in += 1;
    }
    assert_eq!(signed_in, 5);
}
