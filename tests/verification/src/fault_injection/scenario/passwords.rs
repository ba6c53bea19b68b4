//! Sign-ins with a password.

use super::{FIRST, PAGE, Scenario, StepResult};
use crate::fault_injection::password_log::Attempts;
use crate::fixture::{HASH_PARAMETERS, hash};
use kit::{ADA, ApiClient, ApiRequest};
use serde_json::{Value, json};

/// The cookie that makes a browser known.
const KNOWN_COOKIE: &str = "partner.known";

impl Scenario {
    /// Gives a user a password before the flow begins.
    pub(crate) fn give_password(&self, email: &str, password: &str, parameters: &str) {
        let hash = json!({"S": hash(parameters, password)});
        self.world.set_attribute(email, "password", &hash);
        self.ledger().passwords.set(email, password);
    }

    /// Returns a client in which Ada has signed in with a password.
    pub(crate) async fn ada(&self) -> StepResult<ApiClient<'_>> {
        self.give_password(ADA, FIRST, HASH_PARAMETERS);
        let client = self.client();
        self.sign_in(&client, ADA, FIRST).await?;
        Ok(client)
    }

    /// Signs in with the right password.
    pub(crate) async fn sign_in(
        &self,
        client: &ApiClient<'_>,
        email: &str,
        password: &str,
    ) -> StepResult {
        let request = client.sign_in(email, password);
        self.sign_in_with(client, request, "200").await
    }

    /// Signs in on the sign-in page.
    pub(crate) async fn sign_in_by_form(
        &self,
        client: &ApiClient<'_>,
        email: &str,
        password: &str,
    ) -> StepResult {
        let request = client.sign_in(email, password).form();
        self.sign_in_with(client, request, "303 /auth/account")
            .await
    }

    /// Signs in; the client's earlier session ends.
    async fn sign_in_with(
        &self,
        client: &ApiClient<'_>,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult {
        let replaced = client.session();
        let is_known = is_known(client);
        let exchange = self.exchange(&request, outcome).await?;
        self.ledger()
            .passwords
            .accepted(is_known, exchange.attempts, false);
        if let Some(token) = replaced {
            self.ledger().session_ended(&token);
        }
        self.session_started(client)
    }

    /// Signs in with a form that is posted twice: the browser drops the first response, and the
    /// second one brings the same session.
    pub(crate) async fn sign_in_twice(
        &self,
        client: &ApiClient<'_>,
        email: &str,
        password: &str,
    ) -> StepResult {
        let request = client.sign_in(email, password).form().idempotency_key(PAGE);
        for is_repeat in [false, true] {
            let exchange = self.exchange(&request, "303 /auth/account").await?;
            self.ledger()
                .passwords
                .accepted(false, exchange.attempts, is_repeat);
            if !is_repeat {
                self.session_started(client)?;
                client.set_session(None);
                client.set_cookie(KNOWN_COOKIE, None);
            }
        }
        Ok(())
    }

    /// Tries a password that does not sign in.
    pub(crate) async fn fail_sign_in(
        &self,
        client: &ApiClient<'_>,
        email: &str,
        password: &str,
    ) -> StepResult {
        let request = client.sign_in(email, password);
        self.fail_sign_in_with(client, request, "401 invalid-credentials")
            .await
    }

    /// Tries a password that does not sign in, and expects this outcome.
    pub(crate) async fn fail_sign_in_with(
        &self,
        client: &ApiClient<'_>,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult {
        let exchange = self.exchange(&request, outcome).await?;
        self.ledger()
            .passwords
            .refused(is_known(client), exchange.attempts, 1);
        Ok(())
    }

    /// Sends the right password from a known browser that is signed in.
    pub(crate) async fn try_right_password(
        &self,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult {
        let exchange = self.exchange(&request, outcome).await?;
        let log = &mut self.ledger().passwords;
        log.by_known_browser.add(exchange.attempts, 1);
        Ok(())
    }

    /// Tries a password, and returns after how many seconds the client may try again if it was
    /// refused without being judged.
    pub(crate) async fn try_sign_in(
        &self,
        client: &ApiClient<'_>,
        email: &str,
        password: &str,
    ) -> StepResult<Option<u64>> {
        let request = client.sign_in(email, password);
        let exchange = self.send(&request, false).await?;
        let retry_after = exchange.response.json()["retry_after"].as_u64();
        let outcome = match retry_after {
            Some(_) => "429 too-many-attempts",
            None => "401 invalid-credentials",
        };
        super::check(&exchange.response, outcome)?;
        let judged = usize::from(retry_after.is_none());
        self.ledger()
            .passwords
            .refused(is_known(client), exchange.attempts, judged);
        Ok(retry_after)
    }

    /// Tries a code that does not sign in.
    pub(crate) async fn fail_code(&self, client: &ApiClient<'_>, code: &str) -> StepResult {
        let exchange = self
            .exchange(&client.verify_code(code), "400 invalid-token")
            .await?;
        self.ledger()
            .passwords
            .wrong_codes
            .add(exchange.attempts, 1);
        Ok(())
    }

    /// Sets the count of passwords at the only address where one was tried.
    pub(crate) fn set_attempts(&self, count: usize) {
        let is_count = |row: &Value| {
            let key = row["pk"]["S"].as_str();
            key.is_some_and(|key| key.starts_with("password-failures#"))
        };
        let mut rows = self.world.rows("rate-limits");
        rows.retain(is_count);
        for mut row in rows {
            row["count"] = json!({"N": count.to_string()});
            self.world.put_row("rate-limits", &row);
        }
        self.ledger().passwords.at_address = Attempts {
            sent: count,
            judged: count,
        };
    }
}

/// Returns whether the client has signed in before. The clients of a flow sign in to one address
/// each.
pub(crate) fn is_known(client: &ApiClient<'_>) -> bool {
    client.cookie(KNOWN_COOKIE).is_some()
}
