//! `POST /auth/logout`: signing out.

use kit::{ADA, World, hours};
use serde_json::json;

#[tokio::test]
async fn logout_ends_only_this_session_and_is_recorded() {
    let world = World::start().await;
    let here = world.client();
    let there = world.client();
    here.sign_in_by_link(ADA).await;
    there.sign_in_by_link(ADA).await;
    here.logout().await.assert("200");
    here.me().await.assert("401 not-authenticated");
    there.me().await.assert("200");

    for (action, records, target, method) in [
        ("partner.login.requested", 2, "email", None),
        ("partner.login", 2, "session", Some("link")),
        ("partner.logout", 1, "session", None),
    ] {
        let audit = world.audit(action);
        assert_eq!(audit.len(), records, "{action}");
        for record in audit {
            let text = |name: &str| record[name]["S"].as_str().unwrap_or_default();
            assert!(text("ip").starts_with("198.18."), "{record}");
            assert!(text("user_agent").contains("Firefox"), "{record}");
            assert_eq!((text("resource_type"), text("severity")), (target, "info"));
            assert!(!text("resource_id").is_empty() && text("pk").starts_with("usr_"));
            assert_eq!(record["metadata"]["M"]["auth_method"]["S"].as_str(), method);
        }
    }
    let added = world.audit("local.added").len();
    assert_eq!(world.rows("audit").len(), 5 + added);
}

#[tokio::test]
async fn logout_without_a_valid_session_clears_the_cookie_and_writes_nothing() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let cookie = client.session();
    client.logout().await;
    let before = world.snapshot();
    for value in [cookie.as_deref(), Some("garbage"), None] {
        client.set_session(value);
        let response = client.logout().await.assert("200");
        assert_eq!(response.json(), json!({"success": true}));
        let cleared = "partner.sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
        assert_eq!(response.cookies, [cleared]);
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn logout_of_an_expired_session_writes_nothing() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(hours(24));
    let before = world.snapshot();
    client.logout().await.assert("200");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn the_token_of_a_link_ends_its_session_and_no_other() {
    let world = World::start().await;
    let [client, other] = [(); 2].map(|()| world.client());
    client.sign_in_by_link(ADA).await;
    let token = client.receive_login_email(ADA).await.token();
    let logout = client.logout().with("token", &*token);
    // Nobody has used the link yet.
    logout.clone().await.assert("200");
    other.verify_link(&token).await.assert("200");
    logout.await.assert("200");
    other.me().await.assert("401 not-authenticated");
    client.me().await.assert("200");
    assert_eq!(world.audit("partner.logout").len(), 1);
}
