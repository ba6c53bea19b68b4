//! The routes below `/auth/`, and what users do with several of them.

use crate::{ApiClient, ApiRequest, ApiResponse, Email, routes};
use reqwest::Method;

impl ApiClient<'_> {
    /// Requests an email that signs in.
    pub fn request_login(&self, email: &str) -> ApiRequest<'_> {
        self.post(routes::REQUEST_LOGIN).with("email", email)
    }

    /// Redeems the token of a sign-in link.
    pub fn verify_link(&self, token: &str) -> ApiRequest<'_> {
        self.post(routes::VERIFY).with("token", token)
    }

    /// Redeems an emailed code.
    pub fn verify_code(&self, code: &str) -> ApiRequest<'_> {
        self.post(routes::VERIFY).code(code)
    }

    /// Signs in with a password.
    pub fn sign_in(&self, email: &str, password: &str) -> ApiRequest<'_> {
        self.post(routes::SIGN_IN)
            .with("email", email)
            .with("password", password)
    }

    /// Sets a first password with the token of an activation link.
    pub fn activate(&self, token: &str, password: &str) -> ApiRequest<'_> {
        self.post(routes::ACTIVATE)
            .with("token", token)
            .with("password", password)
    }

    /// Requests an email that resets the password.
    pub fn forgot_password(&self, email: &str) -> ApiRequest<'_> {
        self.post(routes::FORGOT_PASSWORD).with("email", email)
    }

    /// Sets a new password with the token of a reset link.
    pub fn reset_password(&self, token: &str, password: &str) -> ApiRequest<'_> {
        self.post(routes::RESET_PASSWORD)
            .with("token", token)
            .with("password", password)
    }

    /// Reports a notice with the token of its link.
    pub fn report(&self, token: &str) -> ApiRequest<'_> {
        self.post(routes::REPORT).with("token", token)
    }

    /// Requests an email that creates an account.
    pub fn sign_up(&self, email: &str, name: &str) -> ApiRequest<'_> {
        self.post(routes::SIGN_UP)
            .with("email", email)
            .with("name", name)
    }

    /// Gets the user who is signed in.
    pub fn me(&self) -> ApiRequest<'_> {
        self.request(Method::GET, routes::ME)
    }

    /// Gets the user who is signed in, or `null`.
    pub fn current_session(&self) -> ApiRequest<'_> {
        self.request(Method::GET, routes::SESSION)
    }

    pub fn logout(&self) -> ApiRequest<'_> {
        self.post(routes::LOGOUT)
    }

    /// Exchanges the session for an access token.
    pub fn access_token(&self) -> ApiRequest<'_> {
        self.post(routes::TOKEN)
    }

    /// Confirms the session with the user's password.
    pub fn confirm_password(&self, password: &str) -> ApiRequest<'_> {
        self.post(routes::CONFIRM).with("password", password)
    }

    /// Confirms the session with an emailed code.
    pub fn confirm_code(&self, code: &str) -> ApiRequest<'_> {
        self.post(routes::CONFIRM).code(code)
    }

    /// Changes the password of the user who is signed in.
    pub fn change_password(&self, current: &str, password: &str) -> ApiRequest<'_> {
        self.post(routes::CHANGE_PASSWORD)
            .with("current", current)
            .with("password", password)
    }

    /// Lists the user's sessions.
    pub fn list_sessions(&self) -> ApiRequest<'_> {
        self.request(Method::GET, routes::SESSIONS)
    }

    /// Revokes one session of the user.
    pub fn revoke_session(&self, id: &str) -> ApiRequest<'_> {
        self.request(Method::DELETE, routes::session(id))
    }

    /// Revokes all sessions of the user but this one.
    pub fn revoke_other_sessions(&self) -> ApiRequest<'_> {
        self.request(Method::DELETE, routes::SESSIONS)
    }

    /// Revokes one session of the user, as a form of the account page does.
    pub fn end_session(&self, id: &str) -> ApiRequest<'_> {
        self.end_other_sessions().with("id", id)
    }

    /// Revokes all sessions of the user but this one, as a form of the account page does.
    pub fn end_other_sessions(&self) -> ApiRequest<'_> {
        self.post(routes::END_SESSION)
    }

    /// Requests a login and returns the email it caused.
    pub async fn receive_login_email(&self, email: &str) -> Email {
        self.request_login(email).await.assert("200");
        self.world.latest_email().await
    }

    /// Signs in by an emailed link and returns the response to its redemption.
    pub async fn sign_in_by_link(&self, email: &str) -> ApiResponse {
        let token = self.receive_login_email(email).await.token();
        self.verify_link(&token).await.assert("200")
    }

    /// Submits the form of an opened link page, as its button does.
    pub fn submit_link_page(&self, action: &str, page: &ApiResponse) -> ApiRequest<'_> {
        self.post(action)
            .form()
            .with("token", page.field("token"))
            .with("idempotency_key", page.field("idempotency_key"))
    }
}
