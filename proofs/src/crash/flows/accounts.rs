//! How somebody comes to have an account: invitations, activation, signing up.

use super::{ADA, EVE, FIRST, Flow, GRACE, Outcome, administration};
use crate::crash::kinds::conflicts;
use crate::crash::scene::{SID, Scene};
use crate::crash::tries::COSTS;
use serde_json::{Value, json};
use tests::{Browser, Mail, mins};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("invitation", |scene| Box::pin(invitation(scene))),
        Flow::new("invitation-by-form", |scene| {
            Box::pin(invitation_by_form(scene))
        }),
        Flow::new("activation-twice", |scene| {
            Box::pin(activation_twice(scene))
        }),
        Flow::new("activation-without-attempt", |scene| {
            Box::pin(activation_without_attempt(scene))
        }),
        Flow::new("activation-in-a-crowd", |scene| {
            Box::pin(activation_in_a_crowd(scene))
        }),
        Flow::new("activation-while-signed-in", |scene| {
            Box::pin(activation_while_signed_in(scene))
        }),
        Flow::new("sign-up", |scene| Box::pin(sign_up(scene))).with(OPEN),
        Flow::new("sign-up-by-form", |scene| Box::pin(sign_up_by_form(scene))).with(OPEN),
        Flow::new("sign-up-of-a-user", |scene| {
            Box::pin(sign_up_of_a_user(scene))
        })
        .with(OPEN),
        Flow::new("keys-are-renewed-for-an-account", |scene| {
            Box::pin(keys_are_renewed(scene))
        })
        .with(OPEN),
    ]
}

const OPEN: &[(&str, &str)] = &[("SelfSignUp", "on")];

fn first_password(mail: &Mail) -> Value {
    json!({"token": mail.token(), "password": FIRST, "idempotency_key": "the-attempt-of-this-page"})
}

/// Sets the first password by JSON: a lost answer is asked for again with the same attempt.
pub(super) async fn activate(
    scene: &Scene,
    browser: &Browser<'_>,
    mail: &Mail,
    email: &str,
) -> Outcome {
    let body = first_password(mail);
    scene
        .due(200, "", async || {
            browser.post("/auth/activate", body.clone()).await
        })
        .await?;
    is_active(scene, browser, mail, email).await
}

async fn is_active(scene: &Scene, browser: &Browser<'_>, mail: &Mail, email: &str) -> Outcome {
    scene.signed_in(browser, mail)?;
    scene.password_is(email, FIRST);
    let me = scene.me(browser).await?;
    if me.json()["email"] == email {
        Ok(())
    } else {
        Err(format!("somebody else was activated: {}", me.body))
    }
}

/// An activation by the form behind the latest mail.
async fn activate_by_form(scene: &Scene, browser: &Browser<'_>, email: &str) -> Outcome {
    let mail = scene.mail()?;
    let page = scene
        .due(200, "", async || browser.get(&mail.path()).await)
        .await?;
    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    let fields = [
        ("token", token.as_str()),
        ("idempotency_key", attempt.as_str()),
        ("password", FIRST),
    ];
    scene
        .leads(
            async || browser.post_form("/auth/activate", &fields).await,
            "/auth/signed-in",
        )
        .await?;
    is_active(scene, browser, &mail, email).await
}

async fn invitation(scene: &Scene) -> Outcome {
    administration::invite(scene, "one").await?;
    scene.deliver().await?;
    activate(scene, &scene.browser(), &scene.mail()?, EVE).await
}

async fn invitation_by_form(scene: &Scene) -> Outcome {
    administration::invite(scene, "one").await?;
    scene.deliver().await?;
    activate_by_form(scene, &scene.browser(), EVE).await
}

/// The repeat gets the same session.
async fn activation_twice(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, GRACE).await?;
    activate(scene, &browser, &mail, GRACE).await?;
    let (first, body) = (browser.cookie(SID), first_password(&mail));
    scene
        .due(200, "", async || {
            browser.post("/auth/activate", body.clone()).await
        })
        .await?;
    if browser.cookie(SID) == first {
        Ok(())
    } else {
        Err("a repeat gave another session".to_owned())
    }
}

/// Whoever has lost the answer is told that the link is used, and signs in with the password that
/// she has set.
async fn activation_without_attempt(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, GRACE).await?;
    let body = json!({"token": mail.token(), "password": FIRST});
    let post = async || browser.post("/auth/activate", body.clone()).await;
    let answer = scene
        .due_or_done((200, ""), (410, "used-token"), post)
        .await?;
    scene.used(&mail);
    scene.password_is(GRACE, FIRST);
    if answer.status == 200 {
        return scene.has_session(&browser);
    }
    scene.right(&browser, GRACE, FIRST).await
}

async fn activation_in_a_crowd(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, GRACE).await?;
    scene.script(conflicts());
    activate(scene, &browser, &mail, GRACE).await
}

/// The session that the browser had ends with the one that begins.
async fn activation_while_signed_in(scene: &Scene) -> Outcome {
    scene.has_password(ADA, FIRST, COSTS);
    let browser = scene.browser();
    scene.right(&browser, ADA, FIRST).await?;
    let adas = browser.cookie(SID).unwrap_or_default();
    let mail = scene.mailed(&browser, GRACE).await?;
    activate(scene, &browser, &mail, GRACE).await?;
    scene.over_with(&adas);
    Ok(())
}

async fn ask_to_join(scene: &Scene, browser: &Browser<'_>, email: &str) -> Outcome {
    let body = json!({"email": email, "name": "Eve"});
    scene
        .due(200, "", async || {
            browser.post("/auth/sign-up", body.clone()).await
        })
        .await?;
    scene.deliver().await
}

async fn sign_up(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    ask_to_join(scene, &browser, EVE).await?;
    activate(scene, &browser, &scene.mail()?, EVE).await
}

async fn sign_up_by_form(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let (fields, asked) = (
        [("email", EVE), ("name", "Eve")],
        "/auth/check-email?for=sign-up",
    );
    scene
        .leads(
            async || browser.post_form("/auth/sign-up", &fields).await,
            asked,
        )
        .await?;
    scene.deliver().await?;
    activate_by_form(scene, &browser, EVE).await
}

/// Who has the address already is sent a link that signs her in, and nobody is added.
async fn sign_up_of_a_user(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    ask_to_join(scene, &browser, ADA).await?;
    let mail = scene.mail()?;
    scene
        .redeem(&browser, &mail, json!({"token": mail.token()}))
        .await
        .map(drop)
}

async fn keys_are_renewed(scene: &Scene) -> Outcome {
    scene.pass(mins(6));
    sign_up(scene).await
}
