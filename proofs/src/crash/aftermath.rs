//! When everything is over.

use super::scene::{SID, Scene, Used};
use serde_json::json;

impl Scene {
    /// What is under way arrives, and then everything that is left to do is done. A mail that was
    /// over by then stays as it is.
    pub(super) async fn finish(&self) -> Result<(), String> {
        self.deliver().await?;
        let over = self.world.rows("emails");
        self.world.portal.release_delayed();
        let now = self.world.rows("emails");
        if let Some(changed) = over.iter().find(|row| !now.contains(row)) {
            return Err(format!(
                "a mail was over, and what came late changed its row: {changed}"
            ));
        }
        self.deliver().await
    }

    /// After it all: a used link gives nobody anything and changes nothing, an ended session is
    /// nobody's, and a living one still lives.
    pub(super) async fn aftermath(&self) -> Result<(), String> {
        let stranger = self.browser();
        let before = self.world.everything();
        for Used { route, token } in self.links() {
            let mut body = json!({"token": token, "idempotency_key": "somebody-else-tries"});
            if route != "/auth/verify" {
                body["password"] = json!("what a stranger would set");
            }
            let answer = stranger.post(route, body).await;
            if !["used-token", "expired-token", "invalid-token"]
                .contains(&answer.problem().as_str())
            {
                return Err(format!(
                    "a used link answered {} {} to a stranger",
                    answer.status, answer.body
                ));
            }
        }
        for (sessions, status) in [(self.ended(), 401), (self.living(), 200)] {
            for session in sessions {
                stranger.set_cookie(SID, Some(&session));
                let answer = stranger.me().await;
                if answer.status.as_u16() != status {
                    return Err(format!(
                        "a session that is to answer {status} answered {} {}",
                        answer.status, answer.body
                    ));
                }
            }
            if status == 401 && self.world.everything() != before {
                return Err("used links and ended sessions changed the tables".to_owned());
            }
        }
        Ok(())
    }
}
