//! The store on DynamoDB Local, and the rows that it writes.

use super::server::Server;
use crate::race::PAGE;
use crate::race::redemptions::Racer;
use crate::rng::{Rng, random};
use crate::rows::text;

use local::template::{REGION, STACK, Template};
use serde_json::{Value, json};
use shared::aws::{Aws, Https};
use shared::clock::Clock;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::client::ClientInfo;
use shared::domain::email::{
    DeliveryState, EmailKind, EmailTemplate, OutboxEntry, OutboxKey, PreparedEmail,
};
use shared::domain::ids::{KeyedHash, LinkId, RecordId, SessionHash, UserId};
use shared::domain::language::Language;
use shared::domain::link::{IdempotencyKey, Link, LinkAccount, Purpose, RedeemContext};
use shared::domain::portal::PortalName;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::{AuthMethod, EndedSessions, Session};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::env::Env;
use shared::store::links::LinkError;
use shared::store::links::Redeem;
use shared::store::outbox::{ClaimOutcome, EmailRequestLimits};
use shared::store::users::NewUser;
use shared::store::{Store, Unavailable};
use std::collections::BTreeMap;
use std::time::Duration;

/// The time of every operation; nothing here waits.
const NOW: Timestamp = Timestamp::from_secs(1_795_269_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The tables of template.yaml, and the store on them.
pub(super) struct Tables {
    server: Server,
    store: Store,
}

/// A link whose email two mailers claimed at once, and the session that it starts.
pub(super) struct StoredLink {
    link: Link,
    pub(super) session: SessionHash,
}

impl Tables {
    pub(super) async fn create(server: Server, seed: u64) -> Result<Self, String> {
        let parameters = [
            ("Portal", "partner"),
            ("PortalName", "Partner"),
            ("PublicUrl", "http://localhost:8787"),
            ("EmailFrom", "no-reply@localhost.example"),
        ];
        let template =
            Template::read(&kit::parameters(&parameters)).map_err(|error| error.to_string())?;
        for table in &template.tables {
            server.call("CreateTable", &table.create).await?;
        }
        let variables = [
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", &server.url),
        ];
        let variables: BTreeMap<_, _> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let env = Env::new(
            variables,
            Clock::from_fn(|| NOW),
            random(Rng::derive(seed, 1)),
        );
        let aws = Https::trusting_amazon()
            .and_then(|http| Aws::new(&env, http))
            .map_err(|error| error.to_string())?;
        let tables = Self {
            server,
            store: Store::new(&aws, STACK, env.random),
        };
        tables.warm_up().await;
        Ok(tables)
    }

    /// Java is slow at first, and the store's timeouts are those of production.
    async fn warm_up(&self) {
        for _ in 0..20 {
            let _found = self.store.find_user(&UserId::nobody()).await;
        }
    }

    /// Adds a user, requests a link, and lets two mailers claim its email at once.
    pub(super) async fn create_link(&self, rng: &mut Rng) -> Result<StoredLink, String> {
        let random = random(Rng::new(rng.next_u64()));
        let user = UserId::new(random.bytes());
        let address = EmailAddress::parse(&format!("{user}@example.com")).ok_or("an address")?;
        let new = User::new(
            user.clone(),
            Epoch::initial(random.bytes()),
            address.clone(),
            String::new(),
            Status::Active,
            NOW,
        );
        let late = |_| "DynamoDB Local timed out".to_owned();
        self.store
            .create_user(&NewUser::from(&new), &event(Action::Added, &user, 0))
            .await
            .map_err(late)?;
        let email = OutboxEntry {
            key: OutboxKey {
                to: KeyedHash::from_bytes(random.bytes()),
                id: RecordId::new(NOW, random.bytes()),
            },
            address: address.clone(),
            kind: EmailKind::SignIn,
            link: LinkId::from_bytes(random.bytes()),
            next: None,
            client: ClientInfo::new("192.0.2.0", ""),
            language: Language::English,
            known_browser: None,
            requested_at: NOW,
            waits_until: None,
            expires_at: NOW.plus(DAY),
            message_id: None,
            redriven: false,
            state: DeliveryState::Queued,
        };
        let rate_limits = |scopes: [RateLimitScope; 3]| {
            scopes.map(|scope| RateLimit {
                scope,
                key: email.key.to,
                window: Window::Aligned(DAY),
                limit: 1,
            })
        };
        let limits = EmailRequestLimits {
            key: email.key.to,
            per_minute: 1,
            per_hour: 1,
            network: None,
            idempotency_key: IdempotencyKey::new(random.bytes()).hash(),
        };
        let requested = self.store.enqueue_email(&email, &limits).await;
        requested.map_err(|refused| format!("a request was refused: {refused:?}"))?;
        let prepared = PreparedEmail {
            template: EmailTemplate::Link(Purpose::SignIn),
            user,
            epoch: new.epoch,
            account: LinkAccount::Active,
            kid: "1".to_owned(),
            expires_at: NOW.plus(DAY),
        };
        let link = email.link(&prepared);
        let budgets = rate_limits([
            RateLimitScope::EmailsPerHour,
            RateLimitScope::EmailsPerDay,
            RateLimitScope::PortalEmails,
        ]);
        let events = [
            event(Action::LoginRequested, &link.user, 1),
            event(Action::LoginRequested, &link.user, 2),
        ];
        let claim = |event| self.store.claim_email(&email, &prepared, &budgets, event);
        let [one, other] = &events;
        let claims = tokio::join!(claim(one), claim(other));
        match claims {
            (Ok(ClaimOutcome::Claimed), Ok(ClaimOutcome::HeldElsewhere))
            | (Ok(ClaimOutcome::HeldElsewhere), Ok(ClaimOutcome::Claimed)) => Ok(StoredLink {
                link,
                session: SessionHash::from_bytes(random.bytes()),
            }),
            other => Err(format!("two mailers claimed one email: {other:?}")),
        }
    }

    /// Redeems the link as this racer does, the `n`th of them.
    pub(super) async fn redeem(
        &self,
        link: &StoredLink,
        racer: Racer,
        n: usize,
    ) -> Result<Session, LinkError> {
        let key = match racer {
            Racer::SamePage => PAGE.to_owned(),
            Racer::OtherPage => format!("the-page-of-number-{n}"),
            Racer::Requester | Racer::Code | Racer::Stranger => String::new(),
        };
        let by = RedeemContext {
            same_browser: racer.is_requesting_browser(),
            idempotency_key: IdempotencyKey::parse(&key).ok().map(|key| key.hash()),
        };
        let session = Session {
            hash: link.session,
            user: link.link.user.clone(),
            epoch: link.link.epoch,
            created_at: NOW,
            expires_at: NOW.plus(DAY),
            last_seen_at: NOW,
            client: client(n),
            auth_time: NOW,
            auth_method: AuthMethod::Link,
        };
        let event = event(Action::Login, &link.link.user, n);
        let redeem = Redeem {
            link: &link.link,
            by: &by,
            session: &session,
            ends: &EndedSessions::default(),
            new_browser: None,
            events: std::slice::from_ref(&event),
            password: None,
        };
        self.store.redeem(&redeem).await
    }

    /// Returns whether the session signs its user in.
    pub(super) async fn is_signed_in(&self, link: &StoredLink) -> Result<bool, Unavailable> {
        let found = self
            .store
            .find_session(&link.link.user, &link.session, NOW)
            .await?;
        Ok(found.is_some())
    }

    /// Writes the last-seen time, and returns whether the session exists.
    pub(super) async fn touch(&self, session: &Session) -> Result<bool, Unavailable> {
        self.store.touch_session(session, NOW).await
    }

    pub(super) async fn log_out(&self, link: &StoredLink) -> Result<bool, Unavailable> {
        let user = &link.link.user;
        self.store
            .revoke_session(user, &link.session, &event(Action::Logout, user, 0))
            .await
    }

    /// Changes status and epoch of the user, as a suspension does.
    pub(super) async fn suspend(&self, link: &StoredLink) -> Result<(), String> {
        let update = json!({
            "TableName": format!("{STACK}-users"),
            "Key": {"pk": {"S": format!("user#{}", link.link.user)}},
            "UpdateExpression": "SET #status = :suspended ADD epoch :one",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":suspended": {"S": "suspended"}, ":one": {"N": "1"}},
        });
        self.server.call("UpdateItem", &update).await.map(drop)
    }

    /// Returns the session rows of the user.
    pub(super) async fn sessions(&self, link: &StoredLink) -> Result<Vec<Value>, String> {
        self.rows("sessions", link).await
    }

    /// Returns the number of audit records of this action about the user.
    pub(super) async fn audited(&self, link: &StoredLink, action: &str) -> Result<usize, String> {
        let rows = self.rows("audit", link).await?;
        Ok(rows
            .iter()
            .filter(|row| text(row, "action") == action)
            .count())
    }

    async fn rows(&self, table: &str, link: &StoredLink) -> Result<Vec<Value>, String> {
        let query = json!({
            "TableName": format!("{STACK}-{table}"),
            "ConsistentRead": true,
            "KeyConditionExpression": "pk = :user",
            "ExpressionAttributeValues": {":user": {"S": link.link.user.as_str()}},
        });
        let response = self.server.call("Query", &query).await?;
        let items = response.get("Items").and_then(Value::as_array).cloned();
        items.ok_or_else(|| "a query without items".to_owned())
    }
}

/// Returns the address of the `n`th racer, which identifies its row.
fn client(n: usize) -> ClientInfo {
    ClientInfo::new(&format!("192.0.2.{n}"), "")
}

#[expect(clippy::unwrap_used, reason = "it is a portal's name")]
fn event(action: Action, user: &UserId, n: usize) -> AuditEvent {
    AuditEvent {
        portal: PortalName::parse("partner").unwrap(),
        action,
        subject: user.into(),
        target: shared::domain::audit::Target::User(UserId::nobody()),
        metadata: vec![],
        client: client(n),
        at: NOW,
        expires_at: NOW.plus(DAY),
    }
}
