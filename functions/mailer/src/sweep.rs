//! The sweep: picks up the emails that should be finished by now. They wait for another attempt, or
//! a crash left them behind.

use crate::Mailer;
use shared::store::Unavailable;
use std::time::Duration;

/// The time after which a sweep starts no further delivery. The function's timeout leaves enough
/// for the last one.
const SWEEP_BUDGET: Duration = Duration::from_secs(60);

impl Mailer {
    /// Delivers all unfinished emails in random order, so that one that crashes the mailer does not
    /// always keep the same ones from being tried.
    ///
    /// # Errors
    /// [`Unavailable`] where the unfinished emails cannot be listed.
    pub(crate) async fn sweep(&self) -> Result<(), Unavailable> {
        let start = self.app.clock.now();
        let mut unfinished = self.app.store.list_unfinished_emails(start).await?;
        unfinished.sort_by_cached_key(|_| self.app.random.bytes::<8>());
        for key in unfinished {
            if self.app.clock.now().since(start) >= SWEEP_BUDGET {
                break;
            }
            // The next sweep picks up what fails.
            let _retry_later = self.deliver(&key).await;
        }
        Ok(())
    }
}
