//! The copy of the key ring that a process holds.

use crate::aws::{self, Aws, Client, Request, Service};
use crate::config::{Config, StartError};
use crate::domain::portal::PortalName;
use crate::domain::time::Timestamp;
use crate::keys::hs256;
use crate::keys::key_ring::KeyRing;
use crate::keys::refresh::{REFRESH_EVERY, SIGNING_DELAY};
use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValue, GetSecretValueError, GetSecretValueInput, GetSecretValueOutput,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Pause after a failed refresh. The old copy remains in use.
const RETRY_INTERVAL: Duration = Duration::from_secs(15);

/// The service AWS Secrets Manager.
struct SecretsManager;

impl Service for SecretsManager {
    const NAME: &'static str = "secretsmanager";
}

impl Request<SecretsManager> for GetSecretValueInput {
    type Operation = GetSecretValue;
    type Output = GetSecretValueOutput;
    type Error = GetSecretValueError;
}

/// Holds a copy of the key ring and refreshes it.
pub struct KeyRingCache {
    client: Client<SecretsManager>,
    secret: String,
    portal: PortalName,
    cached: Mutex<CachedRing>,
}

#[derive(Clone)]
struct CachedRing {
    ring: Arc<KeyRing>,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

impl CachedRing {
    fn new(ring: KeyRing, now: Timestamp) -> Self {
        Self {
            ring: Arc::new(ring),
            fetched_at: now,
            fresh_until: now.plus(REFRESH_EVERY),
        }
    }

    /// Returns the copy to use after a refresh failed. It is marked stale once a key may sign that
    /// it does not contain.
    fn after_failure(self, now: Timestamp) -> Self {
        let stale_from = self.fetched_at.plus(SIGNING_DELAY);
        let retry_at = now.plus(RETRY_INTERVAL);
        if now >= stale_from {
            return Self {
                ring: Arc::new(self.ring.as_stale()),
                fresh_until: retry_at,
                ..self
            };
        }
        // Not later than `stale_from`: otherwise a new key that signs by then would be rejected as
        // unknown until the next refresh.
        Self {
            fresh_until: retry_at.min(stale_from),
            ..self
        }
    }
}

impl KeyRingCache {
    /// Fetches the key ring. Costs one call of Secrets Manager.
    ///
    /// # Errors
    /// [`StartError`] if the secret cannot be read or is not a key ring.
    pub async fn start(aws: &Aws, config: &Config, now: Timestamp) -> Result<Self, StartError> {
        hs256::install();
        let client = Client::new(aws);
        let secret = config.key_ring_secret.clone();
        let portal = config.portal.clone();
        let ring = fetch(&client, &secret, &portal).await?;
        Ok(Self {
            client,
            secret,
            portal,
            cached: Mutex::new(CachedRing::new(ring, now)),
        })
    }

    /// Returns a copy of the key ring that is at most [`REFRESH_EVERY`] old. While Secrets Manager
    /// does not respond, it returns the old copy, and marks it stale once a key may sign that it
    /// does not contain.
    pub async fn ring(&self, now: Timestamp) -> Arc<KeyRing> {
        let cached = self
            .cached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if now < cached.fresh_until {
            return cached.ring;
        }
        let renewed = match fetch(&self.client, &self.secret, &self.portal).await {
            Ok(ring) => CachedRing::new(ring, now),
            Err(error) => {
                tracing::error!(%error, "could not refresh the key ring");
                cached.after_failure(now)
            }
        };
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = renewed.clone();
        renewed.ring
    }
}

async fn fetch(
    client: &Client<SecretsManager>,
    secret: &str,
    portal: &PortalName,
) -> Result<KeyRing, StartError> {
    let request = GetSecretValueInput::builder().secret_id(secret).build();
    let request = request.map_err(|error| StartError(error.to_string()))?;
    let value = client.send(request).await.map_err(|error| {
        StartError(format!(
            "Could not read the key ring {secret}: {}.",
            aws::describe(&error)
        ))
    })?;
    KeyRing::parse(value.secret_string().unwrap_or_default(), portal)
        .map_err(|why| StartError(format!("The key ring {secret} is invalid: {why}.")))
}
