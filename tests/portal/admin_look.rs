//! The administration: listing users, and looking at one.

use crate::admin::refusal;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Browser, World, mins};

/// The addresses on a page, and where the next one begins.
async fn page(browser: &Browser<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let answer = browser
        .call(Method::GET, &format!("/admin/users{query}"), None)
        .await;
    assert_eq!(answer.status, 200, "{query} {}", answer.body);
    let list = answer.json();
    let users = list["users"].as_array().unwrap().iter();
    let addresses = users
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect();
    (addresses, list["next"].as_str().map(str::to_owned))
}

async fn add(browser: &Browser<'_>, email: &str) -> Value {
    let user = json!({"email": email, "name": "Somebody", "status": "active"});
    let added = browser.admin("local", &[], &user).await;
    assert_eq!(added.status, 201, "{}", added.body);
    added.json()
}

#[tokio::test]
async fn users_are_listed_by_address_page_by_page_each_once() {
    let world = World::start().await;
    let admin = world.browser();
    for name in ["zoe", "bob", "bea", "b.e.a", "carl"] {
        add(&admin, &format!("{name}@example.com")).await;
    }
    let all = ["ada", "b.e.a", "bea", "bob", "carl", "grace", "zoe"]
        .map(|name| format!("{name}@example.com"));
    assert_eq!(page(&admin, "").await, (all.to_vec(), None));
    let mut seen = vec![];
    let mut after = String::new();
    loop {
        let (users, next) = page(&admin, &format!("?limit=2{after}")).await;
        assert!(!users.is_empty());
        seen.extend(users);
        let Some(next) = next else { break };
        assert!(
            next.starts_with("usr_"),
            "no address stands in a URL: {next}"
        );
        after = format!("&after={next}");
    }
    assert_eq!(seen, all);
    assert_eq!(
        page(&admin, "?limit=7").await.1,
        None,
        "nothing comes after the last"
    );
    assert!(page(&admin, "?limit=6").await.1.is_some());

    assert_eq!(page(&admin, "?prefix=B").await.0, all[1..4]);
    assert_eq!(page(&admin, "?prefix=bob%40example.com").await.0, all[3..4]);
    assert_eq!(page(&admin, "?prefix=nobody").await, (vec![], None));
    let (first, next) = page(&admin, "?prefix=b&limit=2").await;
    assert_eq!(first, all[1..3]);
    assert_eq!(
        page(&admin, &format!("?prefix=b&after={}", next.unwrap())).await,
        (all[3..4].to_vec(), None)
    );
}

#[tokio::test]
async fn a_list_shows_what_adding_answered_and_no_credential() {
    let world = World::start().await;
    let admin = world.browser();
    let added = admin.admin("local", &[], &crate::admin::eve()).await.json();
    let list = admin
        .call(Method::GET, "/admin/users?prefix=eve", None)
        .await
        .json();
    assert_eq!(list, json!({"users": [added]}));
}

#[tokio::test]
async fn a_query_that_is_none_is_refused() {
    let world = World::start().await;
    let admin = world.browser();
    let (ada, nobody) = (
        world.id_of("ada@example.com"),
        "usr_00000000000000000000000000000000",
    );
    let cases = [
        "limit=0",
        "limit=101",
        "limit=256",
        "limit=-1",
        "limit=%2B5",
        "limit=5.0",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "prefix=a&prefix=b",
        "prefix=%C3%A4",
        "prefix=%FF",
        "prefix=a%00",
        "prefix=a%20b",
        "prefix=a,b",
        "after=",
        "after=x",
        "after=ada%40example.com",
        "before=x",
        "Limit=5",
        "prefix[]=a",
        "=",
    ];
    let long = format!("prefix={}", "a".repeat(255));
    let foreign = format!("prefix=g&after={ada}");
    let gone = format!("after={nobody}");
    for query in cases.into_iter().chain([long.as_str(), &foreign, &gone]) {
        let answer = admin
            .call(Method::GET, &format!("/admin/users?{query}"), None)
            .await;
        assert_eq!(
            refusal(&answer),
            (400, "invalid-request".to_owned()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_page_of_large_users_is_shorter_and_still_leads_on() {
    let world = World::start().await;
    let admin = world.browser();
    // Larger than a call may be: as if there had been many.
    let resource = json!({"M": {
        "type": {"S": "t".repeat(200)}, "id": {"S": "i".repeat(200)}, "name": {"S": "n".repeat(200)},
        "slug": {"S": "s".repeat(200)},
    }});
    let resources = json!({":r": {"L": vec![resource; 200]}});
    for n in 0..8 {
        let email = format!("large{n}@example.com");
        add(&admin, &email).await;
        world.set_user(&email, "SET resources = :r", &resources);
    }
    let (mut seen, mut after) = (BTreeSet::new(), String::new());
    for _ in 0..8 {
        let (users, next) = page(&admin, &format!("?prefix=large{after}")).await;
        assert!(users.len() < 8);
        seen.extend(users);
        let Some(next) = next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 8);
}

#[tokio::test]
async fn a_user_is_shown_with_her_mail_and_what_has_happened() {
    let world = World::start().await;
    let (admin, ada) = (world.browser(), world.browser());
    let path = format!("/admin/users/{}", world.id_of("ada@example.com"));
    let never = admin.call(Method::GET, &path, None).await.json();
    assert!(never.get("last_sign_in_at").is_none(), "{never}");
    ada.sign_in("ada@example.com").await;
    world.time.pass(mins(1));
    ada.post(
        "/auth/sign-in",
        json!({"email": "ada@example.com", "password": "a wrong one of hers"}),
    )
    .await;
    world.time.pass(mins(1));
    ada.post("/auth/logout", json!({})).await;

    let answer = admin.call(Method::GET, &path, None).await;
    assert_eq!(answer.status, 200);
    let user = answer.json();
    let fields: Vec<_> = user
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        fields.into_iter().collect::<BTreeSet<_>>(),
        [
            "id",
            "email",
            "name",
            "role",
            "resources",
            "status",
            "created_at",
            "last_sign_in_at",
            "emails",
            "audit"
        ]
        .into()
    );
    assert_eq!(
        (&user["email"], &user["name"]),
        (&json!("ada@example.com"), &json!("Ada Lovelace"))
    );
    let mail = &user["emails"];
    assert_eq!(
        (
            mail.as_array().unwrap().len(),
            &mail[0]["kind"],
            &mail[0]["status"]
        ),
        (1, &json!("sign-in"), &json!("sent"))
    );
    assert!(
        mail[0]["message_id"].is_string()
            && mail[0].get("reason").is_none()
            && mail[0].get("address").is_none()
    );
    let actions: Vec<_> = user["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|past| past["action"].as_str().unwrap())
        .collect();
    let (last, rest) = actions.split_at(2);
    assert_eq!(
        last,
        ["partner.logout", "partner.login.failed"],
        "her history and her address's, by time"
    );
    assert_eq!(
        rest.iter().collect::<BTreeSet<_>>(),
        ["partner.login", "partner.login.requested", "local.added"]
            .iter()
            .collect()
    );
    let logout = &user["audit"][0];
    assert_eq!(
        (&logout["client"], &logout["at"]),
        (&json!("Firefox on Windows"), &json!("2026-11-21T14:02:00Z"))
    );
    assert!(
        logout["ip"].as_str().unwrap().starts_with("198.18.")
            && logout["resource"]["type"] == "session",
        "{logout}"
    );
}

#[tokio::test]
async fn only_the_youngest_of_a_long_history_is_shown() {
    let world = World::start().await;
    let admin = world.browser();
    let path = format!("/admin/users/{}", world.id_of("ada@example.com"));
    for n in 0..60 {
        world.time.pass(mins(1));
        assert_eq!(
            admin
                .call(
                    Method::PATCH,
                    &path,
                    Some(&json!({"name": format!("Ada {n}")}))
                )
                .await
                .status,
            200
        );
    }
    let user = admin.call(Method::GET, &path, None).await.json();
    let audit = user["audit"].as_array().unwrap();
    assert_eq!(
        (audit.len(), &audit[0]["at"]),
        (50, &json!("2026-11-21T15:00:00Z"))
    );
}
