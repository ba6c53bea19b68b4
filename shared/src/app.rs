//! The context of most functions.

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{Config, StartError};
use crate::domain::address::EmailAddress;
use crate::domain::audit::{Action, AuditEvent, Subject, Target};
use crate::domain::client::ClientInfo;
use crate::domain::email::{DeliveryState, EmailKind, Notice, OutboxEntry, OutboxKey};
use crate::domain::ids::{RecordId, UserId};
use crate::domain::link::Nonce;
use crate::domain::portal_budget;
use crate::domain::rate_limit::{RateLimit, RateLimitScope};
use crate::domain::time::{DAY, Timestamp};
use crate::domain::user::Epoch;
use crate::env::Env;
use crate::http::Problem;
use crate::http::problem::ProblemType;
use crate::keys::{KeyRing, KeyRingCache, TokenError};
use crate::lambda::{Bootstrap, Configured};
use crate::passwords::Passwords;
use crate::random::Random;
use crate::store::links::LinkError;
use crate::store::{CountError, Store, Unavailable};

/// Configuration, time, randomness, keys, tables and passwords. Parts that a function does not use
/// are not linked into it.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub random: Random,
    pub keys: KeyRingCache,
    pub store: Store,
    pub passwords: Passwords,
}

impl Bootstrap for App {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let store = Store::new(aws, &config.table_prefix, env.random.clone());
        let (keys, ()) = tokio::join!(
            KeyRingCache::start(aws, &config, env.clock.now()),
            store.connect()
        );
        Ok(Self::new(config, keys?, store, env))
    }
}

impl App {
    /// Starts without a connection to DynamoDB, for a function whose first request needs none.
    ///
    /// # Errors
    /// Those of [`Bootstrap::start`].
    pub async fn without_connection(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let store = Store::new(aws, &config.table_prefix, env.random.clone());
        let keys = KeyRingCache::start(aws, &config, env.clock.now()).await?;
        Ok(Self::new(config, keys, store, env))
    }

    fn new(config: Config, keys: KeyRingCache, store: Store, env: &Env) -> Self {
        Self {
            clock: env.clock.clone(),
            random: env.random.clone(),
            keys,
            store,
            passwords: Passwords::new(&config, env),
            config,
        }
    }
}

impl Configured for App {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl App {
    /// Creates an audit event of this portal that expires after `AUDIT_DAYS`.
    pub fn audit_event(
        &self,
        action: Action,
        subject: impl Into<Subject>,
        target: Target,
        client: &ClientInfo,
        at: Timestamp,
    ) -> AuditEvent {
        AuditEvent {
            portal: self.config.portal.clone(),
            action,
            subject: subject.into(),
            target,
            metadata: vec![],
            client: client.clone(),
            at,
            expires_at: at.plus(self.config.audit_retention),
        }
    }

    /// Returns the counter of one shard of a budget of the whole portal, numbered from 0.
    pub fn budget_shard(&self, ring: &KeyRing, scope: RateLimitScope, shard: u64) -> RateLimit {
        let share = portal_budget::share(self.config.email.per_day_portal, shard);
        let key = match shard {
            0 => ring.keyed_hash(&["portal"]),
            _ => ring.keyed_hash(&["portal", &shard.to_string()]),
        };
        RateLimit::every(DAY, scope, key, share)
    }

    /// Creates an outbox entry that no browser requested, in the portal's language. Nobody knows
    /// the nonce of its link. It expires after `EMAIL_DAYS`.
    pub fn outbox_entry(
        &self,
        ring: &KeyRing,
        address: EmailAddress,
        kind: EmailKind,
        now: Timestamp,
    ) -> OutboxEntry {
        OutboxEntry {
            key: OutboxKey {
                to: ring.address_hash(&address),
                id: RecordId::new(now, self.random.bytes()),
            },
            address,
            kind,
            link: Nonce::new(self.random.bytes()).link(),
            next: None,
            client: ClientInfo::default(),
            language: self.config.language,
            known_browser: None,
            requested_at: now,
            waits_until: None,
            expires_at: now.plus(self.config.email.retention),
            message_id: None,
            redriven: false,
            state: DeliveryState::Queued,
        }
    }
}

impl App {
    /// Creates the notice of an event of the account of `user`, whose epoch is `epoch` after it, or
    /// returns `None` if the portal does not send such notices. Its client is none, and its
    /// language the portal's.
    pub fn notice(
        &self,
        ring: &KeyRing,
        notice: Notice,
        (user, epoch): (&UserId, Epoch),
        address: &EmailAddress,
        now: Timestamp,
    ) -> Option<OutboxEntry> {
        if !self.config.email.notices.contains(&notice) {
            return None;
        }
        let kind = EmailKind::Notice(notice, user.clone(), epoch);
        Some(self.outbox_entry(ring, address.clone(), kind, now))
    }
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Self {
        Self::unavailable()
    }
}

impl From<CountError> for Problem {
    fn from(error: CountError) -> Self {
        match error {
            CountError::RateLimited { retry_after } => Self::too_many_attempts(retry_after),
            CountError::Unavailable => Self::unavailable(),
        }
    }
}

/// Maps the failure of a link to its problem.
impl From<LinkError> for Problem {
    fn from(refused: LinkError) -> Self {
        match refused {
            LinkError::Invalid => Self::invalid_token(),
            LinkError::Expired => Self::new(ProblemType::ExpiredToken, |t| t.request_new_link),
            LinkError::Used => Self::new(ProblemType::UsedToken, |t| t.request_new_link),
            LinkError::Outpaced { .. } | LinkError::Unavailable => Self::unavailable(),
        }
    }
}

/// Maps an unreadable token to its problem. A token whose key is unknown to a stale ring may be
/// valid: that is 503, never 400.
impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::invalid_token(),
            TokenError::UnknownKeyWhileStale => Self::unavailable(),
        }
    }
}
