//! Names and addresses as people type and paste them, wherever they are accepted.

use kit::{ADA, GRACE, WRONG, World, hours};
use serde_json::json;

/// Texts with a character that must not stand in any text that people read.
const UNPRINTABLE: [&str; 17] = [
    "Ada\u{202e}ecalevoL",
    "Ada\u{2066}x\u{2069}",
    "Ada\u{200f}",
    "Ada\u{200b}Lovelace",
    "\u{feff}Ada",
    "Ada\u{ad}",
    "Ada\u{2028}Lovelace",
    "Ada\u{2029}Lovelace",
    "two\nlines",
    "Ada\u{85}",
    "Ada\0",
    "Ada\u{1b}[31m",
    "Ada\u{e0041}",
    "Ada\u{e000}",
    "Ada\u{fdd0}",
    "Ada\u{ffff}",
    "Ada\u{10ffff}",
];

/// Texts of characters that nobody can see.
const INVISIBLE: [&str; 12] = [
    "",
    " ",
    "\u{a0}\u{3000}",
    "\u{200b}",
    "\u{200d}\u{200c}",
    "\u{2060}\u{feff}",
    "\u{3164}",
    "\u{115f}\u{1160}",
    "\u{2800}",
    "\u{fe0f}",
    "\u{e0100}",
    "\u{34f}",
];

#[tokio::test]
async fn a_name_that_nobody_can_see_or_that_changes_the_text_around_it_is_refused() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let id = world.user_id(ADA);
    let before = world.snapshot();
    for name in UNPRINTABLE.into_iter().chain(INVISIBLE) {
        for request in [
            client.create_user("eve@example.com", name),
            client.update_user(&id).with("name", name),
            client.sign_up("eve@example.com", name),
        ] {
            let refused = request.await.assert("400 invalid-request");
            assert!(
                refused.body.contains("`name`"),
                "{name:?}: {}",
                refused.body
            );
        }
        let users = json!([{"email": "eve@example.com", "name": name}]);
        let imported = client.import_users(users).await.assert("200").json();
        assert_eq!(
            imported["results"][0]["problem"], "invalid-request",
            "{name:?}"
        );
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn roles_and_resources_are_printable_too() {
    let world = World::start().await;
    let client = world.client();
    let id = world.user_id(ADA);
    let before = world.snapshot();
    for text in UNPRINTABLE {
        let mut resource = json!({"type": "x", "id": "x", "name": "x", "slug": "x"});
        resource["name"] = json!(text);
        for change in [json!({"role": text}), json!({"resources": [resource]})] {
            let response = client.update_user(&id).body(change).await;
            response.assert("400 invalid-request");
        }
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn names_of_all_scripts_are_kept_as_they_are() {
    let world = World::start().await;
    let client = world.client();
    let id = world.user_id(ADA);
    for name in [
        "José O’Neill-Ørsted",
        "می\u{200c}خواهم",
        "क\u{94d}\u{200d}ष",
        "王小明",
        "葛\u{e0100}城",
        "👩\u{200d}💻",
        "Ada\u{a0}Lovelace",
        "x",
        &"é".repeat(120),
    ] {
        let changed = client.update_user(&id).with("name", name).await;
        assert_eq!(changed.assert("200").json()["name"], name);
    }
}

#[tokio::test]
async fn what_is_pasted_around_an_address_is_ignored() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let id = world.user_id(GRACE);
    for (before, after) in [
        ("\u{feff}", ""),
        ("\u{200b}", "\u{200b}"),
        ("\u{a0}", "\u{a0}"),
        ("\t ", "\r\n"),
        ("\u{3000}\u{2060}", "\u{ad}\u{2028}"),
        ("\u{202a}", "\u{202c}"),
        ("\u{2066}", "\u{2069}\u{200e}"),
        ("\u{fe0f}", "\u{200d}\u{2800}"),
    ] {
        world.clock.advance(hours(24));
        let pasted = format!("{before}{ADA}{after}");
        let imported = client.import_users(json!([{"email": pasted, "name": "Ada"}]));
        let imported = imported.await.assert("200").json();
        assert_eq!(imported["results"][0]["problem"], "already-exists");
        for (request, outcome) in [
            (client.request_login(&pasted), "200"),
            (client.sign_in(&pasted, WRONG), "401 invalid-credentials"),
            (client.create_user(&pasted, "Ada"), "409 already-exists"),
            (
                client.update_user(&id).with("email", &*pasted),
                "409 already-exists",
            ),
        ] {
            request.await.assert(outcome);
        }
        assert_eq!(world.latest_email().await.to, ADA);
        world.clock.advance(hours(1));
        client.forgot_password(&pasted).await.assert("200");
        world.clock.advance(hours(1));
        client
            .sign_up(&pasted, "Ada")
            .form()
            .await
            .assert("303 /auth/check-email?for=sign-up");
    }
    assert_eq!(world.rows("users").len(), 4);
}
