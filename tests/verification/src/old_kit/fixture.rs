//! What races and forgeries happen on: a portal in process, with users who have been mailed a link
//! each.

#![expect(
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

use crate::old_kit::{CHEAP_HASHES, PASSWORD, World, owned};
use crate::rng::{Rng, random};
use http::Method;
use local::aws_stub::{Attempt, Fault};
use local::{Options, Portal};
use serde_json::{Value, json};
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::client::ClientInfo;
use shared::domain::ids::UserId;
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher, PasswordHash};
use shared::domain::portal::PortalName;
use shared::domain::user::{Status, User};
use shared::keys::KeyRing;
use shared::store::users::NewUser;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What hashes cost by [`CHEAP_HASHES`]: their number matters, not their strength.
pub(crate) const COSTS: Argon2Params = Argon2Params {
    memory_kib: 7168,
    passes: 1,
    lanes: 1,
};

/// What a user is mailed a link for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To set her first password: she is invited.
    Activation,
    /// To set another password.
    Reset,
}

/// A user, and the link that she was mailed.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Who.
    pub user: UserId,
    /// Her address.
    pub email: String,
    /// The link's token.
    pub token: String,
    /// The code beside it, if there is one.
    pub code: String,
    /// The nonce that her browser was given, if it was given one.
    pub nonce: String,
}

/// A portal of these options, without a socket between it and its browsers, its mails handed over
/// by [`tickets`].
pub async fn world(rng: &mut Rng, options: Options) -> World {
    let random = Some(random(Rng::new(rng.next_u64())));
    let parameters = options
        .parameters
        .into_iter()
        .chain(owned(&CHEAP_HASHES))
        .collect();
    World::in_process(Options {
        events_by_hand: true,
        random,
        parameters,
        ..options
    })
    .await
}

/// The key ring of a world, for reading what the portal has signed.
///
/// # Errors
/// It has none.
pub fn ring(world: &World) -> Result<KeyRing, String> {
    let portal = PortalName::parse("partner").ok_or("a portal's name")?;
    KeyRing::parse(&world.portal.key_ring().unwrap_or_default(), &portal)
}

/// Adds `many` users, lets each ask in a browser of her own, and has **two mailers at once**
/// deliver every record, as often as it takes.
///
/// # Errors
/// A user was sent anything but one mail, or a link has not exactly one row.
pub async fn tickets(
    world: &World,
    rng: &mut Rng,
    many: usize,
    purpose: Purpose,
) -> Result<Vec<Ticket>, String> {
    let password =
        Password::parse(PASSWORD).map(|password| Hasher::new(COSTS, None).hash(&password, [7; 16]));
    let (status, password, ask) = match purpose {
        Purpose::SignIn => (Status::Active, password, "/auth/request-login"),
        Purpose::Activation => (Status::Invited, None, "/auth/request-login"),
        Purpose::Reset => (Status::Active, password, "/auth/forgot-password"),
    };
    let mut asked = Vec::new();
    for n in 0..many {
        let (user, email) = (
            add_user(world, rng, n, status, password.as_ref()).await?,
            email(n),
        );
        let browser = world.browser();
        let answer = browser.post(ask, json!({"email": email})).await;
        if answer.status != 200 {
            return Err(format!("asking was answered {answer:?}"));
        }
        asked.push((
            user,
            email,
            browser.cookie("partner.requests").unwrap_or_default(),
        ));
    }
    world.portal.set_fault(crowd(Rng::new(rng.next_u64())));
    deliver(&world.portal).await?;
    let inbox = world.portal.inbox();
    let ticket = |(user, email, nonce)| {
        let mails: Vec<_> = inbox.iter().filter(|mail| mail.to == email).collect();
        let [mail] = mails.as_slice() else {
            return Err(format!(
                "two mailers with one record sent {} mails to {email}",
                mails.len()
            ));
        };
        let token = mail
            .links
            .first()
            .and_then(|link| link.rsplit('/').next())
            .unwrap_or_default()
            .to_owned();
        Ok(Ticket {
            user,
            email,
            token,
            code: mail.code.clone().unwrap_or_default(),
            nonce,
        })
    };
    let tickets: Vec<Ticket> = asked.into_iter().map(ticket).collect::<Result<_, _>>()?;
    let rows = world.rows("links").len();
    if rows != many {
        return Err(format!("{many} links have {rows} rows"));
    }
    Ok(tickets)
}

fn email(n: usize) -> String {
    format!("user{n}@example.com")
}

async fn add_user(
    world: &World,
    rng: &mut Rng,
    n: usize,
    status: Status,
    password: Option<&PasswordHash>,
) -> Result<UserId, String> {
    let now = world.time.now();
    let id = UserId::new(
        ((u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64())).to_be_bytes(),
    );
    let address = EmailAddress::parse(&email(n)).ok_or("an address")?;
    let user = User::new(id.clone(), address, format!("User {n}"), status, now);
    let event = AuditEvent {
        portal: PortalName::parse("local").ok_or("a portal's name")?,
        action: Action::Added,
        subject: (&id).into(),
        target: shared::domain::audit::Target::User(id.clone()),
        metadata: vec![],
        client: ClientInfo::new("127.0.0.1", ""),
        at: now,
        expires_at: now.plus(Duration::from_secs(86_400)),
    };
    let store = world.portal.store().map_err(|error| error.to_string())?;
    let new = NewUser {
        password,
        ..NewUser::from(&user)
    };
    store
        .create_user(&new, &event)
        .await
        .map_err(|_| format!("{} cannot be added", user.address))?;
    Ok(id)
}

/// Hands every queued mail to two mailers at once, again and again until neither wants to see it
/// once more.
async fn deliver(portal: &Portal) -> Result<(), String> {
    let records = portal
        .stream_records(None)
        .map_err(|error| error.to_string())?;
    let mut records: Vec<Value> = records
        .into_iter()
        .filter(|record| record["eventName"] == "INSERT")
        .collect();
    for _ in 0..100 {
        let mut again = Vec::new();
        for batch in records.chunks(10) {
            let event = json!({"Records": batch});
            let (one, other) = tokio::join!(
                portal.invoke("mailer", event.clone()),
                portal.invoke("mailer", event)
            );
            let failed = [failures(&one?), failures(&other?)].concat();
            let wanted = |record: &&Value| {
                failed
                    .iter()
                    .any(|failed| *failed == record["dynamodb"]["SequenceNumber"])
            };
            again.extend(batch.iter().filter(wanted).cloned());
        }
        if again.is_empty() {
            return Ok(());
        }
        records = again;
    }
    Err(format!(
        "{} mails are not over after 100 deliveries",
        records.len()
    ))
}

fn failures(answer: &Value) -> Vec<Value> {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    failures
        .map(|failure| failure["itemIdentifier"].clone())
        .collect()
}

/// What becomes of calls while others race: some are late by up to 2 ms, and one write in twenty
/// meets another one, which no embedded database shows by itself.
pub fn crowd(rng: Rng) -> impl Fn(&Attempt) -> Fault + Send + Sync + 'static {
    let rng = Mutex::new(rng);
    move |attempt| {
        if attempt.service != "dynamodb" {
            return Fault::None;
        }
        let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
        match (rng.below(20), attempt.operation.as_str()) {
            (0, "TransactWriteItems") => Fault::Reply(400, conflict_of_transactions()),
            (0, "UpdateItem") => {
                Fault::Reply(400, error("TransactionConflictException").to_string())
            }
            (1..=12, _) => Fault::Delay(Duration::from_millis(rng.below(3) as u64)),
            _ => Fault::None,
        }
    }
}

fn conflict_of_transactions() -> String {
    let mut cancelled = error("TransactionCanceledException");
    cancelled["CancellationReasons"] =
        json!([{"Code": "TransactionConflict", "Message": "Transaction is ongoing"}]);
    cancelled.to_string()
}

/// An error as DynamoDB sends it.
fn error(kind: &str) -> Value {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "said the store"})
}

/// Suspends a user, or ends all her sessions, as an administrator does who comes back until it is
/// done.
///
/// # Errors
/// It cannot be done.
pub async fn end_everything(world: &World, user: &UserId, suspend: bool) -> Result<(), String> {
    let (browser, path) = (world.browser(), format!("/admin/users/{user}"));
    loop {
        let answer = if suspend {
            browser
                .call(Method::PATCH, &path, Some(&json!({"status": "suspended"})))
                .await
        } else {
            browser
                .call(Method::DELETE, &format!("{path}/sessions"), None)
                .await
        };
        match answer.status.as_u16() {
            200 | 204 => return Ok(()),
            // Too many conflicts one after the other, or she was changed by others again and again.
            409 | 503 => {}
            status => {
                return Err(format!(
                    "an administrator was answered {status} {}",
                    answer.problem()
                ));
            }
        }
    }
}

/// An item's text or number.
pub fn attribute<'a>(row: &'a Value, name: &str) -> &'a str {
    let value = &row[name];
    value["S"]
        .as_str()
        .or_else(|| value["N"].as_str())
        .unwrap_or_default()
}

/// Names that forgeries use.
pub const SESSION: &str = "partner.sid";
pub const ASK: &str = "partner.requests";
pub const PAGE: &str = "the-page-that-is-open-twice";
