//! Passwords, as their owners set and use them.

use super::{Answer, Browser, World};
use serde_json::json;

/// A password that is accepted.
pub const PASSWORD: &str = "correct horse battery staple";

/// A password that nobody has.
pub const WRONG: &str = "wrong horse battery staple";

/// Parameters by which hashes cost next to nothing: what they cost is tested elsewhere.
pub const CHEAP_HASHES: [(&str, &str); 2] = [("Argon2MemoryKib", "7168"), ("Argon2Passes", "1")];

impl World {
    /// A portal whose hashes cost next to nothing, with some more of the template's parameters set.
    pub async fn with_cheap_hashes(parameters: &[(&str, &str)]) -> Self {
        Self::with(&[&CHEAP_HASHES, parameters].concat()).await
    }

    /// Sets a password by the mailed link, as its owner does.
    pub async fn set_password(&self, email: &str, password: &str) {
        let browser = self.browser();
        let asked = browser
            .post("/auth/forgot-password", json!({"email": email}))
            .await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let token = self.mail().await.token();
        let set = browser
            .post(
                "/auth/reset-password",
                json!({"token": token, "password": password}),
            )
            .await;
        assert_eq!(
            (set.status.as_u16(), set.body.as_str()),
            (200, r#"{"success":true}"#)
        );
        self.settled().await;
    }
}

impl Browser<'_> {
    /// Signs in with a password, or tries to.
    pub async fn sign_in_with(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/auth/sign-in",
            json!({"email": email, "password": password}),
        )
        .await
    }
}
