//! `GET /admin/users`: listing users.

use super::create_eve;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::{ADA, ApiClient, ApiRequest, World, routes};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Returns the addresses on a page, and the cursor of the next one.
async fn page(request: ApiRequest<'_>) -> (Vec<String>, Option<String>) {
    let list = request.await.assert("200").json();
    let users = list["users"].as_array().unwrap().iter();
    let addresses = users.map(|user| user["email"].as_str().unwrap().to_owned());
    (
        addresses.collect(),
        list["next"].as_str().map(str::to_owned),
    )
}

/// Follows the cursors to the last page.
async fn all_pages(request: ApiRequest<'_>) -> Vec<Vec<String>> {
    let (users, mut next) = page(request.clone()).await;
    let mut pages = vec![users];
    while let Some(cursor) = next {
        assert_seals_address(&cursor);
        let (users, after) = page(request.clone().query("after", &cursor)).await;
        pages.push(users);
        next = after;
    }
    pages
}

/// Asserts that a cursor shows no address: cursors are in URLs.
#[track_caller]
fn assert_seals_address(cursor: &str) {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        !text.contains("usr_") && !text.contains("example"),
        "{text}"
    );
}

async fn create(admin: &ApiClient<'_>, email: &str) {
    let response = admin.create_user(email, "Name").status("active").await;
    response.assert("201");
}

#[tokio::test]
async fn users_are_listed_by_address_each_once() {
    let world = World::start().await;
    let admin = world.client();
    for name in ["zoe", "bob", "bea", "b.e.a", "carl"] {
        create(&admin, &format!("{name}@example.com")).await;
    }
    let all = ["ada", "b.e.a", "bea", "bob", "carl", "grace", "zoe"]
        .map(|name| format!("{name}@example.com"));
    let list = || admin.list_users();
    assert_eq!(page(list()).await, (all.to_vec(), None));
    let pages = all_pages(list().query("limit", "2")).await;
    assert!(pages.iter().all(|page| !page.is_empty()));
    assert_eq!(pages.concat(), all);
    assert_eq!(page(list().query("limit", "7")).await.1, None);
    assert!(page(list().query("limit", "6")).await.1.is_some());

    let prefixed = |prefix| list().query("prefix", prefix);
    assert_eq!(page(prefixed("B")).await.0, all[1..4]);
    assert_eq!(page(prefixed("bob@example.com")).await.0, all[3..4]);
    for pasted in [
        "\u{feff}bob@example.com",
        " bob@example.com\u{a0}",
        "\u{200b}BOB@",
    ] {
        assert_eq!(page(prefixed(pasted)).await.0, all[3..4], "{pasted:?}");
    }
    assert_eq!(page(prefixed("nobody")).await, (vec![], None));
    let (first, next) = page(prefixed("b").query("limit", "2")).await;
    assert_eq!(first, all[1..3]);
    let rest = page(prefixed("b").query("after", &next.unwrap())).await;
    assert_eq!(rest, (all[3..4].to_vec(), None));
}

#[tokio::test]
async fn a_cursor_survives_whatever_happens_to_the_last_user_of_its_page() {
    for prefix in ["", "user"] {
        let world = World::start().await;
        let admin = world.client();
        for n in 0..6 {
            create(&admin, &format!("user{n}@example.com")).await;
        }
        for n in 0..2 {
            create(&admin, &format!("large{n}@example.com")).await;
        }
        let list = || {
            admin
                .list_users()
                .query("limit", "2")
                .query("prefix", prefix)
        };
        let (mut seen, mut next) = page(list()).await;
        let mut round = 0;
        while let Some(cursor) = next {
            let last = seen.last().unwrap();
            let id = world.user_id(last);
            let change = async |email: String| {
                let changed = admin.update_user(&id).with("email", email).await;
                changed.assert("200");
            };
            // The user moves to the end of the list or to its start, is erased, or is replaced.
            match round % 4 {
                0 => change(format!("zoe{round}@example.com")).await,
                1 => change(format!("aaa{round}@example.com")).await,
                _ => {
                    admin.erase_user(&id).await.assert("204");
                    if round % 4 == 3 {
                        create(&admin, last).await;
                    }
                }
            }
            round += 1;
            let users;
            (users, next) = page(list().query("after", &cursor)).await;
            seen.extend(users);
        }
        for n in 0..6 {
            let email = format!("user{n}@example.com");
            assert!(seen.contains(&email), "{email} is missing: {seen:?}");
        }
        assert!(round >= 2, "{round}");
    }
}

#[tokio::test]
async fn a_list_shows_what_creating_returned_and_no_credential() {
    let world = World::start().await;
    let admin = world.client();
    let user = create_eve(&admin).await.json();
    let list = admin.list_users().query("prefix", "eve").await.json();
    assert_eq!(list, json!({"users": [user]}));
}

#[tokio::test]
async fn an_invalid_query_is_refused() {
    let world = World::start().await;
    let elsewhere = World::start().await;
    let admin = world.client();
    let first = admin.list_users().query("limit", "1");
    let after_ada = page(first).await.1.unwrap();
    let first = elsewhere.client();
    let first = first.list_users().query("limit", "1");
    let after_elsewhere = page(first).await.1.unwrap();
    for query in [
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
        "after=usr_00000000000000000000000000000000",
        "before=x",
        "Limit=5",
        "prefix[]=a",
        "=",
        &format!("prefix={}", "a".repeat(255)),
        &format!("after={}", world.user_id(ADA)),
        &format!("prefix=g&after={after_ada}"),
        &format!("after={}", after_ada.chars().rev().collect::<String>()),
        &format!("after={}", after_ada.to_lowercase()),
        &format!("after={after_elsewhere}"),
    ] {
        let path = format!("{}?{query}", routes::USERS);
        let list = admin.admin_request(Method::GET, path).await;
        list.assert("400 invalid-request");
    }
}

#[tokio::test]
async fn a_page_of_large_users_is_shorter_and_has_a_cursor() {
    let world = World::start().await;
    let admin = world.client();
    // Larger than a request may be, as if written bit by bit.
    let text = |letter: &str| json!({"S": letter.repeat(200)});
    let resource =
        json!({"M": {"type": text("t"), "id": text("i"), "name": text("n"), "slug": text("s")}});
    let resources = json!({"L": vec![resource; 200]});
    for n in 0..8 {
        let email = format!("large{n}@example.com");
        create(&admin, &email).await;
        world.set_attribute(&email, "resources", &resources);
    }
    let pages = all_pages(admin.list_users().query("prefix", "large")).await;
    assert!(pages.iter().all(|page| page.len() < 8));
    assert_eq!(pages.concat().into_iter().collect::<BTreeSet<_>>().len(), 8);
}
