//! The results of a flow so far, as its clients know them.

use super::password_log::PasswordLog;
use kit::Email;
use serde_json::Value;

/// The results of a flow so far, as its clients know them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) used_links: Vec<Email>,
    /// The tokens of sessions that must be accepted.
    pub(super) live_sessions: Vec<String>,
    /// The tokens of sessions that must be refused.
    pub(super) ended_sessions: Vec<String>,
    pub(super) passwords: PasswordLog,
    /// Rows of emails that may have been erased with their user.
    pub(super) erased_emails: Vec<Value>,
}

impl Ledger {
    pub(super) fn link_used(&mut self, email: &Email) {
        self.used_links.push(email.clone());
    }

    pub(super) fn session_started(&mut self, token: String) {
        self.live_sessions.push(token);
    }

    pub(super) fn session_ended(&mut self, token: &str) {
        self.live_sessions.retain(|live| live != token);
        self.ended_sessions.push(token.to_owned());
    }
}
