//! What people do with links and codes.

use super::{ADA, Flow, Outcome, administration};
use crate::crash::kinds::conflicts;
use crate::crash::scene::{SID, Scene, with_bearer};
use reqwest::Method;
use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use tests::{mins, secs};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("link", |scene| Box::pin(link(scene))),
        Flow::new("link-twice", |scene| Box::pin(link_twice(scene))),
        Flow::new("link-page", |scene| Box::pin(link_page(scene))),
        Flow::new("link-page-elsewhere", |scene| {
            Box::pin(link_page_elsewhere(scene))
        }),
        Flow::new("link-and-code-elsewhere", |scene| {
            Box::pin(link_and_code_elsewhere(scene))
        })
        .with(&[("OtherBrowser", "code")]),
        Flow::new("link-of-somebody-else", |scene| {
            Box::pin(link_of_somebody_else(scene))
        }),
        Flow::new("link-in-a-crowd", |scene| Box::pin(link_in_a_crowd(scene))),
        Flow::new("link-activates", |scene| Box::pin(link_activates(scene)))
            .with(&[("Activation", "link")]),
        Flow::new("code", |scene| Box::pin(code(scene))),
        Flow::new("code-of-an-older-mail", |scene| {
            Box::pin(code_of_an_older_mail(scene))
        }),
        Flow::new("code-wrong", |scene| Box::pin(code_wrong(scene))),
        Flow::new("code-used-up", |scene| Box::pin(code_used_up(scene)))
            .with(&[("CodeAttempts", "1")]),
        Flow::new("bearer", |scene| Box::pin(bearer(scene))),
        Flow::new("seen", |scene| Box::pin(seen(scene))),
        Flow::new("logout", |scene| Box::pin(logout(scene))),
        Flow::new("logout-by-form", |scene| Box::pin(logout_by_form(scene))),
        Flow::new("epoch-moves", |scene| Box::pin(epoch_moves(scene))),
        Flow::new("keys-are-renewed", |scene| {
            Box::pin(keys_are_renewed(scene))
        }),
        Flow::new("keys-are-renewed-for-a-code", |scene| {
            Box::pin(keys_are_renewed_for_a_code(scene))
        }),
    ]
}

async fn link(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await?;
    scene.me(&browser).await.map(drop)
}

async fn link_twice(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.sign_in(&browser, ADA).await?;
    let first = browser.cookie(SID);
    scene
        .due(200, "", async || {
            browser
                .post("/auth/verify", json!({"token": mail.token()}))
                .await
        })
        .await?;
    if browser.cookie(SID) == first {
        Ok(())
    } else {
        Err("a repeat gave another session".to_owned())
    }
}

/// The form of a link's page, as it stands.
async fn press(
    scene: &Scene,
    browser: &tests::Browser<'_>,
    code: Option<&str>,
    onwards: &str,
) -> Outcome {
    let mail = scene.mail()?;
    let page = scene
        .due(200, "", async || browser.get(&mail.path()).await)
        .await?;
    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    let mut fields = vec![
        ("token", token.as_str()),
        ("idempotency_key", attempt.as_str()),
    ];
    fields.extend(code.map(|code| ("code", code)));
    scene
        .leads(
            async || browser.post_form("/auth/verify", &fields).await,
            onwards,
        )
        .await?;
    scene.signed_in(browser, &mail)
}

async fn link_page(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let fields = [("email", ADA), ("next", "/reports")];
    scene
        .leads(
            async || browser.post_form("/auth/request-login", &fields).await,
            "/auth/check-email",
        )
        .await?;
    scene.deliver().await?;
    press(scene, &browser, None, "/reports").await?;
    scene.me(&browser).await.map(drop)
}

async fn link_page_elsewhere(scene: &Scene) -> Outcome {
    let (asking, other) = (scene.browser(), scene.browser());
    scene.mailed(&asking, ADA).await?;
    press(scene, &other, None, "/auth/signed-in").await?;
    scene.me(&other).await.map(drop)
}

async fn link_and_code_elsewhere(scene: &Scene) -> Outcome {
    let (asking, other) = (scene.browser(), scene.browser());
    let mail = scene.mailed(&asking, ADA).await?;
    press(scene, &other, Some(&mail.code()), "/auth/signed-in").await?;
    scene.me(&other).await.map(drop)
}

async fn link_of_somebody_else(scene: &Scene) -> Outcome {
    let (owner, late) = (scene.browser(), scene.browser());
    let mail = scene.sign_in(&owner, ADA).await?;
    let body = json!({"token": mail.token(), "idempotency_key": "somebody-elses-attempt"});
    scene
        .due(410, "used-token", async || {
            late.post("/auth/verify", body.clone()).await
        })
        .await?;
    scene.me(&owner).await.map(drop)
}

/// Redeemed while other transactions do not let go of the same rows.
async fn link_in_a_crowd(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, ADA).await?;
    scene.script(conflicts());
    scene
        .redeem(&browser, &mail, json!({"token": mail.token()}))
        .await?;
    scene.me(&browser).await.map(drop)
}

async fn link_activates(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.sign_in(&browser, "grace@example.com").await?;
    scene.me(&browser).await.map(drop)
}

async fn code(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, ADA).await?;
    scene
        .redeem(&browser, &mail, json!({"code": mail.code()}))
        .await?;
    scene.me(&browser).await.map(drop)
}

async fn code_of_an_older_mail(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let older = scene.mailed(&browser, ADA).await?;
    scene.pass(mins(1));
    scene.mailed(&browser, ADA).await?;
    scene
        .redeem(&browser, &older, json!({"code": older.code()}))
        .await?;
    scene.me(&browser).await.map(drop)
}

async fn code_wrong(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let mail = scene.mailed(&browser, ADA).await?;
    let wrong = json!({"code": mail.other_code()});
    scene
        .due(400, "invalid-token", async || {
            browser.post("/auth/verify", wrong.clone()).await
        })
        .await?;
    scene
        .redeem(&browser, &mail, json!({"code": mail.code()}))
        .await
        .map(drop)
}

async fn code_used_up(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    let older = scene.mailed(&browser, ADA).await?;
    let wrong = json!({"code": older.other_code()});
    scene
        .due(400, "invalid-token", async || {
            browser.post("/auth/verify", wrong.clone()).await
        })
        .await?;
    scene.pass(mins(1));
    // Now one of two links has a try left, and then none.
    let younger = scene.mailed(&browser, ADA).await?;
    for code in [older.code(), younger.code()] {
        let body = json!({"code": code});
        scene
            .due(400, "invalid-token", async || {
                browser.post("/auth/verify", body.clone()).await
            })
            .await?;
    }
    scene
        .redeem(&browser, &younger, json!({"token": younger.token()}))
        .await
        .map(drop)
}

async fn bearer(scene: &Scene) -> Outcome {
    let client = scene.browser();
    let ask = json!({"email": ADA, "transport": "bearer"});
    let asked = scene
        .due(200, "", async || {
            client.post("/auth/request-login", ask.clone()).await
        })
        .await?;
    scene.deliver().await?;
    let mail = scene.mail()?;
    let body =
        json!({"request": asked.json()["request"], "code": mail.code(), "transport": "bearer"});
    let redeemed = scene
        .due(200, "", async || {
            client.post("/auth/verify", body.clone()).await
        })
        .await?;
    let token = redeemed.json()["session"]["token"]
        .as_str()
        .ok_or("there is no token")?
        .to_owned();
    scene.began(token.clone());
    scene.used(&mail);
    scene
        .due(200, "", async || {
            with_bearer(&client, Method::GET, "/auth/me", &token).await
        })
        .await?;
    scene
        .due(200, "", async || {
            with_bearer(&client, Method::POST, "/auth/logout", &token).await
        })
        .await?;
    scene.over_with(&token);
    Ok(())
}

/// The last-seen write, and a logout after it.
async fn seen(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await?;
    for _ in 0..2 {
        scene.pass(mins(6));
        scene.me(&browser).await?;
        if !scene
            .world
            .rows("sessions")
            .iter()
            .any(|row| is_recent(scene, &row["last_seen_at"]))
        {
            return Err("a session was used, and its row does not say so".to_owned());
        }
    }
    scene.log_out(&browser).await
}

/// Within what a client needs to come back a few times.
fn is_recent(scene: &Scene, stored: &Value) -> bool {
    let stored = stored["N"]
        .as_str()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    scene.world.time.now().since(Timestamp::from_millis(stored)) <= secs(30)
}

async fn logout(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await?;
    let session = browser.cookie(SID);
    scene.log_out(&browser).await?;
    browser.set_cookie(SID, session.as_deref());
    scene
        .due(401, "not-authenticated", async || browser.me().await)
        .await?;
    scene
        .due(200, "", async || {
            browser.post("/auth/logout", json!({})).await
        })
        .await
        .map(drop)
}

async fn logout_by_form(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await?;
    let session = browser.cookie(SID).unwrap_or_default();
    scene
        .leads(
            async || browser.post_form("/auth/logout", &[]).await,
            "/auth/sign-in",
        )
        .await?;
    if browser.cookie(SID).is_some() {
        return Err("a logout left the cookie".to_owned());
    }
    scene.over_with(&session);
    Ok(())
}

async fn epoch_moves(scene: &Scene) -> Outcome {
    let (browser, asking) = (scene.browser(), scene.browser());
    scene.sign_in(&browser, ADA).await?;
    let mail = scene.mailed(&asking, ADA).await?;
    administration::end_sessions(scene, ADA).await?;
    scene
        .due(401, "not-authenticated", async || browser.me().await)
        .await?;
    for body in [json!({"token": mail.token()}), json!({"code": mail.code()})] {
        scene
            .due(400, "invalid-token", async || {
                asking.post("/auth/verify", body.clone()).await
            })
            .await?;
    }
    scene.over_with(&browser.cookie(SID).unwrap_or_default());
    Ok(())
}

/// Every function fetches the key ring again; where it cannot, its copy serves on.
async fn keys_are_renewed(scene: &Scene) -> Outcome {
    let browser = scene.browser();
    scene.pass(mins(6));
    scene
        .due(200, "", async || browser.get("/auth/sign-in").await)
        .await?;
    scene.sign_in(&browser, ADA).await?;
    scene.me(&browser).await?;
    administration::add(scene, "one", 201).await?;
    scene.log_out(&browser).await
}

async fn keys_are_renewed_for_a_code(scene: &Scene) -> Outcome {
    scene.pass(mins(6));
    code(scene).await
}
