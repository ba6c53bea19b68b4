//! Signing in with a password, and setting another one.

use super::{ADA, EVE, FIRST, Flow, Outcome, SECOND};
use crate::crash::kinds::conflicts;
use crate::crash::scene::{SID, Scene};
use crate::crash::tries::COSTS;
use serde_json::{Value, json};
use tests::{Mail, mins, secs};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("password", |scene| Box::pin(password(scene))),
        Flow::new("password-by-form", |scene| {
            Box::pin(password_by_form(scene))
        }),
        Flow::new("password-wrong", |scene| Box::pin(password_wrong(scene))),
        Flow::new("password-of-nobody", |scene| {
            Box::pin(password_of_nobody(scene))
        }),
        Flow::new("password-at-previous-costs", |scene| {
            Box::pin(at_previous_costs(scene))
        })
        .with(&[("PreviousArgon2", BEFORE)]),
        Flow::new("password-while-signed-in", |scene| {
            Box::pin(while_signed_in(scene))
        }),
        Flow::new("password-too-often", |scene| Box::pin(too_often(scene)))
            .with(&[("PasswordAttempts", "2")]),
        Flow::new("password-too-often-from-a-network", |scene| {
            Box::pin(too_often_from_a_network(scene))
        })
        .with(&[("PasswordPerNetworkHour", "1")]),
        Flow::new("password-capped", |scene| Box::pin(capped(scene)))
            .with(&[("PasswordFailures", "10")]),
        Flow::new("reset", |scene| Box::pin(reset(scene))),
        Flow::new("reset-by-form", |scene| Box::pin(reset_by_form(scene))),
        Flow::new("reset-without-attempt", |scene| {
            Box::pin(reset_without_attempt(scene))
        }),
        Flow::new("reset-in-a-crowd", |scene| {
            Box::pin(reset_in_a_crowd(scene))
        }),
        Flow::new("reset-of-somebody-else", |scene| {
            Box::pin(reset_of_somebody_else(scene))
        }),
        Flow::new("keys-are-renewed-for-a-password", |scene| {
            Box::pin(keys_are_renewed(scene))
        }),
    ]
}

/// What hashes cost before.
const BEFORE: &str = "m=64,t=1,p=1";

async fn password(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.right(&browser, ADA, FIRST).await?;
    scene.me(&browser).await.map(drop)
}

async fn password_by_form(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.wrong_by_form(&browser, ADA, SECOND).await?;
    scene.right_by_form(&browser, ADA, FIRST).await?;
    scene.me(&browser).await.map(drop)
}

/// Wrong ones in a row, before and after a right one, which begins another row.
async fn password_wrong(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.wrong(&browser, ADA, SECOND).await?;
    scene.right(&browser, ADA, FIRST).await?;
    scene.wrong(&browser, ADA, SECOND).await?;
    scene.wrong(&browser, ADA, SECOND).await
}

async fn password_of_nobody(scene: &Scene) -> Outcome {
    scene.wrong(&scene.browser(), EVE, FIRST).await
}

/// The hash is renewed by the first sign-in, and good for the next.
async fn at_previous_costs(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, BEFORE);
    let browser = scene.browser();
    scene.wrong(&browser, ADA, SECOND).await?;
    scene.right(&browser, ADA, FIRST).await?;
    if !scene
        .world
        .rows("users")
        .iter()
        .any(|row| is_at(row, COSTS))
    {
        return Err("a hash at the costs of before was not renewed".to_owned());
    }
    scene.right(&scene.browser(), ADA, FIRST).await
}

fn is_at(user: &Value, costs: &str) -> bool {
    user["password"]["S"]
        .as_str()
        .is_some_and(|hash| hash.contains(costs))
}

async fn while_signed_in(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.right(&browser, ADA, FIRST).await?;
    scene.right(&browser, ADA, FIRST).await?;
    scene.me(&browser).await.map(drop)
}

/// A lost answer may cost an attempt more, and never one less.
async fn too_often(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    let refused = loop {
        let answer = scene
            .told(async || scene.try_wrong(&browser, ADA, SECOND).await)
            .await?;
        match answer.status.as_u16() {
            401 => scene.is_wrong(ADA),
            429 => break answer,
            _ => {
                return Err(format!(
                    "{} {} was answered to a wrong password",
                    answer.status, answer.body
                ));
            }
        }
    };
    let (wrong, again) = (scene.tries().wrong(), scene.faults.struck());
    if wrong.answered > 2 || wrong.asked - 1 + again < 2 {
        return Err(format!("of two attempts there were {wrong:?}"));
    }
    scene.pass(secs(
        refused.json()["retry_after"].as_u64().unwrap_or_default(),
    ));
    scene.right(&browser, ADA, FIRST).await
}

async fn too_often_from_a_network(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.wrong(&browser, EVE, SECOND).await?;
    let refused = scene
        .due(429, "too-many-attempts", async || {
            scene.try_wrong(&browser, ADA, FIRST).await
        })
        .await?;
    scene.right(&scene.browser(), ADA, FIRST).await?;
    scene.pass(secs(
        refused.json()["retry_after"].as_u64().unwrap_or_default(),
    ));
    scene.right(&browser, ADA, FIRST).await
}

/// So many wrong ones in a row that none is right any more, until a mailed link is used.
async fn capped(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.wrong(&browser, ADA, SECOND).await?;
    scene.wrong_in_a_row(ADA, 10);
    scene.wrong(&browser, ADA, FIRST).await?;
    scene.sign_in(&browser, ADA).await?;
    scene.right(&browser, ADA, FIRST).await
}

/// Asks for a link that sets another password, and waits for it.
async fn forgot(scene: &Scene) -> Result<Mail, String> {
    let browser = scene.browser();
    scene
        .due(200, "", async || {
            browser
                .post("/auth/forgot-password", json!({"email": ADA}))
                .await
        })
        .await?;
    scene.deliver().await?;
    scene.mail()
}

/// What is so after a reset: the old password is nobody's any more, and the owner is told.
async fn is_reset(scene: &Scene, mail: &Mail) -> Outcome {
    scene.used(mail);
    scene.password_is(ADA, SECOND);
    scene.deliver().await?;
    let notice = scene.mail()?;
    if notice.0["to"] != ADA || notice.0["links"] != json!([]) {
        return Err(format!("no notice was mailed last: {}", notice.0));
    }
    Ok(())
}

fn new_password(mail: &Mail, attempt: Option<&str>) -> Value {
    let mut body = json!({"token": mail.token(), "password": SECOND});
    if let Some(attempt) = attempt {
        body["idempotency_key"] = json!(attempt);
    }
    body
}

async fn reset(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let (here, there) = (scene.browser(), scene.browser());
    scene.right(&there, ADA, FIRST).await?;
    let mail = forgot(scene).await?;
    let body = new_password(&mail, Some("the-attempt-of-this-page"));
    scene
        .due(200, "", async || {
            here.post("/auth/reset-password", body.clone()).await
        })
        .await?;
    is_reset(scene, &mail).await?;
    scene.over_with(&there.cookie(SID).unwrap_or_default());
    scene
        .due(401, "not-authenticated", async || there.me().await)
        .await?;
    scene.wrong(&here, ADA, FIRST).await?;
    scene.right(&here, ADA, SECOND).await
}

async fn reset_by_form(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let fields = [("email", ADA)];
    let asked = "/auth/check-email?for=reset";
    scene
        .leads(
            async || browser.post_form("/auth/forgot-password", &fields).await,
            asked,
        )
        .await?;
    scene.deliver().await?;
    let mail = scene.mail()?;
    let page = scene
        .due(200, "", async || browser.get(&mail.path()).await)
        .await?;
    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    let fields = [
        ("token", token.as_str()),
        ("idempotency_key", attempt.as_str()),
        ("password", SECOND),
    ];
    let onwards = "/auth/sign-in?notice=password_changed";
    scene
        .leads(
            async || browser.post_form("/auth/reset-password", &fields).await,
            onwards,
        )
        .await?;
    is_reset(scene, &mail).await?;
    scene.right_by_form(&browser, ADA, SECOND).await
}

/// Whoever has lost the answer is told that the link is used: the password is the new one all the
/// same.
async fn reset_without_attempt(scene: &Scene) -> Outcome {
    let (mail, browser) = (forgot(scene).await?, scene.browser());
    let body = new_password(&mail, None);
    let post = async || browser.post("/auth/reset-password", body.clone()).await;
    scene
        .due_or_done((200, ""), (410, "used-token"), post)
        .await?;
    is_reset(scene, &mail).await?;
    scene.right(&browser, ADA, SECOND).await
}

async fn reset_in_a_crowd(scene: &Scene) -> Outcome {
    let (mail, browser) = (forgot(scene).await?, scene.browser());
    scene.script(conflicts());
    let body = new_password(&mail, Some("the-attempt-of-this-page"));
    scene
        .due(200, "", async || {
            browser.post("/auth/reset-password", body.clone()).await
        })
        .await?;
    is_reset(scene, &mail).await
}

/// A link that somebody else has used sets nothing.
async fn reset_of_somebody_else(scene: &Scene) -> Outcome {
    let (mail, owner, late) = (forgot(scene).await?, scene.browser(), scene.browser());
    let body = new_password(&mail, Some("the-attempt-of-this-page"));
    scene
        .due(200, "", async || {
            owner.post("/auth/reset-password", body.clone()).await
        })
        .await?;
    is_reset(scene, &mail).await?;
    scene.pass(mins(2));
    let other = json!({"token": mail.token(), "password": FIRST, "idempotency_key": "somebody-elses-attempt"});
    scene
        .due(410, "used-token", async || {
            late.post("/auth/reset-password", other.clone()).await
        })
        .await
        .map(drop)
}

async fn keys_are_renewed(scene: &Scene) -> Outcome {
    scene.pass(mins(6));
    let (mail, browser) = (forgot(scene).await?, scene.browser());
    // The function that was asked has the ring by now, and every other one fetches it for itself.
    let body = new_password(&mail, Some("the-attempt-of-this-page"));
    scene
        .due(200, "", async || {
            browser.post("/auth/reset-password", body.clone()).await
        })
        .await?;
    is_reset(scene, &mail).await?;
    scene.right(&browser, ADA, SECOND).await?;
    scene
        .due(200, "", async || browser.get("/auth/sessions").await)
        .await
        .map(drop)
}
