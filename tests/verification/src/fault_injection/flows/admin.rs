//! Administrators manage users: a back end repeats requests that fail temporarily.

use super::{Flow, flow};
use crate::fault_injection::scenario::{EVE, FIRST, Scenario, StepResult};
use crate::fixture::{HASH_PARAMETERS, hash};
use crate::{ensure, ensure_eq};
use kit::{ADA, GRACE, routes, secs};
use reqwest::Method;
use serde_json::{Value, json};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(admin_creates),
        flow!(admin_invites_twice),
        flow!(admin_invites_without_key),
        flow!(admin_resends).ending(&["sent", "superseded"]),
        flow!(admin_activates).ending(&["sent", "superseded"]),
        flow!(admin_changes),
        flow!(admin_changes_address),
        flow!(admin_changes_address_to_anothers),
        flow!(admin_suspends),
        flow!(admin_revokes_sessions),
        flow!(admin_erases),
        flow!(admin_erases_and_invites),
        flow!(admin_erases_and_repeats),
        flow!(admin_imports),
        flow!(admin_reads),
        flow!(admin_changes_texts),
    ]
}

async fn admin_creates(s: &Scenario) -> StepResult {
    let first = s.create("one", "201").await?;
    s.advance(secs(5));
    ensure_eq!(
        s.create("one", "201").await?.json(),
        first.json(),
        "a repetition"
    );
    s.create("two", "409 already-exists").await?;
    s.sign_in_by_link(&s.client(), EVE).await.map(drop)
}

/// The repetition sends no email.
async fn admin_invites_twice(s: &Scenario) -> StepResult {
    let first = s.invite("one").await?;
    s.deliver().await?;
    ensure_eq!(s.invite("one").await?.json(), first.json(), "a repetition");
    s.deliver().await
}

/// A back end that has lost the response finds that the user exists.
async fn admin_invites_without_key(s: &Scenario) -> StepResult {
    let admin = s.client();
    let request = admin.create_user(EVE, "Eve");
    s.expect_or_already(request, "201", "409 already-exists")
        .await?;
    s.deliver().await
}

/// A back end that has lost the response invites once more; only the newest link works.
async fn admin_resends(s: &Scenario) -> StepResult {
    let (client, id) = (s.client(), s.user_id(GRACE));
    let older = s.receive_login_email(&client, GRACE).await?;
    let newer = s
        .receive_email(s.client().resend_invitation(&id), "202")
        .await?;
    s.expect(client.activate(&older.token(), FIRST), "400 invalid-token")
        .await?;
    s.activate(&client, &newer).await?;
    s.expect(s.client().resend_invitation(&id), "409 conflict")
        .await
}

/// The invitation that is on its way is void.
async fn admin_activates(s: &Scenario) -> StepResult {
    s.invite("one").await?;
    s.set_status(EVE, "active").await?;
    s.deliver().await?;
    s.sign_in_by_link(&s.client(), EVE).await.map(drop)
}

async fn admin_changes(s: &Scenario) -> StepResult {
    let (client, admin) = (s.ada().await?, s.client());
    let change = json!({"name": "Ada King", "role": "client", "resources": []});
    let request = admin.update_user(&s.user_id(ADA)).body(change.clone());
    s.expect(request, "200").await?;
    let me = s.response(client.me(), "200").await?.json();
    let is_changed = ["name", "role", "resources"]
        .iter()
        .all(|field| me[field] == change[field]);
    ensure!(is_changed, "after a change: {me}");
    Ok(())
}

async fn admin_changes_address(s: &Scenario) -> StepResult {
    const NEW: &str = "countess@example.com";
    let client = s.ada().await?;
    s.expect(
        s.client().update_user(&s.user_id(ADA)).with("email", NEW),
        "200",
    )
    .await?;
    s.ledger().passwords.remove(ADA);
    s.ledger().passwords.set(NEW, FIRST);
    s.expect_signed_out(&client).await?;
    s.deliver().await?;
    let inbox = s.world.portal.inbox();
    for address in [ADA, NEW] {
        let is_notified = inbox.iter().any(|email| email.to == address);
        ensure!(is_notified, "{address} was not notified");
    }
    let client = s.client();
    s.fail_sign_in(&client, ADA, FIRST).await?;
    s.sign_in(&client, NEW, FIRST).await
}

async fn admin_changes_address_to_anothers(s: &Scenario) -> StepResult {
    let (client, admin) = (s.ada().await?, s.client());
    let request = admin.update_user(&s.user_id(ADA)).with("email", GRACE);
    s.expect(request, "409 already-exists").await?;
    s.expect(client.me(), "200").await
}

/// The end of a suspension brings nothing back.
async fn admin_suspends(s: &Scenario) -> StepResult {
    let (signed_in, client) = (s.ada().await?, s.client());
    s.set_status(ADA, "suspended").await?;
    s.expect_signed_out(&signed_in).await?;
    s.fail_sign_in(&client, ADA, FIRST).await?;
    s.set_status(ADA, "active").await?;
    s.expect_signed_out(&signed_in).await?;
    s.sign_in(&client, ADA, FIRST).await
}

async fn admin_revokes_sessions(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.revoke_sessions(ADA).await?;
    s.expect_signed_out(&client).await
}

/// The same call finishes what a fault interrupted. The user has a session, an email that was sent
/// and one that was not.
async fn admin_erases(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.receive_login_email(&s.client(), ADA).await?;
    s.expect(s.client().request_login(ADA), "200").await?;
    let id = s.user_id(ADA);
    erase(s, &id).await?;
    s.ledger().passwords.remove(ADA);
    s.expect_signed_out(&client).await?;
    s.expect(s.client().erase_user(&id), "204").await?;
    s.expect(s.client().get_user(&id), "404 not-found").await
}

async fn erase(s: &Scenario, id: &str) -> StepResult {
    let emails = s.world.rows("emails");
    s.ledger().erased_emails.extend(emails);
    s.expect(s.client().erase_user(id), "204").await
}

/// The next user with the address keeps their emails when the first is erased again.
async fn admin_erases_and_invites(s: &Scenario) -> StepResult {
    let id = s.user_id(GRACE);
    erase(s, &id).await?;
    let admin = s.client();
    let request = admin.create_user(GRACE, "Grace").idempotency_key("one");
    let email = s.receive_email(request, "201").await?;
    s.expect(s.client().erase_user(&id), "204").await?;
    s.activate(&s.client(), &email).await
}

/// Neither the key that created the user nor a link of before the erasure does anything.
async fn admin_erases_and_repeats(s: &Scenario) -> StepResult {
    s.create("one", "201").await?;
    let client = s.client();
    let link = s.receive_login_email(&client, EVE).await?.token();
    erase(s, &s.user_id(EVE)).await?;
    s.create("one", "409 already-exists").await?;
    s.expect(client.verify_link(&link), "400 invalid-token")
        .await?;
    s.create("two", "201").await?;
    s.expect(client.verify_link(&link), "400 invalid-token")
        .await
}

/// A back end that repeats the import learns which users exist already.
async fn admin_imports(s: &Scenario) -> StepResult {
    let users = json!([
        {"email": EVE, "name": "Eve", "password": hash(HASH_PARAMETERS, FIRST)},
        {"email": ADA, "name": "Ada"},
        {"email": "bob@example.com", "name": "Bob", "status": "suspended"},
    ]);
    let response = s.response(s.client().import_users(users), "200").await?;
    let results = response.json()["results"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let existed = |result: &Value| result["problem"] == "already-exists";
    let exist = results
        .iter()
        .all(|result| existed(result) || result["id"].is_string());
    let in_order: Vec<_> = results.iter().map(existed).collect();
    let is_right = match in_order.as_slice() {
        [_, true, _] if s.retries() > 0 => exist,
        in_order => exist && in_order == [false, true, false],
    };
    ensure!(is_right, "an import: {}", response.body);
    s.ledger().passwords.set(EVE, FIRST);
    s.sign_in(&s.client(), EVE, FIRST).await
}

/// Reads the list page by page, and one user with their history; nothing changes.
async fn admin_reads(s: &Scenario) -> StepResult {
    s.sign_in_by_link(&s.client(), ADA).await?;
    let (before, client) = (s.world.snapshot(), s.client());
    let list = client.list_users().query("limit", "1");
    let first = s.response(list.clone(), "200").await?.json();
    let after = first["next"].as_str().unwrap_or_default();
    let second = s.response(list.query("after", after), "200").await?.json();
    let emails = [&first, &second].map(|page| &page["users"][0]["email"]);
    let is_complete = emails == [ADA, GRACE] && second["next"].is_null();
    ensure!(is_complete, "a list: {first} and {second}");
    let user = s
        .response(client.get_user(&s.user_id(ADA)), "200")
        .await?
        .json();
    let emails = s
        .response(client.list_emails(&s.user_id(ADA)), "200")
        .await?;
    let story = &emails.json()["emails"][0]["story"];
    ensure!(story.is_array(), "an email has no story: {}", emails.body);
    for history in ["emails", "audit"] {
        let length = user[history].as_array().map_or(0, Vec::len);
        ensure!(length > 0, "no {history}: {user}");
    }
    ensure!(s.world.snapshot() == before, "reading changed the tables");
    Ok(())
}

/// Saves the texts of an email, which the next one is sent with, and returns to the shipped ones.
async fn admin_changes_texts(s: &Scenario) -> StepResult {
    let (admin, client) = (s.client(), s.client());
    let shown = s
        .response(admin.get_template("sign-in", "en"), "200")
        .await?;
    let mut texts = shown.json()["shipped"].clone();
    texts["subject"] = json!("Welcome");
    s.expect(
        admin.preview_template("sign-in", "en").body(json!({})),
        "200",
    )
    .await?;
    s.expect(admin.save_template("sign-in", "en").body(texts), "200")
        .await?;
    let email = s.receive_login_email(&client, ADA).await?;
    ensure_eq!(email.subject, "Welcome", "the saved subject");
    s.expect(admin.revert_template("sign-in", "en"), "204")
        .await?;
    s.advance(secs(60));
    let email = s.receive_login_email(&client, ADA).await?;
    ensure_eq!(email.subject, "Sign in to Partner", "the shipped subject");
    let list = admin.admin_request(Method::GET, routes::TEMPLATES);
    s.expect(list, "200").await?;
    ensure!(s.world.rows("templates").is_empty(), "a text is left");
    for action in ["saved", "reverted"] {
        let records = s.world.audit(&format!("partner.template.{action}")).len();
        let is_right = records == 1 || (s.retries() > 0 && action == "saved" && records == 2);
        ensure!(is_right, "{records} records of {action}");
    }
    Ok(())
}
