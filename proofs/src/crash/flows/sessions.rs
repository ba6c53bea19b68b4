//! A user's sessions, to herself; and what becomes of the one she has when another one begins.

use super::{ADA, FIRST, Flow, Outcome};
use crate::crash::scene::{SID, Scene};
use crate::crash::tries::COSTS;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Browser, mins};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("link-while-signed-in", |scene| {
            Box::pin(link_while_signed_in(scene))
        }),
        Flow::new("code-while-signed-in", |scene| {
            Box::pin(code_while_signed_in(scene))
        }),
        Flow::new("sessions-end-one", |scene| Box::pin(end_one(scene))),
        Flow::new("sessions-end-others", |scene| Box::pin(end_others(scene))),
        Flow::new("sessions-seen", |scene| Box::pin(seen(scene))),
    ]
}

/// A browser that is signed in.
async fn signed_in(scene: &Scene) -> Result<Browser<'_>, String> {
    let browser = scene.browser();
    scene.right(&browser, ADA, FIRST).await?;
    Ok(browser)
}

async fn replaced(scene: &Scene, body: impl Fn(&tests::Mail) -> Value) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = signed_in(scene).await?;
    let before = browser.cookie(SID).unwrap_or_default();
    let mail = scene.mailed(&browser, ADA).await?;
    scene.redeem(&browser, &mail, body(&mail)).await?;
    scene.over_with(&before);
    scene.me(&browser).await.map(drop)
}

async fn link_while_signed_in(scene: &Scene) -> Outcome {
    replaced(scene, |mail| json!({"token": mail.token()})).await
}

async fn code_while_signed_in(scene: &Scene) -> Outcome {
    replaced(scene, |mail| json!({"code": mail.code()})).await
}

/// All that the list shows; each of them has its row.
async fn list(scene: &Scene, browser: &Browser<'_>) -> Result<Vec<Value>, String> {
    let answer = scene
        .due(200, "", async || browser.get("/auth/sessions").await)
        .await?;
    let shown = answer.json().as_array().cloned().unwrap_or_default();
    let rows = scene.world.rows("sessions");
    let has_row = |shown: &Value| rows.iter().any(|row| row["sk"]["S"] == shown["id"]);
    let current = shown
        .iter()
        .filter(|shown| shown["current"] == true)
        .count();
    if current == 1 && shown.iter().all(has_row) {
        Ok(shown)
    } else {
        Err(format!("{} is listed", answer.body))
    }
}

/// The name of this browser's session.
async fn name(scene: &Scene, browser: &Browser<'_>) -> Result<String, String> {
    let all = list(scene, browser).await?;
    let current = all
        .iter()
        .find(|shown| shown["current"] == true)
        .and_then(|shown| shown["id"].as_str());
    current
        .map(str::to_owned)
        .ok_or_else(|| "no session is the current one".to_owned())
}

async fn delete(browser: &Browser<'_>, path: &str) -> Answer {
    browser.send(browser.request(Method::DELETE, path)).await
}

async fn end_one(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let (here, there) = (signed_in(scene).await?, signed_in(scene).await?);
    let path = format!("/auth/sessions/{}", name(scene, &there).await?);
    // Whoever has lost the answer is told that there is no such session any more.
    scene
        .due_or_done((204, ""), (404, "not-found"), async || {
            delete(&here, &path).await
        })
        .await?;
    scene.over_with(&there.cookie(SID).unwrap_or_default());
    scene
        .due(401, "not-authenticated", async || there.me().await)
        .await?;
    scene
        .due(404, "not-found", async || delete(&here, &path).await)
        .await?;
    scene.me(&here).await.map(drop)
}

async fn end_others(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let (here, there) = (signed_in(scene).await?, signed_in(scene).await?);
    scene
        .due(204, "", async || delete(&here, "/auth/sessions").await)
        .await?;
    scene.over_with(&there.cookie(SID).unwrap_or_default());
    scene
        .due(401, "not-authenticated", async || there.me().await)
        .await?;
    // Those as well of which nobody has ever heard.
    match list(scene, &here).await?.len() {
        1 => Ok(()),
        more => Err(format!("{more} sessions live where all but one have ended")),
    }
}

/// The last-seen write of a list, and of the end of another session.
async fn seen(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let (here, there) = (signed_in(scene).await?, signed_in(scene).await?);
    scene.pass(mins(6));
    let path = format!("/auth/sessions/{}", name(scene, &there).await?);
    scene.pass(mins(6));
    scene
        .due_or_done((204, ""), (404, "not-found"), async || {
            delete(&here, &path).await
        })
        .await?;
    scene.over_with(&there.cookie(SID).unwrap_or_default());
    Ok(())
}
