//! The routes below `/admin/`, whose requests are signed.

use crate::{ApiClient, ApiRequest, World, routes};
use reqwest::Method;
use serde_json::Value;

impl ApiClient<'_> {
    /// Begins any request signed by an administrator.
    pub fn admin_request(&self, method: Method, path: impl Into<String>) -> ApiRequest<'_> {
        self.request(method, path).signed_by("local")
    }

    /// Creates a user, invited unless a status is set.
    pub fn create_user(&self, email: &str, name: &str) -> ApiRequest<'_> {
        self.admin_request(Method::POST, routes::USERS)
            .with("email", email)
            .with("name", name)
    }

    /// Imports users, given as a JSON array.
    pub fn import_users(&self, users: Value) -> ApiRequest<'_> {
        self.admin_request(Method::POST, routes::IMPORT_USERS)
            .with("users", users)
    }

    pub fn list_users(&self) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::USERS)
    }

    /// Gets one user with their emails and audit records.
    pub fn get_user(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::user(id))
    }

    /// Lists the audit records of one user.
    pub fn list_audit(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::user_audit(id))
    }

    /// Lists the emails to one user.
    pub fn list_emails(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::user_emails(id))
    }

    /// Lists the emails to an address, and says whether it is suppressed.
    pub fn list_emails_to(&self, address: &str) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::EMAILS)
            .query("address", address)
    }

    /// Lists the emails of all addresses that can be sent again.
    pub fn list_held_emails(&self) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::EMAILS)
            .query("status", "held")
    }

    /// Lifts the suppression of an address.
    pub fn lift_suppression(&self, address: &str) -> ApiRequest<'_> {
        self.admin_request(Method::POST, routes::LIFT_SUPPRESSION)
            .with("email", address)
    }

    /// Sends an email again.
    pub fn redrive_email(&self, address: &str, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::POST, routes::REDRIVE_EMAIL)
            .with("email", address)
            .with("id", id)
    }

    /// Changes a user: each field of the body is a change.
    pub fn update_user(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::PATCH, routes::user(id))
    }

    /// Emails a user's invitation again.
    pub fn resend_invitation(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::POST, routes::resend(id))
    }

    /// Revokes all sessions of a user.
    pub fn revoke_user_sessions(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::DELETE, routes::user_sessions(id))
    }

    /// Returns the texts of an email.
    pub fn get_template(&self, message: &str, language: &str) -> ApiRequest<'_> {
        self.admin_request(Method::GET, routes::template(message, language))
    }

    /// Fills the texts of an email with samples: each field of the body is a text.
    pub fn preview_template(&self, message: &str, language: &str) -> ApiRequest<'_> {
        let path = format!("{}/preview", routes::template(message, language));
        self.admin_request(Method::POST, path)
    }

    /// Saves the texts of an email: the fields of the body.
    pub fn save_template(&self, message: &str, language: &str) -> ApiRequest<'_> {
        self.admin_request(Method::PUT, routes::template(message, language))
    }

    /// Returns to the shipped texts of an email.
    pub fn revert_template(&self, message: &str, language: &str) -> ApiRequest<'_> {
        self.admin_request(Method::DELETE, routes::template(message, language))
    }

    pub fn erase_user(&self, id: &str) -> ApiRequest<'_> {
        self.admin_request(Method::DELETE, routes::user(id))
    }
}

impl World {
    /// Suspends the user with this address.
    pub async fn suspend(&self, email: &str) {
        let id = self.user_id(email);
        let change = self.client().update_user(&id).status("suspended").await;
        change.assert("200");
    }

    /// Revokes all sessions and links of the user with this address. Returns once they are told.
    pub async fn revoke_sessions(&self, email: &str) {
        let id = self.user_id(email);
        let revoked = self.client().revoke_user_sessions(&id).await;
        revoked.assert("204");
        self.settle().await;
    }
}
