//! Notices of new browsers, and reports of notices.

use super::{Flow, flow};
use crate::fault_injection::scenario::{FIRST, Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ADA, ALL_NOTICES, ApiClient, Email, mins, routes};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(new_browser_with_a_password).with(&[ALL_NOTICES]),
        flow!(new_browser_with_a_link).with(&[ALL_NOTICES]),
        flow!(new_browser_with_a_code).with(&[ALL_NOTICES]),
        flow!(first_sign_in_with_a_link).with(&[ALL_NOTICES]),
        flow!(report).with(&[ALL_NOTICES]),
        flow!(report_by_form).with(&[ALL_NOTICES]),
        flow!(report_twice).with(&[ALL_NOTICES]),
        flow!(report_of_a_later_epoch),
    ]
}

/// Checks how many sign-ins were told, and delivers the notices.
async fn expect_notices(s: &Scenario, count: usize) -> StepResult {
    s.deliver().await?;
    let rows = s.world.rows("emails");
    let told = rows.iter().filter(|row| row["kind"]["S"] == "new-browser");
    ensure_eq!(told.count(), count, "notices of new browsers");
    Ok(())
}

async fn new_browser_with_a_password(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.sign_in(&client, ADA, FIRST).await?;
    expect_notices(s, 0).await?;
    s.sign_in(&s.client(), ADA, FIRST).await?;
    expect_notices(s, 1).await
}

async fn new_browser_with_a_link(s: &Scenario) -> StepResult {
    s.ada().await?;
    s.sign_in_by_link(&s.client(), ADA).await?;
    expect_notices(s, 1).await
}

async fn new_browser_with_a_code(s: &Scenario) -> StepResult {
    s.ada().await?;
    let client = s.client();
    let email = s.receive_login_email(&client, ADA).await?;
    s.redeem_code(&client, &email).await?;
    expect_notices(s, 1).await
}

async fn first_sign_in_with_a_link(s: &Scenario) -> StepResult {
    s.sign_in_by_link(&s.client(), ADA).await?;
    expect_notices(s, 0).await
}

/// Signs in from a known and from a new browser, and returns both and the notice.
async fn signed_in_twice(s: &Scenario) -> StepResult<([ApiClient<'_>; 2], Email)> {
    let (known, new) = (s.ada().await?, s.client());
    s.sign_in(&new, ADA, FIRST).await?;
    s.deliver().await?;
    let notice = s.latest_email()?;
    let is_notice = notice.path().starts_with(routes::REPORT);
    ensure!(is_notice, "no notice was sent: {notice:?}");
    Ok(([known, new], notice))
}

/// Reports a notice. A client that has lost the response may find it reported.
async fn report_notice(s: &Scenario, notice: &Email) -> StepResult {
    let client = s.client();
    let request = client.report(&notice.token());
    s.expect_or_already(request, "200", "410 used-token")
        .await?;
    s.ledger().link_used(notice);
    Ok(())
}

async fn report(s: &Scenario) -> StepResult {
    let (clients, notice) = signed_in_twice(s).await?;
    report_notice(s, &notice).await?;
    for client in &clients {
        s.expect_signed_out(client).await?;
    }
    Ok(())
}

async fn report_by_form(s: &Scenario) -> StepResult {
    let (clients, notice) = signed_in_twice(s).await?;
    let client = s.client();
    let page = s.response(client.open(notice.path()), "200").await?;
    let form = client.report(&page.field("token")).form();
    let [done, used] = ["notice=reported", "error=used-token"]
        .map(|query| format!("303 {}?{query}", notice.path()));
    s.expect_or_already(form, &done, &used).await?;
    s.ledger().link_used(&notice);
    for client in &clients {
        s.expect_signed_out(client).await?;
    }
    Ok(())
}

async fn report_twice(s: &Scenario) -> StepResult {
    let (clients, notice) = signed_in_twice(s).await?;
    report_notice(s, &notice).await?;
    for client in &clients {
        s.expect_signed_out(client).await?;
    }
    let client = s.client();
    s.expect(client.report(&notice.token()), "410 used-token")
        .await
}

/// Tells a user that their sessions have ended, and ends those that they begin afterwards. The
/// function fetches the key ring again.
async fn report_of_a_later_epoch(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.revoke_sessions(ADA).await?;
    s.expect_signed_out(&client).await?;
    s.deliver().await?;
    let notice = s.latest_email()?;
    s.revoke_sessions(ADA).await?;
    client.set_session(None);
    s.sign_in(&client, ADA, FIRST).await?;
    s.advance(mins(6));
    report_notice(s, &notice).await?;
    s.expect_signed_out(&client).await
}
