//! Sends what is in the outbox: the stream brings each mail as it is asked for, and once a minute
//! the sweep takes up what is not over yet. A retry sends the same link.
//!
//! A record of the stream comes again only where the next moment may do better: the store cannot be
//! reached, or SES has refused the mail for the first or second time. Everything else waits in its
//! row, where it is in nobody's way.

mod message;
mod send;
mod words;

use aws_types::SdkConfig;
use message::{Carried, Message};
use send::{Outcome, Ses};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::{Activation, StartError};
use shared::domain::audit::Action;
use shared::domain::ids::{Peppered, RecordId, UserId};
use shared::domain::link::Purpose;
use shared::domain::mail::{End, Letter, Mail, MailKey, Minted, State, Wanted};
use shared::domain::portal::Origin;
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::env::Env;
use shared::keys::Ring;
use shared::lambda::Start;
use shared::store::Unavailable;
use shared::store::add_user::{Added, NewUser};
use shared::store::deliver::{Claim, Ending, Found, MOST_UNANSWERED};
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

impl Start for Mailer {
    async fn start(aws: &SdkConfig, env: &Env) -> Result<Self, StartError> {
        let app = App::start(aws, env).await?;
        let public = app.config.site.public.clone();
        let public = public.ok_or_else(|| {
            StartError("PUBLIC_URL is not set, but the mailer's links need it.".into())
        })?;
        let ses = Ses::new(aws, &app.config.mail.configuration_set);
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
enum Plan {
    /// This is sent, to this user under this epoch.
    Send((UserId, Epoch), Letter),
    /// Nothing is, for this reason.
    Over(End, &'static str),
}

/// The mail is not over, and the next moment may do better: its record is to come again.
struct Again;

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
            let Some(to) = Peppered::parse(&change.keys.pk.s) else {
                tracing::error!("a stream record has a key that no mail has");
                continue;
            };
            let key = MailKey {
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
        let mut unfinished = self.app.store.unfinished_mails(start).await?;
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

    async fn deliver(&self, key: &MailKey) -> Result<(), Again> {
        let now = self.app.clock.now();
        let mail = match self.app.store.unfinished_mail(key).await? {
            Found::Unfinished(mail) => mail,
            Found::Over => return Ok(()),
            Found::Unreadable => {
                return Ok(self
                    .over(key, End::Failed, ("reason", "unreadable"))
                    .await?);
            }
        };
        match &mail.state {
            State::Queued => self.claim(&mail, now).await,
            State::Sending {
                minted,
                lease_until,
                ..
            } if *lease_until <= now => self.reclaim(&mail, minted, now).await,
            // Somebody has it, or it waits.
            State::Sending { .. } => Ok(()),
        }
    }

    /// Decides whether there is anything to send, and if so, claims and sends it.
    async fn claim(&self, mail: &Mail, now: Timestamp) -> Result<(), Again> {
        let (user, letter) = match self.decide(mail, now).await? {
            Plan::Send(user, letter) => (user, letter),
            Plan::Over(end, reason) => {
                return Ok(self.over(&mail.key, end, ("reason", reason)).await?);
            }
        };
        let expires_at =
            Timestamp::from_secs(mail.asked_at.plus(self.lifetime(mail, letter)).secs());
        if expires_at <= now {
            return Ok(self
                .over(&mail.key, End::Expired, ("reason", "link-expired"))
                .await?);
        }
        let ring = self.app.keys.ring(now).await;
        let kid = ring.signing(now).ok_or(Again)?.kid.clone();
        let (user, epoch) = user;
        let resource = ("mail", mail.key.id.as_str().to_owned());
        let mut event = self
            .app
            .event(mail.wanted.action(), &user, resource, &mail.client, now);
        event.metadata.push(("letter", letter.as_str().to_owned()));
        let minted = Minted {
            letter,
            user,
            epoch,
            kid,
            expires_at,
        };
        match self
            .app
            .store
            .claim_mail(mail, &minted, &self.budgets(&ring, mail), &event)
            .await?
        {
            Claim::Ours => self.send(mail, &minted, 1).await,
            Claim::OverBudget(budget) => Ok(self
                .over(&mail.key, End::Throttled, ("reason", budget))
                .await?),
            Claim::Superseded | Claim::Taken => Ok(()),
        }
    }

    /// What is to be sent, and to whom. `docs/mail.md` has the table that this is.
    async fn decide(&self, mail: &Mail, now: Timestamp) -> Result<Plan, Unavailable> {
        if let Wanted::Notice(notice, user, epoch) = &mail.wanted {
            return Ok(Plan::Send((user.clone(), *epoch), Letter::Notice(*notice)));
        }
        let mut user = self.app.store.user_at(&mail.address).await?;
        if let (None, Wanted::SignUp { name }) = (&user, &mail.wanted) {
            user = self.sign_up(mail, name, now).await?;
        }
        let Some(user) = user else {
            return Ok(Plan::Over(End::Dropped, "no-account"));
        };
        if let Wanted::Invitation(invited, epoch) = &mail.wanted
            && (invited != &user.id || *epoch != user.epoch)
        {
            return Ok(Plan::Over(End::Superseded, "epoch-moved"));
        }
        let letter = match (user.status, &mail.wanted, self.app.config.links.activation) {
            (Status::Suspended, ..) => return Ok(Plan::Over(End::Dropped, "suspended")),
            (Status::Active, Wanted::Invitation(..), _) => {
                return Ok(Plan::Over(End::Superseded, "activated"));
            }
            (Status::Active, Wanted::Reset, Activation::Password) => Purpose::Reset,
            (Status::Invited, _, Activation::Password) => Purpose::Activation,
            (Status::Active | Status::Invited, ..) => Purpose::SignIn,
        };
        Ok(Plan::Send((user.id, user.epoch), Letter::Link(letter)))
    }

    /// Adds whoever signed up, invited: the address is hers once she has followed the link.
    async fn sign_up(
        &self,
        mail: &Mail,
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
        let event = self.app.event(
            Action::SignedUp,
            &user.id,
            ("user", user.id.to_string()),
            &mail.client,
            now,
        );
        match self
            .app
            .store
            .add_user(&NewUser::from(&user), &event)
            .await?
        {
            Added::New => Ok(Some(user)),
            // Somebody was faster: whoever has the address now, it is her mail.
            Added::Existed => self.app.store.user_at(&mail.address).await,
        }
    }

    /// How long after the asking it makes sense to send it; for a link, how long it works.
    fn lifetime(&self, mail: &Mail, letter: Letter) -> Duration {
        let links = &self.app.config.links;
        match letter {
            _ if matches!(mail.wanted, Wanted::Invitation(..)) => links.activation_lifetime,
            Letter::Link(Purpose::SignIn) => links.lifetime,
            Letter::Link(Purpose::Activation) => links.activation_lifetime,
            Letter::Link(Purpose::Reset) => links.reset_lifetime,
            Letter::Notice(_) => NOTICES_FOR,
        }
    }

    /// Takes over what a crash, or a refusal for the moment, has left.
    async fn reclaim(&self, mail: &Mail, minted: &Minted, now: Timestamp) -> Result<(), Again> {
        let State::Sending {
            attempts,
            unanswered,
            ..
        } = mail.state
        else {
            return Ok(());
        };
        if minted.expires_at <= now {
            return Ok(self
                .over(&mail.key, End::Expired, ("reason", "link-expired"))
                .await?);
        }
        if unanswered >= MOST_UNANSWERED {
            return Ok(self
                .over(&mail.key, End::Failed, ("reason", "unanswered"))
                .await?);
        }
        match self.app.store.reclaim_mail(mail, minted, now).await? {
            Claim::Ours => self.send(mail, minted, attempts + 1).await,
            Claim::Superseded => Ok(self
                .over(&mail.key, End::Superseded, ("reason", "epoch-moved"))
                .await?),
            Claim::OverBudget(_) | Claim::Taken => Ok(()),
        }
    }

    /// Sends for the `attempt`th time.
    async fn send(&self, mail: &Mail, minted: &Minted, attempt: u64) -> Result<(), Again> {
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let outcome = match self.message(&ring, mail, minted) {
            Some(message) => self.ses.send(&message).await,
            None => Outcome::NotNow("the key of this mail is not in the key ring".to_owned()),
        };
        match outcome {
            Outcome::Sent(id) => Ok(self.over(&mail.key, End::Sent, ("message_id", &id)).await?),
            Outcome::Refused(reason) => Ok(self
                .over(&mail.key, End::Failed, ("reason", &reason))
                .await?),
            Outcome::NotNow(reason) => {
                let again = self
                    .app
                    .clock
                    .now()
                    .plus(wait(attempt))
                    .min(minted.expires_at);
                self.app.store.release_mail(mail, &reason, again).await?;
                if attempt < SOON { Err(Again) } else { Ok(()) }
            }
        }
    }

    /// What is handed to SES; `None` where the ring no longer has the key of the link.
    fn message(&self, ring: &Ring, mail: &Mail, minted: &Minted) -> Option<Message> {
        let carried = match mail.link(minted) {
            Some(link) => {
                let key = ring.get(&minted.kid)?;
                Some(Carried {
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
            minted,
            carried.as_ref(),
        )
    }

    /// Where a link leads: to the built-in pages, or to the frontend's, which no server is told the
    /// token of.
    fn url(&self, purpose: Purpose, token: &str) -> String {
        let links = &self.app.config.links;
        let (built_in, frontends) = match purpose {
            Purpose::SignIn => ("verify", None),
            Purpose::Activation => ("activate", links.activate_url.as_ref()),
            Purpose::Reset => ("reset-password", links.reset_url.as_ref()),
        };
        let built_in = || self.public.join(&format!("/auth/{built_in}/{token}"));
        frontends.map_or_else(built_in, |page| format!("{page}#token={token}"))
    }

    async fn over(
        &self,
        mail: &MailKey,
        end: End,
        note: (&'static str, &str),
    ) -> Result<(), Unavailable> {
        self.app
            .store
            .settle_mail(mail, &Ending { end, note }, self.app.clock.now())
            .await?;
        let reason = if end == End::Sent || end == End::Failed {
            ""
        } else {
            note.1
        };
        tracing::info!(
            end = end.as_str(),
            reason,
            mail = mail.id.as_str(),
            "mail over"
        );
        Ok(())
    }

    /// The silent budgets: nobody's mailbox is flooded, and nobody floods through us. What
    /// administrators send, and notices, have one of their own.
    fn budgets(&self, ring: &Ring, mail: &Mail) -> Vec<Throttle> {
        let limits = &self.app.config.mail;
        let (address, portal) = (mail.key.to, ring.pepper(&["portal"]));
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        let budgets = if mail.wanted.is_self_requested() {
            vec![
                (Scope::MailHour, address, hour, limits.per_hour),
                (Scope::MailDay, address, day, limits.per_day),
                (Scope::MailPortal, portal, day, limits.per_day_portal),
            ]
        } else {
            vec![(Scope::MailReserve, portal, day, limits.per_day_portal)]
        };
        let throttle = |(scope, key, length, limit)| Throttle {
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

impl From<Unavailable> for Again {
    fn from(_: Unavailable) -> Self {
        Self
    }
}
