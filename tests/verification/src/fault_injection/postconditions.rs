//! Requests after the flow: used links and ended sessions give nothing, and passwords are the ones
//! set last.

use super::scenario::{Scenario, StepResult, route};
use crate::{ensure, ensure_eq};
use kit::routes;

/// Lets everything that is late arrive, and finishes what is left to do. An email that was
/// finished by then stays as it is.
pub(super) async fn finish(scenario: &Scenario) -> StepResult {
    scenario.deliver().await?;
    let finished = scenario.world.rows("emails");
    scenario.world.portal.release_delayed();
    let now = scenario.world.rows("emails");
    let changed = finished.iter().find(|row| !now.contains(row));
    ensure!(changed.is_none(), "a late change: {changed:?}");
    scenario.deliver().await
}

/// Checks that used links and ended sessions give nothing and change nothing, and that live
/// sessions are accepted.
pub(super) async fn check_links_and_sessions(scenario: &Scenario) -> StepResult {
    let client = scenario.client();
    let ledger = scenario.ledger().clone();
    let before = scenario.world.snapshot();
    for email in &ledger.used_links {
        let route = route(email);
        let mut request = client.post(route).with("token", email.token());
        if route != routes::REPORT {
            request = request.idempotency_key("somebody-elses-attempt");
        }
        if [routes::ACTIVATE, routes::RESET_PASSWORD].contains(&route) {
            request = request.with("password", "a password of somebody else");
        }
        let response = request.await;
        let problem = response.problem();
        let is_refused =
            ["used-token", "expired-token", "invalid-token"].contains(&problem.as_str());
        ensure!(is_refused, "a used link: {}", response.body);
    }
    for token in &ledger.ended_sessions {
        client.set_session(Some(token));
        let status = client.me().await.status;
        ensure!(status == 401, "an ended session: {status}");
    }
    let is_unchanged = scenario.world.snapshot() == before;
    ensure!(is_unchanged, "used links changed the tables");
    for token in &ledger.live_sessions {
        client.set_session(Some(token));
        let status = client.me().await.status;
        ensure!(status == 200, "a live session: {status}");
    }
    Ok(())
}

/// Checks that exactly the current passwords sign in.
pub(super) async fn check_passwords(scenario: &Scenario) -> StepResult {
    let known = scenario.ledger().passwords.known.clone();
    for one in known {
        let response = scenario.client().sign_in(&one.email, &one.password).await;
        let expected = if one.is_current { 200 } else { 401 };
        ensure_eq!(response.status, expected, "a password");
    }
    Ok(())
}
