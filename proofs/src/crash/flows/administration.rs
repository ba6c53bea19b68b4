//! What administrators do, by a back end that comes back with the same request when it is told
//! "later".

use super::{ADA, EVE, FIRST, Flow, GRACE, Outcome, accounts};
use crate::crash::scene::{SID, Scene};
use crate::crash::tries::{COSTS, hashed};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Browser, secs};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("admin-adds", |scene| Box::pin(adds(scene))),
        Flow::new("admin-invites-twice", |scene| {
            Box::pin(invites_twice(scene))
        }),
        Flow::new("admin-invites-without-a-key", |scene| {
            Box::pin(invites_without_a_key(scene))
        }),
        Flow::new("admin-resends", |scene| Box::pin(resends(scene)))
            .ending(&["sent", "superseded"]),
        Flow::new("admin-activates", |scene| Box::pin(activates(scene)))
            .ending(&["sent", "superseded"]),
        Flow::new("admin-changes", |scene| Box::pin(changes(scene))),
        Flow::new("admin-changes-address", |scene| {
            Box::pin(changes_address(scene))
        }),
        Flow::new("admin-changes-address-to-anothers", |scene| {
            Box::pin(changes_address_to_anothers(scene))
        }),
        Flow::new("admin-suspends", |scene| Box::pin(suspends(scene))),
        Flow::new("admin-ends-sessions", |scene| {
            Box::pin(ends_sessions(scene))
        }),
        Flow::new("admin-erases", |scene| Box::pin(erases(scene))),
        Flow::new("admin-erases-and-invites", |scene| {
            Box::pin(erases_and_invites(scene))
        }),
        Flow::new("admin-imports", |scene| Box::pin(imports(scene))),
        Flow::new("admin-looks", |scene| Box::pin(looks(scene))),
    ]
}

/// One call of a back end, until it is told something else than "later".
async fn call(
    scene: &Scene,
    method: Method,
    path: &str,
    body: Option<Value>,
    (status, problem): (u16, &str),
) -> Result<Answer, String> {
    let caller = scene.browser();
    scene
        .due(status, problem, async || {
            caller.call(method.clone(), path, body.as_ref()).await
        })
        .await
}

fn path(scene: &Scene, email: &str) -> String {
    format!("/admin/users/{}", scene.world.id_of(email))
}

/// A change that is due.
pub(super) async fn patch(scene: &Scene, email: &str, change: Value) -> Result<Answer, String> {
    call(
        scene,
        Method::PATCH,
        &path(scene, email),
        Some(change),
        (200, ""),
    )
    .await
}

/// Ends all sessions of a user. Whoever comes back ends them again: they are not fewer for it.
pub(super) async fn end_sessions(scene: &Scene, email: &str) -> Outcome {
    let path = format!("{}/sessions", path(scene, email));
    call(scene, Method::DELETE, &path, None, (204, ""))
        .await
        .map(drop)
}

/// Adds Eve, active, with a key for repeats.
pub(super) async fn add(scene: &Scene, key: &str, status: u16) -> Result<Answer, String> {
    add_with(
        scene,
        key,
        json!({"email": EVE, "name": "Eve", "status": "active"}),
        status,
    )
    .await
}

/// Invites Eve, with a key for repeats.
pub(super) async fn invite(scene: &Scene, key: &str) -> Result<Answer, String> {
    add_with(scene, key, json!({"email": EVE, "name": "Eve"}), 201).await
}

async fn add_with(scene: &Scene, key: &str, user: Value, status: u16) -> Result<Answer, String> {
    let caller = scene.browser();
    let problem = if status == 409 { "already-exists" } else { "" };
    scene
        .due(status, problem, async || {
            caller
                .admin("local", &[("idempotency-key", key)], &user)
                .await
        })
        .await
}

async fn adds(scene: &Scene) -> Outcome {
    let first = add(scene, "one", 201).await?;
    scene.pass(secs(5));
    same(&first, &add(scene, "one", 201).await?)?;
    add(scene, "two", 409).await?;
    let browser = scene.browser();
    scene.sign_in(&browser, EVE).await.map(drop)
}

fn same(first: &Answer, again: &Answer) -> Outcome {
    if first.json() == again.json() {
        Ok(())
    } else {
        Err(format!("{} was answered after {}", again.body, first.body))
    }
}

/// The repeat mails nothing.
async fn invites_twice(scene: &Scene) -> Outcome {
    let first = invite(scene, "one").await?;
    scene.deliver().await?;
    same(&first, &invite(scene, "one").await?)?;
    scene.deliver().await
}

/// Whoever has lost the answer is told that there is such a user: it is she.
async fn invites_without_a_key(scene: &Scene) -> Outcome {
    let (caller, user) = (scene.browser(), json!({"email": EVE, "name": "Eve"}));
    let post = async || caller.admin("local", &[], &user).await;
    scene
        .due_or_done((201, ""), (409, "already-exists"), post)
        .await?;
    scene.deliver().await
}

/// Whoever has lost the answer invites once more: the youngest link works, and no older one.
async fn resends(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let old = scene.mailed(&browser, GRACE).await?;
    let resend = format!("{}/resend", path(scene, GRACE));
    call(scene, Method::POST, &resend, None, (202, "")).await?;
    scene.deliver().await?;
    let body = json!({"token": old.token(), "password": FIRST});
    scene
        .due(400, "invalid-token", async || {
            browser.post("/auth/activate", body.clone()).await
        })
        .await?;
    accounts::activate(scene, &browser, &scene.mail()?, GRACE).await?;
    call(scene, Method::POST, &resend, None, (409, "conflict"))
        .await
        .map(drop)
}

/// Without her doing: the invitation that is on its way is void.
async fn activates(scene: &Scene) -> Outcome {
    invite(scene, "one").await?;
    patch(scene, EVE, json!({"status": "active"})).await?;
    scene.deliver().await?;
    let browser = scene.browser();
    scene.sign_in(&browser, EVE).await.map(drop)
}

/// Ada, signed in with a password.
async fn ada(scene: &Scene) -> Result<Browser<'_>, String> {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.right(&browser, ADA, FIRST).await?;
    Ok(browser)
}

/// Her session is over, and no other way back into it.
async fn is_signed_out(scene: &Scene, browser: &Browser<'_>) -> Outcome {
    scene.over_with(&browser.cookie(SID).unwrap_or_default());
    scene
        .due(401, "not-authenticated", async || browser.me().await)
        .await
        .map(drop)
}

async fn changes(scene: &Scene) -> Outcome {
    let ada = ada(scene).await?;
    let change = json!({"name": "Ada King", "role": "client", "resources": []});
    patch(scene, ADA, change.clone()).await?;
    let me = scene.me(&ada).await?.json();
    let changed = ["name", "role", "resources"]
        .iter()
        .all(|field| me[field] == change[field]);
    if changed {
        Ok(())
    } else {
        Err(format!("{me} is shown after a change"))
    }
}

async fn changes_address(scene: &Scene) -> Outcome {
    const NEW: &str = "countess@example.com";
    let ada = ada(scene).await?;
    patch(scene, ADA, json!({"email": NEW})).await?;
    scene.password_is_gone(ADA);
    scene.password_is(NEW, FIRST);
    is_signed_out(scene, &ada).await?;
    scene.deliver().await?;
    let told = |to: &str| scene.world.portal.inbox().iter().any(|mail| mail.to == to);
    if !told(ADA) || !told(NEW) {
        return Err("a change of address was not told to both".to_owned());
    }
    let browser = scene.browser();
    scene.wrong(&browser, ADA, FIRST).await?;
    scene.right(&browser, NEW, FIRST).await
}

async fn changes_address_to_anothers(scene: &Scene) -> Outcome {
    let ada = ada(scene).await?;
    let change = json!({"email": GRACE});
    call(
        scene,
        Method::PATCH,
        &path(scene, ADA),
        Some(change),
        (409, "already-exists"),
    )
    .await?;
    scene.me(&ada).await.map(drop)
}

/// What was over with the suspension does not come back with its end.
async fn suspends(scene: &Scene) -> Outcome {
    let ada = ada(scene).await?;
    patch(scene, ADA, json!({"status": "suspended"})).await?;
    is_signed_out(scene, &ada).await?;
    let browser = scene.browser();
    scene.wrong(&browser, ADA, FIRST).await?;
    patch(scene, ADA, json!({"status": "active"})).await?;
    is_signed_out(scene, &ada).await?;
    scene.right(&browser, ADA, FIRST).await
}

async fn ends_sessions(scene: &Scene) -> Outcome {
    let ada = ada(scene).await?;
    end_sessions(scene, ADA).await?;
    is_signed_out(scene, &ada).await
}

/// Erases a user who has a session, a mail that was sent and one that was not.
async fn erased(scene: &Scene) -> Result<String, String> {
    let ada = ada(scene).await?;
    scene.mailed(&scene.browser(), ADA).await?;
    scene.ask(&scene.browser(), ADA).await?;
    let path = path(scene, ADA);
    scene.remember_mails();
    call(scene, Method::DELETE, &path, None, (204, "")).await?;
    scene.password_is_gone(ADA);
    is_signed_out(scene, &ada).await?;
    Ok(path)
}

/// Whatever breaks it off, the same call goes on with it.
async fn erases(scene: &Scene) -> Outcome {
    let path = erased(scene).await?;
    call(scene, Method::DELETE, &path, None, (204, "")).await?;
    call(scene, Method::GET, &path, None, (404, "not-found"))
        .await
        .map(drop)
}

/// Whoever has the address next keeps her mail when the first is erased again.
async fn erases_and_invites(scene: &Scene) -> Outcome {
    scene.remember_mails();
    let (erased, invited) = (path(scene, GRACE), json!({"email": GRACE, "name": "Grace"}));
    call(scene, Method::DELETE, &erased, None, (204, "")).await?;
    add_with(scene, "one", invited, 201).await?;
    scene.deliver().await?;
    call(scene, Method::DELETE, &erased, None, (204, "")).await?;
    accounts::activate(scene, &scene.browser(), &scene.mail()?, GRACE).await
}

/// Those who could be added are there, with their passwords; whoever comes back is told so of those
/// who were.
async fn imports(scene: &Scene) -> Outcome {
    let users = json!({"users": [
        {"email": EVE, "name": "Eve", "password": hashed(COSTS, FIRST)},
        {"email": ADA, "name": "Ada"},
        {"email": "bob@example.com", "name": "Bob", "status": "suspended"},
    ]});
    let answer = call(
        scene,
        Method::POST,
        "/admin/users/import",
        Some(users),
        (200, ""),
    )
    .await?;
    let results = answer.json()["results"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let was_there = |result: &Value| result["problem"] == "already-exists";
    let are_there = results
        .iter()
        .all(|result| was_there(result) || result["id"].is_string());
    let came_back = scene.told_later() > 0;
    let in_order: Vec<_> = results.iter().map(was_there).collect();
    if results.len() != 3
        || !are_there
        || !was_there(&results[1])
        || (!came_back && in_order != [false, true, false])
    {
        return Err(format!("an import was answered {}", answer.body));
    }
    scene.password_is(EVE, FIRST);
    scene.right(&scene.browser(), EVE, FIRST).await
}

/// Page by page, and one with her history. Nothing changes.
async fn looks(scene: &Scene) -> Outcome {
    scene.sign_in(&scene.browser(), ADA).await?;
    let before = scene.world.everything();
    let page = call(scene, Method::GET, "/admin/users?limit=1", None, (200, ""))
        .await?
        .json();
    let rest = format!(
        "/admin/users?limit=1&after={}",
        page["next"].as_str().unwrap_or_default()
    );
    let rest = call(scene, Method::GET, &rest, None, (200, ""))
        .await?
        .json();
    let shown = [&page["users"][0]["email"], &rest["users"][0]["email"]];
    if shown != [ADA, GRACE] || !rest["next"].is_null() {
        return Err(format!("{page} and {rest} are listed"));
    }
    let one = call(scene, Method::GET, &path(scene, ADA), None, (200, ""))
        .await?
        .json();
    let lengths = ["emails", "audit"].map(|list| one[list].as_array().map_or(0, Vec::len));
    if lengths.contains(&0) || scene.world.everything() != before {
        return Err(format!("{one} is shown, and something may have changed"));
    }
    Ok(())
}
