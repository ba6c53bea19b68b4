//! Passwords that tests use, and cheap hashes for them.

use crate::World;

/// A password that the portal accepts.
pub const PASSWORD: &str = "correct horse battery staple";

/// A password that no user has.
pub const WRONG: &str = "wrong horse battery staple";

/// Parameters that make hashing cheap, for tests that are not about its cost.
pub const CHEAP_HASHES: [(&str, &str); 2] = [("Argon2MemoryKib", "7168"), ("Argon2Passes", "1")];

impl World {
    /// Starts a portal with cheap hashes and these parameters of the template.
    pub async fn with_cheap_hashes(parameters: &[(&str, &str)]) -> Self {
        Self::with(&[&CHEAP_HASHES, parameters].concat()).await
    }

    /// Sets a password by an emailed link, as its owner does.
    pub async fn set_password(&self, email: &str, password: &str) {
        let client = self.client();
        client.forgot_password(email).await.assert("200");
        let token = self.latest_email().await.token();
        let set = client.reset_password(&token, password).await.assert("200");
        assert_eq!(set.body, r#"{"success":true}"#);
        self.settle().await;
    }
}
