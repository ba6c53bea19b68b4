//! What becomes of mails, in their own weather too.

use super::{ADA, Flow, Outcome, administration};
use crate::crash::scene::Scene;
use local::aws_stub::Fault;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::mins;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        Flow::new("mail-to-nobody", |scene| {
            Box::pin(to(scene, "nobody@example.com"))
        })
        .ending(&["dropped"]),
        Flow::new("mail-to-an-invited-user", |scene| {
            Box::pin(to(scene, "grace@example.com"))
        }),
        Flow::new("mail-to-a-suspended-user", |scene| {
            Box::pin(to_a_suspended_user(scene))
        })
        .ending(&["dropped"]),
        Flow::new("mail-over-budget", |scene| Box::pin(over_budget(scene)))
            .with(&[("EmailsPerHour", "1")])
            .ending(&["sent", "throttled"]),
        Flow::new("mail-too-late", |scene| Box::pin(too_late(scene))).ending(&["expired"]),
        Flow::new("mail-of-several", |scene| Box::pin(of_several(scene)))
            .ending(&["sent", "dropped"]),
        Flow::new("provider-is-busy", |scene| {
            Box::pin(provider_is_busy(scene))
        }),
        Flow::new("provider-is-busy-for-long", |scene| {
            Box::pin(provider_is_busy_for_long(scene))
        }),
        Flow::new("provider-refuses", |scene| {
            Box::pin(provider_refuses(scene))
        })
        .ending(&["failed"]),
        Flow::new("mailer-dies-after-sending", |scene| {
            Box::pin(mailer_dies_after_sending(scene))
        }),
        Flow::new("mailer-always-dies", |scene| {
            Box::pin(mailer_always_dies(scene))
        })
        .ending(&["failed"]),
        Flow::new("mail-waits-and-expires", |scene| {
            Box::pin(waits_and_expires(scene))
        })
        .ending(&["expired"]),
        Flow::new("mail-waits-and-epoch-moves", |scene| {
            Box::pin(waits_and_epoch_moves(scene))
        })
        .ending(&["superseded"]),
    ]
}

/// What SES does to the first so many mails.
fn at_first(scene: &Scene, times: usize, fault: Fault) {
    let sends = AtomicUsize::new(0);
    scene.script(Box::new(move |attempt| match attempt.service.as_str() {
        "ses" if sends.fetch_add(1, Ordering::SeqCst) < times => fault.clone(),
        _ => Fault::None,
    }));
}

fn says(status: u16, kind: &str) -> Fault {
    Fault::Reply(
        status,
        json!({"__type": kind, "message": "said the provider"}).to_string(),
    )
}

async fn to(scene: &Scene, email: &str) -> Outcome {
    scene.ask(&scene.browser(), email).await?;
    scene.deliver().await
}

async fn to_a_suspended_user(scene: &Scene) -> Outcome {
    administration::patch(scene, ADA, json!({"status": "suspended"})).await?;
    to(scene, ADA).await
}

async fn over_budget(scene: &Scene) -> Outcome {
    to(scene, ADA).await?;
    to(scene, ADA).await?;
    let sent = scene
        .world
        .rows("emails")
        .iter()
        .filter(|row| row["status"]["S"] == "sent")
        .count();
    if sent == 1 {
        Ok(())
    } else {
        Err(format!("{sent} mails were sent on a budget of one"))
    }
}

async fn too_late(scene: &Scene) -> Outcome {
    scene.ask(&scene.browser(), ADA).await?;
    scene.pass(mins(16));
    scene.deliver().await
}

/// One batch: a mail that is sent, one that is dropped, and another one that is sent.
async fn of_several(scene: &Scene) -> Outcome {
    for email in [ADA, "nobody@example.com", ADA] {
        scene.ask(&scene.browser(), email).await?;
    }
    scene.deliver().await
}

async fn provider_is_busy(scene: &Scene) -> Outcome {
    at_first(scene, 2, says(429, "TooManyRequestsException"));
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await.map(drop)
}

/// Longer than the stream asks again: the sweep takes it up.
async fn provider_is_busy_for_long(scene: &Scene) -> Outcome {
    at_first(scene, 4, says(429, "TooManyRequestsException"));
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await.map(drop)
}

async fn provider_refuses(scene: &Scene) -> Outcome {
    at_first(scene, usize::MAX, says(400, "MessageRejected"));
    to(scene, ADA).await
}

async fn mailer_dies_after_sending(scene: &Scene) -> Outcome {
    at_first(scene, 1, Fault::DieAfter);
    let browser = scene.browser();
    scene.sign_in(&browser, ADA).await.map(drop)
}

async fn mailer_always_dies(scene: &Scene) -> Outcome {
    at_first(scene, usize::MAX, Fault::DieBefore);
    to(scene, ADA).await
}

/// A mail that was claimed and could not be sent.
async fn waiting(scene: &Scene) -> Outcome {
    at_first(scene, usize::MAX, Fault::FailBefore);
    scene.ask(&scene.browser(), ADA).await?;
    for _ in 0..8 {
        scene.deliver_once().await?;
        if scene
            .world
            .rows("emails")
            .iter()
            .any(|row| row["status"]["S"] == "sending")
        {
            return Ok(());
        }
    }
    Err("no mail is ever claimed".to_owned())
}

async fn waits_and_expires(scene: &Scene) -> Outcome {
    waiting(scene).await?;
    scene.pass(mins(16));
    scene.deliver().await
}

async fn waits_and_epoch_moves(scene: &Scene) -> Outcome {
    waiting(scene).await?;
    administration::end_sessions(scene, ADA).await?;
    scene.deliver().await
}
