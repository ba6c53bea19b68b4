//! Reads the outbox's stream and sends what is to be sent.
//!
//! Every record ends in one of three ways: the mail is over (sent, or its row says why not), somebody else has it, or it
//! is reported back and comes again. A retry sends the same link.

mod message;
mod send;

use aws_types::SdkConfig;
use message::Message;
use send::{Outcome, Ses};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::{Activation, StartError};
use shared::domain::ids::{Peppered, RecordId};
use shared::domain::mail::{End, Mail, MailKey, Minted, State};
use shared::domain::portal::Origin;
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Status, User};
use shared::env::Env;
use shared::keys::Ring;
use shared::lambda::Start;
use shared::store::Unavailable;
use shared::store::deliver::{Claim, Ending, MOST_UNANSWERED};
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
        let public =
            public.ok_or_else(|| StartError("PUBLIC_URL is not set, but the mailer's links need it.".into()))?;
        let ses = Ses::new(aws, &app.config.mail.configuration_set);
        Ok(Self { app, ses, public })
    }
}

/// What Lambda hands over of the stream: only the keys are read, the row itself says where it stands now.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StreamEvent {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
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

/// The mail is not over: its record is to come again.
struct Again;

/// Handles a batch. One record that fails does not keep the others from being tried.
pub async fn handle(mailer: &Mailer, event: StreamEvent) -> BatchResponse {
    let mut batch_item_failures = Vec::new();
    for Record { dynamodb: change } in event.records {
        let Some(to) = Peppered::parse(&change.keys.pk.s) else {
            tracing::error!("a stream record has a key that no mail has");
            continue;
        };
        let key = MailKey { to, id: RecordId::from_stored(change.keys.sk.s) };
        if mailer.deliver(&key).await.is_err() {
            batch_item_failures.push(Failure { item_identifier: change.sequence_number });
        }
    }
    BatchResponse { batch_item_failures }
}

impl Mailer {
    async fn deliver(&self, key: &MailKey) -> Result<(), Again> {
        let now = self.app.clock.now();
        let Some(mail) = self.app.store.unfinished_mail(key).await? else {
            return Ok(());
        };
        let minted = match &mail.state {
            State::Queued => self.claim(&mail, now).await?,
            State::Sending { minted, lease_until, unanswered } => {
                self.reclaim(&mail, minted, (*lease_until, *unanswered), now).await?
            }
        };
        match minted {
            Some(minted) => self.send(&mail, &minted).await,
            None => Ok(()),
        }
    }

    /// Decides whether there is anything to send, and if so, claims it; `None` when the mail is over.
    async fn claim(&self, mail: &Mail, now: Timestamp) -> Result<Option<Minted>, Again> {
        let expires_at = Timestamp::from_secs(mail.asked_at.plus(self.app.config.links.lifetime).secs());
        let user = match self.recipient(mail).await? {
            Ok(user) => user,
            Err(reason) => return self.over(mail, End::Dropped, ("reason", reason)).await,
        };
        if expires_at <= now {
            return self.over(mail, End::Expired, ("reason", "link-expired")).await;
        }
        let ring = self.app.keys.ring(now).await;
        let kid = ring.signing(now).ok_or_else(Again::no_key)?.kid.clone();
        let minted = Minted { user: user.id.clone(), epoch: user.epoch, kid, expires_at };
        let resource = ("mail", mail.key.id.as_str().to_owned());
        let event = self.app.event("login.requested", &user.id, resource, &mail.client, now);
        let budgets = self.budgets(&ring, mail);
        match self.app.store.claim_mail(mail, &mail.link(&minted), &minted.kid, &budgets, &event).await? {
            Claim::Ours => Ok(Some(minted)),
            Claim::OverBudget(budget) => self.over(mail, End::Throttled, ("reason", budget)).await,
            Claim::Superseded | Claim::Taken => Err(Again),
        }
    }

    /// Takes over what a crash, or a refusal for the moment, has left.
    async fn reclaim(
        &self,
        mail: &Mail,
        minted: &Minted,
        (lease_until, unanswered): (Timestamp, u64),
        now: Timestamp,
    ) -> Result<Option<Minted>, Again> {
        if lease_until > now {
            return Err(Again);
        }
        if minted.expires_at <= now {
            return self.over(mail, End::Expired, ("reason", "link-expired")).await;
        }
        if unanswered >= MOST_UNANSWERED {
            return self.over(mail, End::Failed, ("reason", "unanswered")).await;
        }
        match self.app.store.reclaim_mail(mail, minted, now).await? {
            Claim::Ours => Ok(Some(minted.clone())),
            Claim::Superseded => self.over(mail, End::Superseded, ("reason", "epoch-moved")).await,
            Claim::OverBudget(_) | Claim::Taken => Err(Again),
        }
    }

    async fn send(&self, mail: &Mail, minted: &Minted) -> Result<(), Again> {
        let ring = self.app.keys.ring(self.app.clock.now()).await;
        let key = ring.get(&minted.kid).ok_or_else(Again::no_key)?;
        let link = mail.link(minted);
        let url = self.public.join(&format!("/auth/verify/{}", ring.sign_link(key, &link)));
        let message = Message::sign_in(&self.app.config, mail, &url, &key.code(&link.id)).ok_or(Again)?;
        match self.ses.send(&message).await {
            Outcome::Sent(id) => self.over(mail, End::Sent, ("message_id", &id)).await.map(|_| ()),
            Outcome::Refused(reason) => self.over(mail, End::Failed, ("reason", &reason)).await.map(|_| ()),
            Outcome::NotNow(reason) => {
                self.app.store.release_mail(mail, &reason, self.app.clock.now()).await?;
                Err(Again)
            }
        }
    }

    /// Who is to get the mail, or why nobody is.
    async fn recipient(&self, mail: &Mail) -> Result<Result<User, &'static str>, Unavailable> {
        let user = self.app.store.user_at(&mail.address).await?;
        Ok(match user {
            None => Err("no-account"),
            Some(user) => match user.status {
                Status::Active => Ok(user),
                Status::Invited if self.app.config.links.activation == Activation::Link => Ok(user),
                Status::Invited => Err("not-activated"),
                Status::Suspended => Err("suspended"),
            },
        })
    }

    async fn over(&self, mail: &Mail, end: End, note: (&'static str, &str)) -> Result<Option<Minted>, Again> {
        self.app.store.settle_mail(mail, &Ending { end, note }, self.app.clock.now()).await?;
        let reason = if end == End::Sent || end == End::Failed { "" } else { note.1 };
        tracing::info!(end = end.as_str(), reason, mail = mail.key.id.as_str(), "mail over");
        Ok(None)
    }

    /// The silent budgets: nobody's mailbox is flooded, and nobody floods through us.
    fn budgets(&self, ring: &Ring, mail: &Mail) -> [Throttle; 3] {
        let limits = &self.app.config.mail;
        let address = mail.key.to;
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        [
            (Scope::MailHour, address, hour, limits.per_hour),
            (Scope::MailDay, address, day, limits.per_day),
            (Scope::MailPortal, ring.pepper(&["portal"]), day, limits.per_day_portal),
        ]
        .map(|(scope, key, length, limit)| Throttle { scope, key, window: Window::Aligned(length), limit })
    }
}

impl Again {
    fn no_key() -> Self {
        tracing::error!("the key ring does not have the key of a mail");
        Self
    }
}

impl From<Unavailable> for Again {
    fn from(_: Unavailable) -> Self {
        Self
    }
}
