//! Sends what is in the outbox: the stream brings each mail as it is asked for, and once a minute
//! the sweep takes up what is not over yet. A retry sends the same link.
//!
//! A record of the stream comes again only where the next moment may do better: the store cannot be
//! reached, or SES has refused the mail for the first or second time. Everything else waits in its
//! row, where it is in nobody's way.

mod copy;
mod message;
mod send;

use aws_types::SdkConfig;
use message::{LinkAndCode, Message};
use send::{Outcome, Ses};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::{Activation, StartError};
use shared::domain::audit::{Action, Target};
use shared::domain::email::{
    DeliveryOutcome, DeliveryState, DropReason, EmailKind, EmailTemplate, FailureReason,
    OutboxEntry, OutboxKey, PreparedEmail, SupersededBy,
};
use shared::domain::ids::{KeyedHash, RecordId, UserId};
use shared::domain::link::Purpose;
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::env::Env;
use shared::keys::KeyRing;
use shared::lambda::Bootstrap;
use shared::store::Unavailable;
use shared::store::outbox::{ClaimOutcome, MAX_LOST_CLAIMS, OutboxLookup};
use shared::store::users::{CreateOutcome, NewUser};
use std::time::Duration;

/// This function has no route: it reads a stream.
pub const ROUTES: &[&str] = &[];

/// What the mailer holds.
pub struct Mailer {
    app: App,
    ses: Ses,
    /// Where the links lead.
    public: Origin,
}

impl Bootstrap for Mailer {
    async fn start(aws: &SdkConfig, env: &Env) -> Result<Self, StartError> {
        let app = App::start(aws, env).await?;
        let public = app.config.site.public.clone();
        let public = public.ok_or_else(|| {
            StartError("PUBLIC_URL is not set. The mailer needs it for links.".into())
        })?;
        let ses = Ses::new(aws, &app.config.email.configuration_set);
        Ok(Self { app, ses, public })
    }
}

/// How often the stream brings a mail that SES refuses; after that it waits for the sweep.
const SOON: u64 = 3;
/// How long it waits then, at first and at most; each time twice as long.
const WAITS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(300));
/// How long a notice is still news.
const NOTICES_FOR: Duration = Duration::from_secs(86_400);
/// How long a sweep goes on: well within the function's timeout, whatever its last mail takes.
const SWEEPS_FOR: Duration = Duration::from_secs(60);

/// What this function is invoked with.
#[derive(Deserialize)]
pub enum Event {
    /// By the stream. Only the keys are read: the row itself says where it stands now.
    Records(Vec<Record>),
    /// By the schedule: `{"Sweep": {}}`.
    Sweep {},
}

/// One record of the stream.
#[derive(Deserialize)]
pub struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    s: String,
}

/// Which records are to come again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// What is to become of a mail.
enum Decision {
    /// This is sent, to this user under this epoch.
    Send((UserId, Epoch), EmailTemplate),
    /// Nothing is, and this is how it ends.
    Over(DeliveryOutcome<'static>),
}

/// The mail is not over, and the next moment may do better: its record is to come again.
struct RetryLater;

/// Handles a batch of the stream, or sweeps. One mail that fails does not keep the others from
/// being tried.
pub async fn handle(mailer: &Mailer, event: Event) -> BatchResponse {
    let batch_item_failures = match event {
        Event::Records(records) => mailer.deliver_all(records).await,
        Event::Sweep {} => {
            // What fails is swept again in a minute.
            let _swept = mailer.sweep().await;
            Vec::new()
        }
    };
    BatchResponse {
        batch_item_failures,
    }
}

impl Mailer {
    async fn deliver_all(&self, records: Vec<Record>) -> Vec<Failure> {
        let mut failures = Vec::new();
        for Record { dynamodb: change } in records {
            let Some(to) = KeyedHash::parse(&change.keys.pk.s) else {
                tracing::error!("a stream record has an invalid key");
                continue;
            };
            let key = OutboxKey {
                to,
                id: RecordId::from_stored(change.keys.sk.s),
            };
            if self.deliver(&key).await.is_err() {
                failures.push(Failure {
                    item_identifier: change.sequence_number,
                });
            }
        }
        failures
    }

    /// Takes up what should be over by now: what the stream has left to wait, what a crash has left
    /// behind.
    async fn sweep(&self) -> Result<(), Unavailable> {
        let start = self.app.clock.now();
        let mut unfinished = self.app.store.list_unfinished_emails(start).await?;
        // Not always in the same order: a mail that crashes us must not always keep the same ones
        // from being tried.
        unfinished.sort_by_cached_key(|_| self.app.random.bytes::<8>());
        for key in unfinished {
            if self.app.clock.now().since(start) >= SWEEPS_FOR {
                break;
            }
            let _swept_again_in_a_minute = self.deliver(&key).await;
        }
        Ok(())
    }

    async fn deliver(&self, key: &OutboxKey) -> Result<(), RetryLater> {
        let now = self.app.clock.now();
        let mail = match self.app.store.find_unfinished_email(key).await? {
            OutboxLookup::Unfinished(mail) => mail,
            OutboxLookup::Finished => return Ok(()),
            OutboxLookup::Unreadable => {
                return Ok(self
                    .over(key, DeliveryOutcome::Failed(FailureReason::Unreadable))
                    .await?);
            }
        };
        match &mail.state {
            DeliveryState::Queued => self.claim(&mail, now).await,
            DeliveryState::Sending {
                prepared,
                lease_until,
                ..
            } if *lease_until <= now => self.reclaim(&mail, prepared, now).await,
            // Somebody has it, or it waits.
            DeliveryState::Sending { .. } => Ok(()),
        }
    }

    /// Decides whether there is anything to send, and if so, claims and sends it.
    async fn claim(&self, mail: &OutboxEntry, now: Timestamp) -> Result<(), RetryLater> {
        let (user, template) = match self.decide(mail, now).await? {
            Decision::Send(user, template) => (user, template),
            Decision::Over(outcome) => return Ok(self.over(&mail.key, outcome).await?),
        };
        let expires_at =
            Timestamp::from_secs(mail.requested_at.plus(self.lifetime(mail, template)).secs());
        if expires_at <= now {
            return Ok(self.over(&mail.key, DeliveryOutcome::Expired).await?);
        }
        let ring = self.app.keys.ring(now).await;
        let kid = ring.signing_key(now).ok_or(RetryLater)?.kid.clone();
        let (user, epoch) = user;
        let resource = Target::Email(mail.key.id.clone());
        let mut event =
            self.app
                .audit_event(mail.kind.action(), &user, resource, &mail.client, now);
        event
            .metadata
            .push(("template", template.as_str().to_owned()));
        let prepared = PreparedEmail {
            template,
            user,
            epoch,
            kid,
            expires_at,
        };
        match self
            .app
            .store
            .claim_email(mail, &prepared, &self.budgets(&ring, mail), &event)
            .await?
        {
            ClaimOutcome::Claimed => self.send(mail, &prepared, 1).await,
            ClaimOutcome::OverBudget(budget) => Ok(self
                .over(&mail.key, DeliveryOutcome::Throttled(budget))
                .await?),
            ClaimOutcome::Superseded | ClaimOutcome::HeldElsewhere => Ok(()),
        }
    }

    /// What is to be sent, and to whom. `docs/mail.md` has the table that this is.
    async fn decide(&self, mail: &OutboxEntry, now: Timestamp) -> Result<Decision, Unavailable> {
        if let EmailKind::Notice(notice, user, epoch) = &mail.kind {
            return Ok(Decision::Send(
                (user.clone(), *epoch),
                EmailTemplate::Notice(*notice),
            ));
        }
        let mut user = self.app.store.find_user_by_address(&mail.address).await?;
        if let (None, EmailKind::SignUp { name }) = (&user, &mail.kind) {
            user = self.sign_up(mail, name, now).await?;
        }
        let Some(user) = user else {
            return Ok(Decision::Over(DeliveryOutcome::Dropped(
                DropReason::NoAccount,
            )));
        };
        if let EmailKind::Invitation(invited, epoch) = &mail.kind
            && (invited != &user.id || *epoch != user.epoch)
        {
            return Ok(Decision::Over(DeliveryOutcome::Superseded(
                SupersededBy::EpochMove,
            )));
        }
        let template = match (user.status, &mail.kind, self.app.config.links.activation) {
            (Status::Suspended, ..) => {
                return Ok(Decision::Over(DeliveryOutcome::Dropped(
                    DropReason::Suspended,
                )));
            }
            (Status::Active, EmailKind::Invitation(..), _) => {
                return Ok(Decision::Over(DeliveryOutcome::Superseded(
                    SupersededBy::Activation,
                )));
            }
            (Status::Active, EmailKind::Reset, Activation::Password) => Purpose::Reset,
            (Status::Invited, _, Activation::Password) => Purpose::Activation,
            (Status::Active | Status::Invited, ..) => Purpose::SignIn,
        };
        Ok(Decision::Send(
            (user.id, user.epoch),
            EmailTemplate::Link(template),
        ))
    }

    /// Adds whoever signed up, invited: the address is hers once she has followed the link.
    async fn sign_up(
        &self,
        mail: &OutboxEntry,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<User>, Unavailable> {
        let id = UserId::new(self.app.random.bytes());
        let user = User::new(
            id,
            mail.address.clone(),
            name.to_owned(),
            Status::Invited,
            now,
        );
        let event = self.app.audit_event(
            Action::SignedUp,
            &user.id,
            Target::User(user.id.clone()),
            &mail.client,
            now,
        );
        match self
            .app
            .store
            .create_user(&NewUser::from(&user), &event)
            .await?
        {
            CreateOutcome::Created => Ok(Some(user)),
            // Somebody was faster: whoever has the address now, it is her mail.
            CreateOutcome::AlreadyExists => {
                self.app.store.find_user_by_address(&mail.address).await
            }
        }
    }

    /// How long after the asking it makes sense to send it; for a link, how long it works.
    fn lifetime(&self, mail: &OutboxEntry, template: EmailTemplate) -> Duration {
        let links = &self.app.config.links;
        match template {
            _ if matches!(mail.kind, EmailKind::Invitation(..)) => links.activation_lifetime,
            EmailTemplate::Link(Purpose::SignIn) => links.lifetime,
            EmailTemplate::Link(Purpose::Activation) => links.activation_lifetime,
            EmailTemplate::Link(Purpose::Reset) => links.reset_lifetime,
            EmailTemplate::Notice(_) => NOTICES_FOR,
        }
    }

    /// Takes over what a crash, or a refusal for the moment, has left.
    async fn reclaim(
        &self,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
        now: Timestamp,
    ) -> Result<(), RetryLater> {
        let DeliveryState::Sending {
            attempts,
            lost_claims,
            ..
        } = mail.state
        else {
            return Ok(());
        };
        if prepared.expires_at <= now {
            return Ok(self.over(&mail.key, DeliveryOutcome::Expired).await?);
        }
        if lost_claims >= MAX_LOST_CLAIMS {
            return Ok(self
                .over(
                    &mail.key,
                    DeliveryOutcome::Failed(FailureReason::Unanswered),
                )
                .await?);
        }
        match self.app.store.reclaim_email(mail, prepared, now).await? {
            ClaimOutcome::Claimed => self.send(mail, prepared, attempts + 1).await,
            ClaimOutcome::Superseded => Ok(self
                .over(
                    &mail.key,
                    DeliveryOutcome::Superseded(SupersededBy::EpochMove),
                )
                .await?),
            ClaimOutcome::OverBudget(_) | ClaimOutcome::HeldElsewhere => Ok(()),
        }
    }

    /// Sends for the `attempt`th time.
    async fn send(
        &self,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
        attempt: u64,
    ) -> Result<(), RetryLater> {
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let outcome = match self.message(&ring, mail, prepared) {
            Some(message) => self.ses.send(&message).await,
            None => {
                Outcome::NotNow("the signing key of this email is not in the key ring".to_owned())
            }
        };
        match outcome {
            Outcome::Sent(id) => Ok(self
                .over(&mail.key, DeliveryOutcome::Sent { message_id: &id })
                .await?),
            Outcome::Refused(reason) => Ok(self
                .over(
                    &mail.key,
                    DeliveryOutcome::Failed(FailureReason::Refused(&reason)),
                )
                .await?),
            Outcome::NotNow(reason) => {
                let again = self
                    .app
                    .clock
                    .now()
                    .plus(wait(attempt))
                    .min(prepared.expires_at);
                self.app
                    .store
                    .retry_email_later(mail, &reason, again)
                    .await?;
                if attempt < SOON {
                    Err(RetryLater)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// What is handed to SES; `None` where the ring no longer has the key of the link.
    fn message(
        &self,
        ring: &KeyRing,
        mail: &OutboxEntry,
        prepared: &PreparedEmail,
    ) -> Option<Message> {
        let carried = match mail.link(prepared) {
            Some(link) => {
                let key = ring.get(&prepared.kid)?;
                Some(LinkAndCode {
                    url: self.url(link.purpose, &ring.sign_link(key, &link)),
                    code: key.code(&link.id),
                })
            }
            None => None,
        };
        Message::new(
            &self.app.config,
            &self.public,
            mail,
            prepared,
            carried.as_ref(),
        )
    }

    /// Where a link leads: to the built-in pages, or to the frontend's, which no server is told the
    /// token of.
    fn url(&self, purpose: Purpose, token: &str) -> String {
        let links = &self.app.config.links;
        let (built_in, frontends) = match purpose {
            Purpose::SignIn => (paths::VERIFY, None),
            Purpose::Activation => (paths::ACTIVATE, links.activate_url.as_ref()),
            Purpose::Reset => (paths::RESET_PASSWORD, links.reset_url.as_ref()),
        };
        let built_in = || self.public.join(&format!("{built_in}/{token}"));
        frontends.map_or_else(built_in, |page| format!("{page}#token={token}"))
    }

    async fn over(
        &self,
        mail: &OutboxKey,
        outcome: DeliveryOutcome<'_>,
    ) -> Result<(), Unavailable> {
        self.app
            .store
            .finish_email(mail, &outcome, self.app.clock.now())
            .await?;
        // The reason of a failure may be SES's message, which may contain the address.
        let reason = match outcome {
            DeliveryOutcome::Failed(_) => "",
            _ => outcome.reason().unwrap_or_default(),
        };
        tracing::info!(
            end = outcome.status().as_str(),
            reason,
            mail = mail.id.as_str(),
            "email finished"
        );
        Ok(())
    }

    /// The silent budgets: nobody's mailbox is flooded, and nobody floods through us. What
    /// administrators send, and notices, have one of their own.
    fn budgets(&self, ring: &KeyRing, mail: &OutboxEntry) -> Vec<RateLimit> {
        let limits = &self.app.config.email;
        let (address, portal) = (mail.key.to, ring.keyed_hash(&["portal"]));
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        let budgets = if mail.kind.is_self_requested() {
            vec![
                (
                    RateLimitScope::EmailsPerHour,
                    address,
                    hour,
                    limits.per_hour,
                ),
                (RateLimitScope::EmailsPerDay, address, day, limits.per_day),
                (
                    RateLimitScope::PortalEmails,
                    portal,
                    day,
                    limits.per_day_portal,
                ),
            ]
        } else {
            vec![(
                RateLimitScope::ReservedEmails,
                portal,
                day,
                limits.per_day_portal,
            )]
        };
        let throttle = |(scope, key, length, limit)| RateLimit {
            scope,
            key,
            window: Window::Aligned(length),
            limit,
        };
        budgets.into_iter().map(throttle).collect()
    }
}

/// How long a mail waits that SES has refused for the `attempt`th time.
fn wait(attempt: u64) -> Duration {
    let (first, most) = WAITS;
    let doublings = u32::try_from(attempt.saturating_sub(SOON)).unwrap_or(u32::MAX);
    if attempt < SOON {
        Duration::ZERO
    } else {
        first
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(most)
    }
}

impl From<Unavailable> for RetryLater {
    fn from(_: Unavailable) -> Self {
        Self
    }
}
