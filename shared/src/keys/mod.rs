//! The key ring of the stack, and what is signed with it.

mod hs256;
mod key_ring;
mod token;

pub use key_ring::{Key, KeyRing};
pub use token::{SessionClaims, Signed, TokenError};

use crate::aws;
use crate::config::{Config, StartError};
use crate::domain::portal::PortalName;
use crate::domain::time::Timestamp;
use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How old a copy of the ring may be before a request fetches it again.
pub const REFRESH_EVERY: Duration = Duration::from_secs(300);
/// How long a new key does not sign, so that every instance must know it by then: one refresh may
/// have just missed it, and the next may be a whole interval late.
const UNKNOWN_FOR: Duration = Duration::from_secs(2 * REFRESH_EVERY.as_secs());
/// How long to leave a failing refresh alone: the old copy serves on.
const RETRY_AFTER: Duration = Duration::from_secs(15);

/// Holds a copy of the key ring and keeps it fresh.
pub struct KeyRingCache {
    client: Client,
    secret: String,
    portal: PortalName,
    copy: Mutex<Copy>,
}

#[derive(Clone)]
struct Copy {
    ring: Arc<KeyRing>,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

impl KeyRingCache {
    /// Fetches the ring.
    ///
    /// # Errors
    /// The secret cannot be read, or is not a key ring.
    pub async fn start(
        aws: &SdkConfig,
        config: &Config,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        hs256::install();
        let client = Client::new(aws);
        let (secret, portal) = (config.key_ring_secret.clone(), config.portal.clone());
        let ring = Arc::new(fetch(&client, &secret, &portal).await?);
        let copy = Mutex::new(Copy {
            ring,
            fetched_at: now,
            fresh_until: now.plus(REFRESH_EVERY),
        });
        Ok(Self {
            client,
            secret,
            portal,
            copy,
        })
    }

    /// The ring as it is now: a copy at most [`REFRESH_EVERY`] old, or the old one while Secrets
    /// Manager does not answer. That one is marked stale once it is so old that a key may sign
    /// which it does not know.
    pub async fn ring(&self, now: Timestamp) -> Arc<KeyRing> {
        let copy = self
            .copy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if now < copy.fresh_until {
            return copy.ring;
        }
        let renewed = match fetch(&self.client, &self.secret, &self.portal).await {
            Ok(ring) => Copy {
                ring: Arc::new(ring),
                fetched_at: now,
                fresh_until: now.plus(REFRESH_EVERY),
            },
            Err(error) => {
                tracing::error!(%error, "could not refresh the key ring");
                let stale_from = copy.fetched_at.plus(UNKNOWN_FOR);
                let again = now.plus(RETRY_AFTER);
                // To the moment: until the next try, a key that signs by then would be refused as
                // unknown.
                let (ring, fresh_until) = if now >= stale_from {
                    (Arc::new(copy.ring.as_stale()), again)
                } else {
                    (copy.ring, again.min(stale_from))
                };
                Copy {
                    ring,
                    fetched_at: copy.fetched_at,
                    fresh_until,
                }
            }
        };
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = renewed.clone();
        renewed.ring
    }
}

async fn fetch(client: &Client, secret: &str, portal: &PortalName) -> Result<KeyRing, StartError> {
    let value = client.get_secret_value().secret_id(secret).send().await;
    let value = value.map_err(|error| {
        StartError(format!(
            "Could not read the key ring {secret}: {}.",
            aws::describe(&error)
        ))
    })?;
    KeyRing::parse(value.secret_string().unwrap_or_default(), portal)
        .map_err(|why| StartError(format!("The key ring {secret} is invalid: {why}.")))
}
