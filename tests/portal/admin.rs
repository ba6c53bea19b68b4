//! The administration: signed calls only, idempotent by key, strict. Adding and inviting users.

use local::aws_stub::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, World, mins};

pub(crate) fn eve() -> Value {
    json!({
        "email": "Eve@Example.com", "name": "Eve", "role": "partner", "status": "active",
        "resources": [{"type": "status-page", "id": "7", "name": "Search", "slug": "search"}],
    })
}

/// The same, but she has to come by herself.
fn invited() -> Value {
    let mut eve = eve();
    eve["status"] = json!("invited");
    eve
}

/// Every route, each with a call that would do something.
fn calls(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let user = |rest: &str| format!("/admin/users/{id}{rest}");
    vec![
        (Method::POST, "/admin/users".to_owned(), Some(eve())),
        (
            Method::POST,
            "/admin/users/import".to_owned(),
            Some(json!({"users": [{"email": "x@example.com", "name": "X"}]})),
        ),
        (Method::POST, user("/resend"), None),
        (Method::GET, "/admin/users?limit=1".to_owned(), None),
        (Method::GET, user(""), None),
        (Method::PATCH, user(""), Some(json!({"name": "Somebody"}))),
        (Method::DELETE, user("/sessions"), None),
        (Method::DELETE, user(""), None),
    ]
}

/// Status and problem type.
pub(crate) fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem())
}

#[tokio::test]
async fn every_route_wants_a_signature_an_id_that_is_one_and_a_store() {
    let world = World::start().await;
    let browser = world.browser();
    let (before, id) = (world.everything(), world.id_of("grace@example.com"));
    for (method, path, body) in calls(&id) {
        let unsigned = browser
            .request(method.clone(), &path)
            .header("content-type", "application/json");
        let unsigned = browser
            .send(unsigned.body(body.as_ref().map(Value::to_string).unwrap_or_default()))
            .await;
        let other = browser
            .signed("other", method.clone(), &path, &[], body.as_ref())
            .await;
        for answer in [unsigned, other] {
            assert_eq!(
                (answer.status.as_u16(), answer.json()),
                (403, json!({"message": "Forbidden"})),
                "{method} {path}"
            );
        }
    }
    for wrong in [
        "usr_00000000000000000000000000000000",
        "usr_1",
        "x",
        "%00",
        "user%23x",
        &"u".repeat(3000),
    ] {
        for (method, path, body) in calls(wrong)
            .into_iter()
            .filter(|(_, path, _)| path.contains(wrong))
        {
            let answer = browser.call(method.clone(), &path, body.as_ref()).await;
            assert_eq!(
                refusal(&answer),
                (404, "not-found".to_owned()),
                "{method} {path}"
            );
        }
    }
    for (method, path, body) in calls(&id) {
        let path = format!("{path}{}more=1", if path.contains('?') { "&" } else { "?" });
        let answer = browser.call(method.clone(), &path, body.as_ref()).await;
        assert_eq!(
            refusal(&answer),
            (400, "invalid-request".to_owned()),
            "{method} {path}"
        );
    }
    world.portal.set_fault(|attempt| {
        if attempt.service == "dynamodb" {
            Fault::FailBefore
        } else {
            Fault::None
        }
    });
    for (method, path, body) in calls(&id) {
        let answer = browser.call(method.clone(), &path, body.as_ref()).await;
        assert_eq!(
            refusal(&answer),
            (503, "unavailable".to_owned()),
            "{method} {path}"
        );
    }
    assert_eq!(world.everything(), before);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn bodies_that_are_none_of_a_routes_are_refused_and_nothing_is_written() {
    let world = World::start().await;
    let browser = world.browser();
    let (before, id) = (world.everything(), world.id_of("grace@example.com"));
    for (method, path, body) in calls(&id)
        .into_iter()
        .filter(|(method, ..)| *method != Method::GET)
    {
        for wrong in [json!([]), json!("x"), json!({"unknown": 1}), json!(null)] {
            let answer = browser.call(method.clone(), &path, Some(&wrong)).await;
            assert_eq!(
                refusal(&answer),
                (400, "invalid-request".to_owned()),
                "{method} {path} {wrong}"
            );
        }
        let large = json!({"name": "x".repeat(17 * 1024)});
        let answer = browser.call(method.clone(), &path, Some(&large)).await;
        assert_eq!(
            refusal(&answer),
            (413, "payload-too-large".to_owned()),
            "{method} {path}"
        );
        if body.is_some() {
            let answer = browser.call(method.clone(), &path, None).await;
            assert_eq!(
                refusal(&answer),
                (415, "unsupported-media-type".to_owned()),
                "{method} {path}"
            );
        }
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn an_added_user_signs_in_and_who_added_her_is_written_down() {
    let world = World::start().await;
    let added = world.browser().admin("local", &[], &eve()).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let user = added.json();
    assert_eq!(
        (&user["email"], &user["status"]),
        (&json!("eve@example.com"), &json!("active"))
    );
    assert_eq!(user["created_at"], "2026-11-21T14:00:00Z");
    let browser = world.browser();
    browser.sign_in("eve@example.com").await;
    let me = browser.me().await.json();
    assert_eq!(
        (&me["id"], &me["resources"]),
        (&user["id"], &user["resources"])
    );
    let audit = world
        .rows("audit")
        .into_iter()
        .find(|row| row["action"]["S"] == "partner.added")
        .unwrap();
    assert_eq!(
        audit["metadata"]["M"]["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );
    assert_eq!(audit["pk"]["S"], user["id"]);
}

#[tokio::test]
async fn unsigned_wrongly_signed_and_stale_calls_are_refused_by_the_gateway() {
    let world = World::start().await;
    let browser = world.browser();
    let before = world.everything();
    let unsigned = browser.post("/admin/users", eve()).await;
    let wrong = browser.admin("other", &[], &eve()).await;
    let forbidden = browser
        .request(reqwest::Method::POST, "/admin/users")
        .header("authorization", "Bearer x");
    let bearer = browser.send(forbidden.body(eve().to_string())).await;
    for answer in [unsigned, wrong, bearer] {
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (403, json!({"message": "Forbidden"}))
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn the_same_key_gives_the_same_user_and_another_call_is_told_that_she_is_there() {
    let world = World::start().await;
    let browser = world.browser();
    let key = [("idempotency-key", "order-66")];
    let first = browser.admin("local", &key, &eve()).await;
    let before = world.everything();
    world.time.pass(mins(3));
    let again = browser.admin("local", &key, &eve()).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    let mut other = eve();
    other["email"] = json!("mallory@example.com");
    let reused = browser.admin("local", &key, &other).await;
    let taken = browser.admin("local", &[], &eve()).await;
    let other_key = browser
        .admin("local", &[("idempotency-key", "order-67")], &eve())
        .await;
    for answer in [reused, taken, other_key] {
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (409, "already-exists")
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_user_that_cannot_be_meant_is_refused_and_nothing_written() {
    let world = World::start().await;
    let browser = world.browser();
    let before = world.everything();
    let with = |name: &str, value: Value| {
        let mut user = eve();
        user[name] = value;
        user
    };
    let cases = [
        with("email", json!("eve")),
        with("name", json!("")),
        with("name", json!("two\nlines")),
        with("name", json!("a".repeat(121))),
        with("role", json!("a".repeat(61))),
        with("status", json!("suspended")),
        with("extra", json!(1)),
        with("resources", json!([{"type": "x"}])),
        with(
            "resources",
            json!([{"type": "x", "id": "x", "name": "x", "slug": "x", "more": "x"}]),
        ),
        with(
            "resources",
            json!(vec![
                json!({"type": "x", "id": "x", "name": "x", "slug": "x"});
                201
            ]),
        ),
        json!([]),
    ];
    for case in cases {
        let answer = browser.admin("local", &[], &case).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{case}"
        );
    }
    let long = "k".repeat(129);
    let answer = browser
        .admin("local", &[("idempotency-key", &long)], &eve())
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn an_invited_user_is_mailed_once_sets_her_password_and_is_signed_in() {
    let world = World::start().await;
    let admin = world.browser();
    let key = [("idempotency-key", "one")];
    let added = admin.admin("local", &key, &invited()).await;
    assert_eq!(
        (added.status.as_u16(), &added.json()["status"]),
        (201, &json!("invited")),
        "{}",
        added.body
    );
    assert_eq!(
        admin.admin("local", &key, &invited()).await.json(),
        added.json()
    );
    let mails = world.mails().await;
    assert_eq!(
        (mails.len(), &mails[0]["to"]),
        (1, &json!("eve@example.com"))
    );

    let (eve, mail) = (world.browser(), world.mail().await);
    assert!(
        mail.path().starts_with("/auth/activate/"),
        "{}",
        mail.path()
    );
    let password = json!({"token": mail.token(), "password": "four words of nobody else"});
    let activated = eve.post("/auth/activate", password).await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    let me = eve.me().await;
    assert_eq!(
        (me.status.as_u16(), &me.json()["id"]),
        (200, &added.json()["id"])
    );

    let path = format!("/admin/users/{}", added.json()["id"].as_str().unwrap());
    let shown = admin.call(Method::GET, &path, None).await.json();
    assert_eq!(
        (&shown["status"], &shown["last_sign_in_at"]),
        (&json!("active"), &json!("2026-11-21T14:00:00Z"))
    );
    let mail = &shown["emails"][0];
    assert_eq!(
        (&mail["kind"], &mail["template"]),
        (&json!("invitation"), &json!("activation"))
    );
    assert_eq!(
        (&mail["status"], &mail["attempts"]),
        (&json!("sent"), &json!(1))
    );
}

#[tokio::test]
async fn whoever_is_added_as_active_is_mailed_nothing() {
    let world = World::start().await;
    assert_eq!(
        world.browser().admin("local", &[], &eve()).await.status,
        201
    );
    assert!(world.mails().await.is_empty() && world.rows("emails").is_empty());
}

#[tokio::test]
async fn with_activation_by_link_the_invitation_is_a_link_that_signs_in_and_activates() {
    let world = World::with(&[("Activation", "link")]).await;
    assert_eq!(
        world.browser().admin("local", &[], &invited()).await.json()["status"],
        "invited"
    );
    let (eve, mail) = (world.browser(), world.mail().await);
    assert!(mail.path().starts_with("/auth/verify/"), "{}", mail.path());
    assert_eq!(
        eve.post("/auth/verify", json!({"token": mail.token()}))
            .await
            .status,
        200
    );
    assert_eq!(eve.me().await.status, 200);
    let row = world
        .rows("users")
        .into_iter()
        .find(|row| row["address"]["S"] == "eve@example.com")
        .unwrap();
    assert_eq!(row["status"]["S"], "active");
}

#[tokio::test]
async fn inviting_again_kills_the_link_of_before_and_ends_when_she_has_come() {
    let world = World::start().await;
    let (admin, eve) = (world.browser(), world.browser());
    let id = admin.admin("local", &[], &invited()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let resend = format!("/admin/users/{id}/resend");
    let first = world.mail().await;
    world.time.pass(mins(1));
    let resent = admin.call(Method::POST, &resend, Some(&json!({}))).await;
    assert_eq!(
        (resent.status.as_u16(), resent.json()),
        (202, json!({"success": true}))
    );
    let second = world.mail().await;
    assert_eq!(world.mails().await.len(), 2);
    let audit = world
        .rows("audit")
        .into_iter()
        .find(|row| row["action"]["S"] == "partner.invitation.resent")
        .unwrap();
    assert_eq!(
        audit["metadata"]["M"]["actor"]["S"],
        "arn:aws:iam::000000000000:user/local"
    );

    let activate = async |token: String| {
        eve.post(
            "/auth/activate",
            json!({"token": token, "password": "four words of nobody else"}),
        )
        .await
    };
    let before = world.everything();
    assert_eq!(
        refusal(&activate(first.token()).await),
        (400, "invalid-token".to_owned())
    );
    assert_eq!(world.everything(), before);
    assert_eq!(activate(second.token()).await.status, 200);

    let before = world.everything();
    let again = admin.call(Method::POST, &resend, None).await;
    assert_eq!(
        refusal(&again),
        (409, "conflict".to_owned()),
        "{}",
        again.body
    );
    assert_eq!(world.everything(), before);
    assert_eq!(world.mails().await.len(), 2);
}

#[tokio::test]
async fn an_invitation_that_another_one_overtakes_is_not_sent() {
    let world = World::start().await;
    let admin = world.browser();
    world.portal.set_fault(|attempt| {
        match (
            attempt.function.as_str(),
            attempt.tables.first().map(String::as_str),
        ) {
            ("mailer", Some("users")) => Fault::FailBefore,
            _ => Fault::None,
        }
    });
    let id = admin.admin("local", &[], &invited()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.time.pass(mins(1));
    assert_eq!(
        admin
            .call(Method::POST, &format!("/admin/users/{id}/resend"), None)
            .await
            .status,
        202
    );
    world.portal.set_fault(|_| Fault::None);
    world.time.pass(mins(1));
    world.sweep().await;
    world.settled().await;
    let mut rows = world.rows("emails");
    rows.sort_by_key(|row| row["sk"]["S"].to_string());
    let ends: Vec<_> = rows
        .iter()
        .map(|row| row["status"]["S"].as_str().unwrap())
        .collect();
    assert_eq!(ends, ["superseded", "sent"]);
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn a_key_never_brings_an_erased_user_back() {
    let world = World::start().await;
    let admin = world.browser();
    let key = [("idempotency-key", "one")];
    let id = admin.admin("local", &key, &invited()).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let link = world.mail().await;
    assert_eq!(
        admin
            .call(Method::DELETE, &format!("/admin/users/{id}"), None)
            .await
            .status,
        204
    );
    let before = world.everything();
    assert_eq!(
        refusal(&admin.admin("local", &key, &invited()).await),
        (409, "already-exists".to_owned())
    );
    let password = json!({"token": link.token(), "password": "four words of nobody else"});
    assert_eq!(
        refusal(&world.browser().post("/auth/activate", password).await),
        (400, "invalid-token".to_owned())
    );
    assert_eq!(world.everything(), before);
    let anew = admin
        .admin("local", &[("idempotency-key", "two")], &invited())
        .await;
    assert_eq!(anew.status, 201);
    assert_ne!(anew.json()["id"], json!(id));
}
