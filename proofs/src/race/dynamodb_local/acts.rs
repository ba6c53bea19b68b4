//! The real store on DynamoDB Local, and the rows that show what it did.

use super::server::Server;
use crate::dice::{Dice, random};
use crate::race::redeems::{PAGE, Racer};
use crate::stage::attribute;
use aws_smithy_http_client::Builder;
use local::template::{REGION, STACK, Template};
use serde_json::{Value, json};
use shared::aws::sdk_config;
use shared::clock::Clock;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::client::ClientInfo;
use shared::domain::email::{
    DeliveryState, EmailKind, EmailTemplate, OutboxEntry, OutboxKey, PreparedEmail as Fixed,
};
use shared::domain::ids::{KeyedHash, LinkId, RecordId, SessionHash, UserId};
use shared::domain::link::{IdempotencyKey, Link, Purpose, RedeemContext};
use shared::domain::portal::PortalName;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::{AuthMethod, Session};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::env::Env;
use shared::store::links::LinkError;
use shared::store::links::{Redeem, UserTransition};
use shared::store::outbox::ClaimOutcome;
use shared::store::users::NewUser;
use shared::store::{Store, Unavailable};
use std::collections::BTreeMap;
use std::time::Duration;

/// Any moment will do: nothing here waits for one.
const NOW: Timestamp = Timestamp::from_secs(1_795_269_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The tables of template.yaml, and the store on them.
pub(super) struct Tables {
    server: Server,
    store: Store,
}

/// A link that two mailers wanted to claim at once, and the session it will give.
pub(super) struct Minted {
    link: Link,
    pub(super) session: SessionHash,
}

impl Tables {
    pub(super) async fn open(server: Server, seed: u64) -> Result<Self, String> {
        let parameters = [
            ("Portal", "partner"),
            ("PortalName", "Partner"),
            ("PublicUrl", "http://localhost:8787"),
            ("EmailFrom", "no-reply@localhost.example"),
        ];
        let template =
            Template::read(&tests::owned(&parameters)).map_err(|error| error.to_string())?;
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
        let env = Env::new(variables, Clock::from_fn(|| NOW), random(Dice::of(seed, 1)));
        let aws =
            sdk_config(&env, Builder::new().build_http()).map_err(|error| error.to_string())?;
        let tables = Self {
            server,
            store: Store::new(&aws, STACK, env.random),
        };
        tables.warm_up().await;
        Ok(tables)
    }

    /// Java is slow at first, and the store waits no longer than in production.
    async fn warm_up(&self) {
        for _ in 0..20 {
            let _found = self.store.find_user(&UserId::nobody()).await;
        }
    }

    /// A user, and a link of hers: asked for, and claimed by two mailers at once.
    pub(super) async fn mint(&self, dice: &mut Dice) -> Result<Minted, String> {
        let random = random(Dice::new(dice.throw()));
        let user = UserId::new(random.bytes());
        let address = EmailAddress::parse(&format!("{user}@example.com")).ok_or("an address")?;
        let new = User::new(
            user.clone(),
            address.clone(),
            String::new(),
            Status::Active,
            NOW,
        );
        let late = |_| "DynamoDB Local did not answer in time".to_owned();
        self.store
            .create_user(&NewUser::from(&new), &event(Action::Added, &user, 0))
            .await
            .map_err(late)?;
        let mail = OutboxEntry {
            key: OutboxKey {
                to: KeyedHash::from_bytes(random.bytes()),
                id: RecordId::new(NOW, random.bytes()),
            },
            address: address.clone(),
            kind: EmailKind::SignIn,
            link: LinkId::from_bytes(random.bytes()),
            next: None,
            client: ClientInfo::new("192.0.2.0", ""),
            requested_at: NOW,
            expires_at: NOW.plus(DAY),
            state: DeliveryState::Queued,
        };
        let throttles = |scopes: [RateLimitScope; 3]| {
            scopes.map(|scope| RateLimit {
                scope,
                key: mail.key.to,
                window: Window::Aligned(DAY),
                limit: 1,
            })
        };
        let asked = [
            RateLimitScope::RequestsPerMinute,
            RateLimitScope::RequestsPerHour,
            RateLimitScope::RequestsPerNetwork,
        ];
        let asked = self.store.enqueue_email(&mail, &throttles(asked)).await;
        asked.map_err(|refused| format!("asking was refused: {refused:?}"))?;
        let letter = EmailTemplate::Link(Purpose::SignIn);
        let fixed = Fixed {
            template: letter,
            user,
            epoch: Epoch::INITIAL,
            kid: "1".to_owned(),
            expires_at: NOW.plus(DAY),
        };
        let link = mail.link(&fixed).ok_or("a mail without a link")?;
        let budgets = throttles([
            RateLimitScope::EmailsPerHour,
            RateLimitScope::EmailsPerDay,
            RateLimitScope::PortalEmails,
        ]);
        let events = [
            event(Action::LoginRequested, &link.user, 1),
            event(Action::LoginRequested, &link.user, 2),
        ];
        let claim = |event| self.store.claim_email(&mail, &fixed, &budgets, event);
        let [one, other] = &events;
        let claims = tokio::join!(claim(one), claim(other));
        match claims {
            (Ok(ClaimOutcome::Claimed), Ok(ClaimOutcome::HeldElsewhere))
            | (Ok(ClaimOutcome::HeldElsewhere), Ok(ClaimOutcome::Claimed)) => Ok(Minted {
                link,
                session: SessionHash::from_bytes(random.bytes()),
            }),
            other => Err(format!("two mailers claimed one mail: {other:?}")),
        }
    }

    /// Redeems as this racer does, the `n`th of them.
    pub(super) async fn redeem(
        &self,
        minted: &Minted,
        racer: Racer,
        n: usize,
    ) -> Result<Session, LinkError> {
        let attempt = match racer {
            Racer::SamePage => Some(PAGE.to_owned()),
            Racer::OtherPage => Some(format!("a-page-of-its-own-{n}")),
            Racer::Owner | Racer::Code | Racer::Stranger => None,
        };
        let attempt = attempt
            .and_then(|attempt| IdempotencyKey::parse(&attempt))
            .map(|attempt| attempt.hash());
        let by = RedeemContext {
            same_browser: matches!(racer, Racer::Owner | Racer::Code),
            idempotency_key: attempt,
        };
        let session = Session {
            hash: minted.session,
            user: minted.link.user.clone(),
            epoch: minted.link.epoch,
            created_at: NOW,
            expires_at: NOW.plus(DAY),
            last_seen_at: NOW,
            client: client(n),
            auth_method: AuthMethod::Link,
        };
        let event = event(Action::Login, &minted.link.user, n);
        let redeem = Redeem {
            link: &minted.link,
            by: &by,
            session: &session,
            replaces: None,
            event: &event,
            user: UserTransition::None,
        };
        self.store.redeem(&redeem).await
    }

    /// Whether the session signs its user in.
    pub(super) async fn looks(&self, minted: &Minted) -> Result<bool, Unavailable> {
        Ok(self
            .store
            .find_session(&minted.link.user, &minted.session, NOW)
            .await?
            .is_some())
    }

    /// Whether the session was there to be marked as seen.
    pub(super) async fn seen(&self, session: &Session) -> Result<bool, Unavailable> {
        self.store.touch_session(session, NOW).await
    }

    /// Ends the session.
    pub(super) async fn end(&self, minted: &Minted) -> Result<bool, Unavailable> {
        self.store
            .revoke_session(
                &minted.link.user,
                &minted.session,
                &event(Action::Logout, &minted.link.user, 0),
            )
            .await
    }

    /// Suspends the user, as an administrator's act would: status and epoch.
    pub(super) async fn suspend(&self, minted: &Minted) -> Result<(), String> {
        let update = json!({
            "TableName": format!("{STACK}-users"), "Key": {"pk": {"S": format!("user#{}", minted.link.user)}},
            "UpdateExpression": "SET #status = :suspended ADD epoch :one",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":suspended": {"S": "suspended"}, ":one": {"N": "1"}},
        });
        self.server.call("UpdateItem", &update).await.map(drop)
    }

    /// The user's session rows.
    pub(super) async fn sessions(&self, minted: &Minted) -> Result<Vec<Value>, String> {
        self.rows("sessions", minted).await
    }

    /// How often this was written down about the user.
    pub(super) async fn audits(&self, minted: &Minted, action: &str) -> Result<usize, String> {
        let rows = self.rows("audit", minted).await?;
        Ok(rows
            .iter()
            .filter(|row| attribute(row, "action") == action)
            .count())
    }

    async fn rows(&self, table: &str, minted: &Minted) -> Result<Vec<Value>, String> {
        let query = json!({
            "TableName": format!("{STACK}-{table}"), "ConsistentRead": true, "KeyConditionExpression": "pk = :user",
            "ExpressionAttributeValues": {":user": {"S": minted.link.user.as_str()}},
        });
        let answer = self.server.call("Query", &query).await?;
        answer
            .get("Items")
            .and_then(Value::as_array)
            .cloned()
            .ok_or_else(|| "a query without items".to_owned())
    }
}

/// The `n`th racer's address, by which its row is known.
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
