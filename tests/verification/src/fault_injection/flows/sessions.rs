//! Users replace, list and revoke their sessions.

use super::{Flow, flow};
use crate::fault_injection::scenario::{Scenario, StepResult};
use crate::{ensure, ensure_eq};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::{ADA, ApiClient, Email, mins, routes};
use serde_json::Value;

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow!(link_while_signed_in),
        flow!(code_while_signed_in),
        flow!(sessions_revoke_one),
        flow!(sessions_revoke_others),
        flow!(sessions_last_seen),
        flow!(current_session),
        flow!(access_token).with(&[("AccessTokens", "on")]),
        flow!(authorizer),
    ]
}

async fn link_while_signed_in(s: &Scenario) -> StepResult {
    let (client, email) = signed_in_with_email(s).await?;
    let replaced = client.session().unwrap_or_default();
    s.redeem(&client, &email, client.verify_link(&email.token()))
        .await?;
    s.ledger().session_ended(&replaced);
    s.expect(client.me(), "200").await
}

async fn code_while_signed_in(s: &Scenario) -> StepResult {
    let (client, email) = signed_in_with_email(s).await?;
    let replaced = client.session().unwrap_or_default();
    s.redeem_code(&client, &email).await?;
    s.ledger().session_ended(&replaced);
    s.expect(client.me(), "200").await
}

async fn signed_in_with_email(s: &Scenario) -> StepResult<(ApiClient<'_>, Email)> {
    let client = s.ada().await?;
    let email = s.receive_login_email(&client, ADA).await?;
    Ok((client, email))
}

/// Returns the listed sessions, each of which has its row.
async fn list(s: &Scenario, client: &ApiClient<'_>) -> StepResult<Vec<Value>> {
    let response = s.response(client.list_sessions(), "200").await?;
    let sessions = response.json().as_array().cloned().unwrap_or_default();
    let rows = s.world.rows("sessions");
    let has_row = |session: &Value| rows.iter().any(|row| row["sk"]["S"] == session["id"]);
    let current = sessions
        .iter()
        .filter(|session| session["current"] == true)
        .count();
    let is_right = current == 1 && sessions.iter().all(has_row);
    ensure!(is_right, "a list of sessions: {}", response.body);
    Ok(sessions)
}

/// Returns the id of the client's session.
async fn session_id(s: &Scenario, client: &ApiClient<'_>) -> StepResult<String> {
    let sessions = list(s, client).await?;
    let current = sessions.iter().find(|session| session["current"] == true);
    let id = current.and_then(|session| session["id"].as_str());
    Ok(id.unwrap_or_default().to_owned())
}

/// Revokes a session; a client that has lost the response finds that it does not exist.
async fn revoke(s: &Scenario, client: &ApiClient<'_>, id: &str) -> StepResult {
    let request = client.revoke_session(id);
    s.expect_or_already(request, "204", "404 not-found")
        .await
        .map(drop)
}

async fn sessions_revoke_one(s: &Scenario) -> StepResult {
    let (client, other) = (s.ada().await?, s.ada().await?);
    let id = session_id(s, &other).await?;
    revoke(s, &client, &id).await?;
    s.expect_signed_out(&other).await?;
    s.expect(client.revoke_session(&id), "404 not-found")
        .await?;
    s.expect(client.me(), "200").await
}

/// Sessions whose token no client has ever received are revoked as well.
async fn sessions_revoke_others(s: &Scenario) -> StepResult {
    let (client, other) = (s.ada().await?, s.ada().await?);
    s.expect(client.revoke_other_sessions(), "204").await?;
    s.expect_signed_out(&other).await?;
    ensure_eq!(list(s, &client).await?.len(), 1, "sessions left");
    Ok(())
}

/// Writes the last-seen time while sessions are listed and revoked.
async fn sessions_last_seen(s: &Scenario) -> StepResult {
    let (client, other) = (s.ada().await?, s.ada().await?);
    s.advance(mins(6));
    let id = session_id(s, &other).await?;
    s.advance(mins(6));
    revoke(s, &client, &id).await?;
    s.session_ended(&other);
    Ok(())
}

/// Asks for the session, which is null once it has ended, and never because something failed.
async fn current_session(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.advance(mins(6));
    let user = s.response(client.current_session(), "200").await?.json();
    ensure_eq!(user["email"], ADA, "the user of a live session");
    let session = client.session();
    s.expect(client.logout(), "200").await?;
    client.set_session(session.as_deref());
    s.ledger().session_ended(&session.unwrap_or_default());
    let user = s.response(client.current_session(), "200").await?.json();
    ensure!(user.is_null(), "an ended session: {user}");
    Ok(())
}

async fn authorizer(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.authorize(&client, 200).await?;
    s.advance(mins(6));
    s.authorize(&client, 200).await?;
    let session = client.session();
    s.expect(client.logout(), "200").await?;
    client.set_session(session.as_deref());
    s.ledger().session_ended(&session.unwrap_or_default());
    s.authorize(&client, 401).await
}

/// Exchanges a session for an access token, with a key that verifiers find published.
async fn access_token(s: &Scenario) -> StepResult {
    let client = s.ada().await?;
    s.advance(mins(6));
    let token = s.response(client.access_token(), "200").await?.json();
    let set = s.response(client.open(routes::JWKS), "200").await?.json();
    let token = token["access_token"].as_str().unwrap_or_default();
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).map_err(|error| error.to_string())?;
    ensure_eq!(header["kid"], set["keys"][0]["kid"], "the key of a token");
    Ok(())
}
