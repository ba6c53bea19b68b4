//! The owner of the account, who signs in while the attack goes on.

use super::{Attack, GUESSES};
use crate::{ensure, ensure_eq};
use kit::{ADA, ApiClient, ApiRequest, Email, PASSWORD, WRONG};

impl Attack<'_> {
    /// Signs in, in any of the ways that the owner has.
    pub(super) async fn visit(&mut self) -> Result<(), String> {
        match self.rng.below(7) {
            0 => self.known_by_password().await,
            1 => self.known_by_email(false).await,
            2 => self.known_by_email(true).await,
            3 => self.new_by_password().await,
            4 => self.new_by_link().await,
            5 => self.new_by_code().await,
            _ => self.mistype_in_known().await,
        }
    }

    fn finish(&mut self, what: &str, signed_in: bool) {
        let end = if signed_in { "signed in" } else { "refused" };
        self.tally.count(format!("owner, {what}: {end}"));
        if signed_in {
            self.start_anew();
        }
    }

    pub(super) async fn known_by_password(&mut self) -> Result<(), String> {
        let response = self.known.sign_in(ADA, PASSWORD).await;
        ensure_eq!(response.outcome(), "200", "the password in a known browser");
        self.finish("known browser by password", true);
        Ok(())
    }

    /// Mistypes the password in a known browser, which is nobody else's business.
    async fn mistype_in_known(&mut self) -> Result<(), String> {
        let response = self.known.sign_in(ADA, WRONG).await;
        ensure_eq!(response.outcome(), "401 invalid-credentials", "a mistype");
        self.known_by_password().await
    }

    async fn known_by_email(&mut self, by_code: bool) -> Result<(), String> {
        let response = self.known.request_login(ADA).await;
        ensure_eq!(response.outcome(), "200", "a request of a known browser");
        let email = self.receive().await?;
        let email = email.ok_or("a known browser gets no email")?;
        let (what, request) = if by_code {
            ("code", self.known.verify_code(&email.code))
        } else {
            ("link", self.known.verify_link(&email.token()))
        };
        ensure_eq!(
            request.await.outcome(),
            "200",
            "a {what} in a known browser"
        );
        self.finish(&format!("known browser by {what}"), true);
        Ok(())
    }

    /// Tries the right password in a new browser: it works as long as a guess is compared.
    pub(super) async fn new_by_password(&mut self) -> Result<(), String> {
        let browser = self.world.client();
        let works = self.passwords < GUESSES;
        let before = self.passwords;
        let signed_in = is_accepted(browser.sign_in(ADA, PASSWORD), "401").await?;
        ensure_eq!(signed_in, works, "the password after {before} guesses");
        self.passwords += 1;
        self.finish("new browser by password", signed_in);
        Ok(())
    }

    async fn new_by_link(&mut self) -> Result<(), String> {
        let browser = self.world.client();
        let Some(email) = self.email_in_new_browser(&browser).await? else {
            return Ok(());
        };
        let response = browser.verify_link(&email.token()).await;
        ensure_eq!(response.outcome(), "200", "a link in a new browser");
        self.finish("new browser by link", true);
        Ok(())
    }

    /// Tries the right code in a new browser: it works as long as a guess is compared.
    pub(super) async fn new_by_code(&mut self) -> Result<(), String> {
        let browser = self.world.client();
        let Some(email) = self.email_in_new_browser(&browser).await? else {
            return Ok(());
        };
        let works = self.codes < GUESSES;
        let before = self.codes;
        let signed_in = is_accepted(browser.verify_code(&email.code), "400").await?;
        ensure_eq!(signed_in, works, "the code after {before} guesses");
        self.codes += 1;
        self.finish("new browser by code", signed_in);
        if !signed_in {
            // The link of the same email works.
            let response = browser.verify_link(&email.token()).await;
            ensure_eq!(response.outcome(), "200", "the link after {before} codes");
            self.finish("new browser by the link beside a refused code", true);
        }
        Ok(())
    }

    /// Requests an email in a new browser. It comes if the budget of the address is not used up.
    async fn email_in_new_browser(
        &mut self,
        browser: &ApiClient<'_>,
    ) -> Result<Option<Email>, String> {
        let has_budget = self.has_budget();
        let response = browser.request_login(ADA).await;
        ensure_eq!(response.outcome(), "200", "a request of a new browser");
        let email = self.receive().await?;
        ensure_eq!(email.is_some(), has_budget, "an email to a new browser");
        if email.is_some() {
            self.count_email(self.world.clock.now().millis());
        } else {
            self.finish("new browser, no email beyond the budget", false);
        }
        Ok(email)
    }
}

/// Returns whether a sign-in succeeds; fails unless a refusal has this status.
async fn is_accepted(request: ApiRequest<'_>, refusal: &str) -> Result<bool, String> {
    let response = request.await;
    let status = response.status.to_string();
    ensure!(
        status == "200" || status == refusal,
        "{}",
        response.outcome()
    );
    Ok(status == "200")
}
