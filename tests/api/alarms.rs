//! The alarms that watch the log: each line here is one that a portal has really logged.

use kit::{ADA, GRACE, WRONG, World, dynamodb_error, filter_pattern};
use local::aws_stub::Fault;
use serde_json::{Value, json};
use std::time::Duration;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Returns the lines about emails of the world that a metric filter of the template matches.
fn matched(world: &World, filter: &str) -> Vec<Value> {
    let pattern = filter_pattern::of_filter(TEMPLATE, filter);
    let rows = world.rows("emails");
    let ids: Vec<_> = rows.iter().map(|row| &row["sk"]["S"]).collect();
    let mut lines = lines();
    lines
        .retain(|line| ids.contains(&&line["email_id"]) && filter_pattern::matches(&pattern, line));
    lines
}

/// Returns what all portals of this process have logged.
fn lines() -> Vec<Value> {
    let logged = local::logs::taken();
    let lines = logged.lines().filter(|line| line.ends_with('}'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Starts a portal whose calls to SES get this response, `calls` times, and requests an email.
async fn world_with_ses(status: u16, code: &str, calls: usize) -> World {
    let world = World::with(&[("Notices", "")]).await;
    let error = json!({"__type": code, "message": "no"}).to_string();
    world.inject(Fault::Reply(status, error), move |call| {
        call.service == "ses" && call.number <= calls
    });
    world.client().request_login(ADA).await.assert("200");
    world.settle().await;
    world
}

#[tokio::test]
async fn one_email_that_ses_refuses_for_good_is_enough_for_an_alarm() {
    for (status, code) in [
        (400, "MessageRejected"),
        (403, "AccessDeniedException"),
        (404, "NotFoundException"),
        (400, "AccountSuspendedException"),
    ] {
        let world = world_with_ses(status, code, 1).await;
        let refused = matched(&world, "EmailRefusedFilter");
        assert_eq!(refused.len(), 1, "{code}");
        assert_eq!(refused[0]["error"], code);
    }
}

#[tokio::test]
async fn an_email_that_is_sent_at_the_second_attempt_raises_no_alarm_and_one_that_waits_does() {
    for (calls, alarms) in [(1, 0), (2, 0), (3, 1)] {
        let world = world_with_ses(429, "TooManyRequestsException", calls).await;
        assert_eq!(
            matched(&world, "EmailRefusedFilter").len(),
            alarms,
            "{calls}"
        );
        assert_eq!(matched(&world, "EmailLostFilter").len(), 0);
    }
}

#[tokio::test]
async fn one_email_that_ends_failed_or_expired_raises_an_alarm() {
    let world = world_with_ses(400, "MessageRejected", 1).await;
    assert_eq!(matched(&world, "EmailLostFilter")[0]["end"], "failed");
    let world = world_with_ses(503, "ServiceUnavailable", usize::MAX).await;
    world.clock.advance(Duration::from_secs(15 * 60));
    world.sweep().await;
    assert_eq!(matched(&world, "EmailLostFilter")[0]["end"], "expired");
}

#[tokio::test]
async fn a_failed_request_to_dynamodb_is_logged_with_its_code_and_raises_an_alarm() {
    let world = World::start().await;
    world.inject(
        Fault::Reply(400, dynamodb_error("AccessDeniedException")),
        |call| call.service == "dynamodb" && call.tables.contains(&"rate-limits".to_owned()),
    );
    world
        .client()
        .request_login(ADA)
        .await
        .assert("503 unavailable");
    let pattern = filter_pattern::of_filter(TEMPLATE, "StoreFilter");
    let mut lines = lines();
    lines.retain(|line| line["error"] == "AccessDeniedException");
    lines.retain(|line| filter_pattern::matches(&pattern, line));
    assert!(!lines.is_empty());
}

#[tokio::test]
async fn each_sign_in_refusal_and_email_is_one_line_for_a_metric_of_the_dashboard() {
    let world = World::with_cheap_hashes(&[]).await;
    let client = world.client();
    let token = client.receive_login_email(ADA).await.token();
    client.verify_link(&token).await.assert("200");
    client.verify_link(&token).await.assert("200");
    world
        .client()
        .sign_in(ADA, WRONG)
        .await
        .assert("401 invalid-credentials");
    let of = |filter: &str, field: &str, value: &str| {
        let pattern = filter_pattern::of_filter(TEMPLATE, filter);
        let lines = lines();
        let lines = lines
            .iter()
            .filter(|line| filter_pattern::matches(&pattern, line));
        lines.filter(|line| line[field] == value).count()
    };
    assert!(of("SignInFilter", "method", "link") > 0);
    assert!(of("RefusalFilter", "problem", "invalid-credentials") > 0);
    assert!(of("RefusalFilter", "problem", "null") == 0);
    assert_eq!(
        matched(&world, "EmailEndFilter").len(),
        world.rows("emails").len()
    );
}

#[tokio::test]
async fn each_budget_of_the_portal_that_is_used_up_raises_an_alarm() {
    let budgets = [
        ("EmailsPerDayPortal", "1"),
        ("SelfSignUp", "on"),
        ("Notices", ""),
    ];
    let world = World::with(&budgets).await;
    for name in ["first", "second"] {
        let email = format!("{name}@example.com");
        world
            .client()
            .create_user(&email, "New")
            .await
            .assert("201");
        world
            .client()
            .sign_up(&format!("{name}@example.org"), "New")
            .await
            .assert("200");
    }
    for email in [ADA, GRACE] {
        world.client().request_login(email).await.assert("200");
    }
    world.settle().await;
    let mut reasons: Vec<_> = matched(&world, "EmailBudgetFilter")
        .iter()
        .map(|line| line["reason"].as_str().unwrap().to_owned())
        .collect();
    reasons.sort();
    assert_eq!(
        reasons,
        ["invitation-budget", "portal-budget", "sign-up-budget"]
    );
}
