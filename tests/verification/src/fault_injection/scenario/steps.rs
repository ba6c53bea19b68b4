//! Steps that several flows take.

use super::passwords::is_known;
use super::{Scenario, StepResult};
use crate::{ensure, ensure_eq};
use kit::{ApiClient, ApiRequest, ApiResponse, Email, routes};

/// A user who does not exist at first.
pub(crate) const EVE: &str = "eve@example.com";
/// Two passwords that the portal accepts.
pub(crate) const FIRST: &str = "three quiet otters paint";
pub(crate) const SECOND: &str = "a lantern under the bridge";
/// The idempotency key of a page.
pub(crate) const PAGE: &str = "the-attempt-of-this-page";

impl Scenario {
    /// Requests an email, delivers it, and returns the newest one.
    pub(crate) async fn receive_email(
        &self,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult<Email> {
        self.expect(request, outcome).await?;
        self.deliver().await?;
        self.latest_email()
    }

    pub(crate) async fn receive_login_email(
        &self,
        client: &ApiClient<'_>,
        email: &str,
    ) -> StepResult<Email> {
        self.receive_email(client.request_login(email), "200").await
    }

    pub(crate) fn latest_email(&self) -> StepResult<Email> {
        let latest = self.world.portal.inbox().pop().map(Email::from);
        latest.ok_or_else(|| "there is no email".to_owned())
    }

    pub(crate) async fn sign_in_by_link(
        &self,
        client: &ApiClient<'_>,
        email: &str,
    ) -> StepResult<Email> {
        let email = self.receive_login_email(client, email).await?;
        self.redeem(client, &email, client.verify_link(&email.token()))
            .await?;
        Ok(email)
    }

    /// Redeems a link, which starts a session.
    pub(crate) async fn redeem(
        &self,
        client: &ApiClient<'_>,
        email: &Email,
        request: ApiRequest<'_>,
    ) -> StepResult {
        self.expect(request, "200").await?;
        self.ledger().link_used(email);
        self.session_started(client)
    }

    /// Redeems a code, which starts a session. A known browser's codes are counted.
    pub(crate) async fn redeem_code(&self, client: &ApiClient<'_>, email: &Email) -> StepResult {
        let is_known = is_known(client);
        let exchange = self
            .exchange(&client.verify_code(&email.code), "200")
            .await?;
        if is_known {
            let log = &mut self.ledger().passwords;
            log.by_known_browser.add(exchange.attempts, 1);
        }
        self.ledger().link_used(email);
        self.session_started(client)
    }

    /// Confirms the session of a known browser with a password or a code. A client that has lost
    /// the response may find the code used.
    pub(crate) async fn confirm(&self, request: ApiRequest<'_>) -> StepResult {
        let exchange = self.send(&request, true).await?;
        if !exchange.maybe_done || exchange.response.outcome() != "410 used-token" {
            super::check(&exchange.response, "200")?;
        }
        let log = &mut self.ledger().passwords;
        log.by_known_browser.add(exchange.attempts, 1);
        Ok(())
    }

    /// Opens the page of a link and submits its form with these fields.
    pub(crate) async fn submit_link_page(
        &self,
        client: &ApiClient<'_>,
        email: &Email,
        fields: &[(&str, &str)],
        outcome: &str,
    ) -> StepResult {
        let page = self.response(client.open(email.path()), "200").await?;
        let form = client.submit_link_page(route(email), &page);
        let form = fields
            .iter()
            .fold(form, |form, (name, value)| form.with(name, *value));
        self.expect(form, outcome).await?;
        self.ledger().link_used(email);
        Ok(())
    }

    /// Sets the first password by the link of this email.
    pub(crate) async fn activate(&self, client: &ApiClient<'_>, email: &Email) -> StepResult {
        let request = client.activate(&email.token(), FIRST).idempotency_key(PAGE);
        self.redeem(client, email, request).await?;
        self.activated(client, email).await
    }

    /// Checks who is signed in after an activation.
    pub(crate) async fn activated(&self, client: &ApiClient<'_>, email: &Email) -> StepResult {
        self.ledger().passwords.set(&email.to, FIRST);
        let me = self.response(client.me(), "200").await?;
        ensure_eq!(me.json()["email"], email.to, "an activation");
        Ok(())
    }

    /// Records the session that the client has been given.
    pub(crate) fn session_started(&self, client: &ApiClient<'_>) -> StepResult {
        let token = client
            .session()
            .ok_or("a sign-in that succeeded set no cookie")?;
        self.ledger().session_started(token);
        Ok(())
    }

    /// Records the end of the client's session.
    pub(crate) fn session_ended(&self, client: &ApiClient<'_>) {
        let token = client.session().unwrap_or_default();
        self.ledger().session_ended(&token);
    }

    /// Checks that the client's session has ended, and records it.
    pub(crate) async fn expect_signed_out(&self, client: &ApiClient<'_>) -> StepResult {
        self.session_ended(client);
        self.expect(client.me(), "401 not-authenticated").await
    }

    /// Logs out, which removes the cookie.
    pub(crate) async fn log_out(
        &self,
        client: &ApiClient<'_>,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult {
        let token = client.session().unwrap_or_default();
        self.expect(request, outcome).await?;
        ensure!(client.session().is_none(), "a logout left the cookie");
        self.ledger().session_ended(&token);
        Ok(())
    }

    pub(crate) fn user_id(&self, email: &str) -> String {
        self.world.user_id(email)
    }

    /// Invites Eve with an idempotency key.
    pub(crate) async fn invite(&self, key: &str) -> StepResult<ApiResponse> {
        let client = self.client();
        let request = client.create_user(EVE, "Eve").idempotency_key(key);
        self.response(request, "201").await
    }

    /// Creates Eve as an active user with an idempotency key.
    pub(crate) async fn create(&self, key: &str, outcome: &str) -> StepResult<ApiResponse> {
        let client = self.client();
        let request = client
            .create_user(EVE, "Eve")
            .status("active")
            .idempotency_key(key);
        self.response(request, outcome).await
    }

    /// Changes the status of a user as an administrator.
    pub(crate) async fn set_status(&self, email: &str, status: &str) -> StepResult {
        let client = self.client();
        let request = client.update_user(&self.user_id(email)).status(status);
        self.expect(request, "200").await
    }

    /// Revokes all sessions of a user as an administrator.
    pub(crate) async fn revoke_sessions(&self, email: &str) -> StepResult {
        let client = self.client();
        let request = client.revoke_user_sessions(&self.user_id(email));
        self.expect(request, "204").await
    }
}

/// Returns the route that redeems the link of an email.
pub(crate) fn route(email: &Email) -> &'static str {
    let routes = [
        routes::VERIFY,
        routes::ACTIVATE,
        routes::RESET_PASSWORD,
        routes::REPORT,
    ];
    let mut matching = routes
        .into_iter()
        .filter(|route| email.path().starts_with(route));
    matching.next().unwrap_or_default()
}
