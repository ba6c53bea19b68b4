//! What most functions hold.

use crate::clock::Clock;
use crate::config::{Config, StartError};
use crate::domain::agent::Client;
use crate::domain::audit::{Action, Event, Subject};
use crate::domain::time::Timestamp;
use crate::env::Env;
use crate::http::Problem;
use crate::http::problem::Kind;
use crate::keys::{Keys, TokenError};
use crate::lambda::Start;
use crate::passwords::Passwords;
use crate::randomness::Random;
use crate::store::{Store, Unavailable, use_up};
use aws_types::SdkConfig;

/// Configuration, time, randomness, keys, the store and passwords. What a function does not use is
/// not linked into it.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// Tells the time.
    pub clock: Clock,
    /// Draws randomness.
    pub random: Random,
    /// The key ring.
    pub keys: Keys,
    /// The tables.
    pub store: Store,
    /// Whether a password will do, and whether it is the one.
    pub passwords: Passwords,
}

impl Start for App {
    async fn start(aws: &SdkConfig, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let store = Store::new(aws, &config.table_prefix, env.random.clone());
        let (keys, ()) = tokio::join!(Keys::start(aws, &config, env.clock.now()), store.connect());
        Ok(Self {
            clock: env.clock.clone(),
            random: env.random.clone(),
            keys: keys?,
            store,
            passwords: Passwords::new(&config, env),
            config,
        })
    }
}

impl App {
    /// What is to be written down.
    pub fn event(
        &self,
        action: Action,
        subject: impl Into<Subject>,
        resource: (&'static str, String),
        client: &Client,
        at: Timestamp,
    ) -> Event {
        Event {
            portal: self.config.portal.clone(),
            action,
            subject: subject.into(),
            resource,
            metadata: vec![],
            client: client.clone(),
            at,
            expires_at: at.plus(self.config.audit_kept),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Self {
        Self::unavailable()
    }
}

/// For links that did nothing.
impl From<use_up::Refused> for Problem {
    fn from(refused: use_up::Refused) -> Self {
        match refused {
            use_up::Refused::Invalid => Self::invalid_token(),
            use_up::Refused::Expired => Self::new(Kind::ExpiredToken, "Ask for a new one."),
            use_up::Refused::Used => Self::new(Kind::UsedToken, "Ask for a new one."),
            use_up::Refused::Unavailable => Self::unavailable(),
        }
    }
}

/// For links. A token whose key is unknown while the ring is stale may be good: that is "later",
/// never "no".
impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::invalid_token(),
            TokenError::UnknownKeyWhileStale => Self::unavailable(),
        }
    }
}
