//! `POST /auth/end-session`: what `DELETE /auth/sessions` does, for forms.

use kit::routes::{ACCOUNT, CONFIRM, SIGN_IN};
use kit::{ADA, ApiClient, PASSWORD, World, mins, secs};
use serde_json::json;

/// Signs in two clients of Ada. Returns them with the id of the second one's session.
async fn two_sessions(world: &World) -> (ApiClient<'_>, ApiClient<'_>, String) {
    let [laptop, phone] = [(); 2].map(|()| world.client());
    for client in [&laptop, &phone] {
        client.sign_in_by_link(ADA).await;
        world.clock.advance(mins(1));
    }
    let id = session_id(&phone).await;
    (laptop, phone, id)
}

async fn session_id(client: &ApiClient<'_>) -> String {
    let me = client.me().await.assert("200").json();
    me["session"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_session_ends_by_its_id_and_without_one_all_others_do() {
    let world = World::start().await;
    let (laptop, phone, id) = two_sessions(&world).await;
    assert_eq!(laptop.end_session(&id).await.assert("204").body, "");
    phone.me().await.assert("401 not-authenticated");
    assert_eq!(world.audit("partner.session.revoked").len(), 1);
    laptop.end_session(&id).await.assert("404 not-found");

    phone.sign_in_by_link(ADA).await;
    laptop.end_other_sessions().await.assert("204");
    phone.me().await.assert("401 not-authenticated");
    laptop.me().await.assert("200");
    assert_eq!(world.audit("partner.sessions.revoked").len(), 1);
}

#[tokio::test]
async fn a_form_returns_to_the_account_page() {
    let world = World::start().await;
    let (laptop, phone, id) = two_sessions(&world).await;
    let ended = laptop.end_session(&id).form();
    let page = format!("303 {ACCOUNT}?notice=session-ended");
    ended.clone().await.assert(&page);
    phone.me().await.assert("401 not-authenticated");
    let page = format!("303 {ACCOUNT}?error=not-found");
    ended.await.assert(&page);

    phone.sign_in_by_link(ADA).await;
    // A form without fields has an empty body.
    let others = laptop.end_other_sessions().form().await;
    others.assert(&format!("303 {ACCOUNT}?notice=sessions-ended"));
    phone.me().await.assert("401 not-authenticated");
    laptop.me().await.assert("200");
}

#[tokio::test]
async fn a_form_may_end_its_own_session() {
    let world = World::start().await;
    let (laptop, phone, id) = two_sessions(&world).await;
    let ended = phone.end_session(&id).form().await;
    ended.assert(&format!("303 {ACCOUNT}?notice=session-ended"));
    phone.me().await.assert("401 not-authenticated");
    laptop.me().await.assert("200");
}

#[tokio::test]
async fn without_a_session_a_form_is_sent_to_the_sign_in_page() {
    for (parameters, page) in [
        (vec![], SIGN_IN),
        (
            vec![("FrontendUrl", "https://app.example.com")],
            "https://app.example.com/login",
        ),
    ] {
        let world = World::with(&parameters).await;
        let (laptop, phone, id) = two_sessions(&world).await;
        laptop.end_session(&id).await.assert("204");
        let form = phone.end_other_sessions().form().await;
        form.assert(&format!("303 {page}"));
        let json = phone.end_other_sessions().await;
        json.assert("401 not-authenticated");
        laptop.me().await.assert("200");
    }
}

#[tokio::test]
async fn with_confirm_minutes_a_form_is_sent_to_the_page_that_confirms() {
    let world = World::with_cheap_hashes(&[("ConfirmMinutes", "5")]).await;
    world.set_password(ADA, PASSWORD).await;
    let (laptop, phone, id) = two_sessions(&world).await;
    world.clock.advance(mins(5));
    for request in [laptop.end_session(&id), laptop.end_other_sessions()] {
        let json = request.clone().await;
        json.assert("401 reauthentication-required");
        request.form().await.assert(&format!("303 {CONFIRM}"));
    }
    phone.me().await.assert("200");
    let confirmed = laptop.confirm_password(PASSWORD).form().await;
    confirmed.assert(&format!("303 {ACCOUNT}?notice=confirmed"));
    laptop.end_session(&id).await.assert("204");
}

#[tokio::test]
async fn a_bearer_client_ends_sessions() {
    let world = World::start().await;
    let (laptop, phone, id) = two_sessions(&world).await;
    let token = laptop.session().unwrap();
    let program = world.client();
    let ended = program.end_session(&id).bearer_token(&token).await;
    ended.assert("204");
    phone.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn sessions_of_others_and_what_is_no_id_are_not_found() {
    let world = World::start().await;
    let (laptop, phone, _) = two_sessions(&world).await;
    let eve = world.client();
    let created = eve.create_user("eve@example.com", "Eve").status("active");
    created.await.assert("201");
    eve.sign_in_by_link("eve@example.com").await;
    let of_eve = session_id(&eve).await;
    for id in [of_eve.as_str(), "", "x", "../me", &"A".repeat(43)] {
        laptop.end_session(id).await.assert("404 not-found");
        let form = laptop.end_session(id).form().await;
        form.assert(&format!("303 {ACCOUNT}?error=not-found"));
    }
    for client in [&laptop, &phone, &eve] {
        client.me().await.assert("200");
    }
}

#[tokio::test]
async fn a_foreign_page_and_an_unreadable_body_end_nothing() {
    let world = World::start().await;
    let (laptop, phone, id) = two_sessions(&world).await;
    let before = world.snapshot();
    for request in [laptop.end_session(&id), laptop.end_other_sessions()] {
        for foreign in [request.clone(), request.form()] {
            let foreign = foreign.header("origin", "https://evil.example").await;
            foreign.assert("403 origin-not-allowed");
        }
    }
    for body in [
        json!({"id": 1}),
        json!({"id": [id]}),
        json!({"all": true}),
        json!([id]),
        json!(null),
    ] {
        let refused = laptop.end_other_sessions().body(body).await;
        refused.assert("400 invalid-request");
    }
    let empty = laptop.end_other_sessions().bytes("");
    let empty = empty.header("content-type", "application/json").await;
    empty.assert("400 invalid-request");
    assert_eq!(world.snapshot(), before);
    phone.me().await.assert("200");
}

#[tokio::test]
async fn the_end_of_a_form_that_waited_too_long_is_the_sign_in_page() {
    let world = World::with(&[("SessionHours", "1")]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(60) + secs(1));
    let form = client.end_other_sessions().form().await;
    form.assert(&format!("303 {SIGN_IN}"));
}
