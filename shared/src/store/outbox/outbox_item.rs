//! The rows of `emails`: under the keyed hash of the address, ordered by time. `unfinished` is the
//! hash key of a sparse index, and `due_at` its range key: only the rows of emails that are
//! unfinished or were held back have them. Unfinished emails are spread over several keys, because
//! the index takes 1,000 writes a second under each.

use crate::domain::address::EmailAddress;
use crate::domain::client::ClientInfo;
use crate::domain::email::{
    DeliveryRecord, DeliveryState, EmailEvent, EmailKind, EmailTemplate, Notice, OutboxEntry,
    OutboxKey, PreparedEmail, Redrive, UndoneEnd,
};
use crate::domain::ids::{KeyedHash, LinkId, RecordId, UserId};
use crate::domain::language::Language;
use crate::domain::link::LinkAccount;
use crate::domain::next::Next;
use crate::domain::session::NewBrowser;
use crate::domain::user::Epoch;
use crate::store::Store;
use crate::store::expression::{Expression, put_new};
use crate::store::item::{Item, expires_at, item, moment, n, number, s, text};
use crate::store::outbox::LEASE;
use aws_sdk_dynamodb::types::{AttributeValue, Put};

/// The values of `unfinished` of emails that the mailer has to deal with from `due_at` on.
pub(super) const UNFINISHED: [&str; 4] = ["email", "email-1", "email-2", "email-3"];
/// The `unfinished` of an email that waits for its budget. All values of unfinished emails begin
/// with it.
pub(super) const WAITING: &str = UNFINISHED[0];
/// The `unfinished` of an email that was held back. Its link expires at `due_at`.
pub(super) const HELD: &str = "held";

/// Returns the `unfinished` of an email that the mailer has to deal with.
pub(super) fn unfinished(id: &RecordId) -> &'static str {
    let number = id.spread(UNFINISHED.len() as u64);
    let value = usize::try_from(number)
        .ok()
        .and_then(|number| UNFINISHED.get(number));
    value.copied().unwrap_or(WAITING)
}

pub(in crate::store) fn key(key: &OutboxKey) -> Item {
    item([
        ("pk", Some(s(key.to.to_string()))),
        ("sk", Some(s(key.id.as_str()))),
    ])
}

pub(in crate::store) fn key_of(item: &Item) -> Option<OutboxKey> {
    Some(OutboxKey {
        to: KeyedHash::parse(text(item, "pk")?)?,
        id: RecordId::from_stored(text(item, "sk")?.to_owned()),
    })
}

/// Returns whether the mailer has to deal with the email, now or later.
pub(super) fn is_unfinished(item: &Item) -> bool {
    text(item, "unfinished").is_some_and(|value| value.starts_with(WAITING))
}

/// Returns the id of the link that the email carries.
pub(in crate::store) fn link_of(item: &Item) -> Option<LinkId> {
    LinkId::parse(text(item, "link_id")?)
}

impl Store {
    pub(in crate::store) fn email_row(&self, email: &OutboxKey) -> Expression {
        Expression::on(&self.tables.emails, key(email))
    }

    /// Returns the put of a new email, which is queued whatever its `state` says.
    pub(in crate::store) fn queued_email(&self, entry: &OutboxEntry) -> Put {
        put_new(&self.tables.emails, queued(entry))
    }

    /// Returns the put of the notice of a sign-in from a new browser, if it is worth one.
    pub(in crate::store) fn new_browser_notice(
        &self,
        new_browser: Option<&NewBrowser>,
    ) -> Option<Put> {
        let notice = new_browser?.notice.as_ref()?;
        Some(self.queued_email(notice))
    }
}

fn queued(entry: &OutboxEntry) -> Item {
    let about = subject(&entry.kind);
    let mut whole = key(&entry.key);
    whole.extend(item([
        ("status", Some(s("queued"))),
        ("unfinished", Some(s(unfinished(&entry.key.id)))),
        ("kind", Some(s(entry.kind.as_str()))),
        ("name", sign_up_name(&entry.kind).map(s)),
        ("for_user", about.map(|(user, _)| s(user.as_str()))),
        ("for_epoch", about.map(|(_, epoch)| n(epoch.get()))),
        ("address", Some(s(entry.address.as_str()))),
        ("link_id", Some(s(entry.link.to_string()))),
        ("next", entry.next.as_ref().map(|next| s(next.as_str()))),
        ("ip", Some(s(&entry.client.ip))),
        ("user_agent", Some(s(&entry.client.user_agent))),
        ("language", Some(s(entry.language.tag()))),
        (
            "known_browser",
            entry.known_browser.map(|browser| s(browser.to_string())),
        ),
        ("requested_at", Some(n(entry.requested_at.millis()))),
        ("due_at", Some(n(entry.requested_at.plus(LEASE).millis()))),
        ("expires_at", Some(n(entry.expires_at.secs()))),
    ]));
    whole
}

/// Reads an unfinished email. A finished one may have lost its address.
pub(in crate::store) fn from_item(item: &Item) -> Option<OutboxEntry> {
    Some(OutboxEntry {
        key: key_of(item)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        kind: kind(item)?,
        link: link_of(item)?,
        next: text(item, "next").map(|next| Next::from_stored(next.to_owned())),
        client: ClientInfo {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        // Emails that were queued by an earlier version have none.
        language: text(item, "language")
            .and_then(Language::parse)
            .unwrap_or_default(),
        known_browser: text(item, "known_browser").and_then(KeyedHash::parse),
        requested_at: moment(item, "requested_at")?,
        waits_until: moment(item, "waits_until"),
        expires_at: expires_at(item)?,
        message_id: text(item, "message_id").map(str::to_owned),
        redriven: item.contains_key("redriven_at"),
        state: state(item)?,
    })
}

fn sign_up_name(kind: &EmailKind) -> Option<&str> {
    match kind {
        EmailKind::SignUp { name } => Some(name),
        _ => None,
    }
}

/// Returns the user whom an email of this kind is about, and the epoch it was queued under.
const fn subject(kind: &EmailKind) -> Option<(&UserId, Epoch)> {
    match kind {
        EmailKind::Invitation(user, epoch) | EmailKind::Notice(_, user, epoch) => {
            Some((user, *epoch))
        }
        EmailKind::SignIn | EmailKind::Reset | EmailKind::SignUp { .. } => None,
    }
}

fn kind(item: &Item) -> Option<EmailKind> {
    let subject = || {
        Some((
            UserId::parse(text(item, "for_user")?)?,
            Epoch::new(number(item, "for_epoch")?),
        ))
    };
    let notice = |notice| subject().map(|(user, epoch)| EmailKind::Notice(notice, user, epoch));
    match text(item, "kind")? {
        "sign-in" => Some(EmailKind::SignIn),
        "reset" => Some(EmailKind::Reset),
        "sign-up" => Some(EmailKind::SignUp {
            name: text(item, "name")?.to_owned(),
        }),
        "invitation" => subject().map(|(user, epoch)| EmailKind::Invitation(user, epoch)),
        other => notice(Notice::parse(other)?),
    }
}

fn state(item: &Item) -> Option<DeliveryState> {
    match text(item, "status")? {
        "queued" => Some(DeliveryState::Queued),
        "sending" => Some(DeliveryState::Sending {
            prepared: PreparedEmail {
                template: EmailTemplate::parse(text(item, "template")?)?,
                user: UserId::parse(text(item, "user_id")?)?,
                epoch: Epoch::new(number(item, "epoch")?),
                account: LinkAccount::parse(
                    text(item, "account")?,
                    text(item, "name").unwrap_or_default(),
                )?,
                kid: text(item, "kid")?.to_owned(),
                expires_at: moment(item, "link_expires_at")?,
            },
            lease_until: moment(item, "lease_until")?,
            attempts: number(item, "attempts")?,
            lost_claims: number(item, "lost_claims")?,
        }),
        _ => None,
    }
}

/// Reads the delivery record of an email, finished or not.
pub(in crate::store) fn delivery(item: &Item) -> Option<DeliveryRecord> {
    let field = |name| text(item, name).map(str::to_owned);
    Some(DeliveryRecord {
        id: key_of(item)?.id,
        address: text(item, "address").and_then(EmailAddress::parse),
        client: ClientInfo {
            ip: field("ip").unwrap_or_default(),
            user_agent: field("user_agent").unwrap_or_default(),
        },
        link: link_of(item).filter(|_| item.contains_key("template")),
        kind: field("kind")?,
        template: field("template"),
        stored_status: field("status")?,
        stored_reason: field("reason"),
        events: events(item),
        message_id: field("message_id"),
        requested_at: moment(item, "requested_at")?,
        claimed_at: moment(item, "claimed_at"),
        ended_at: moment(item, "ended_at"),
        postponed_at: moment(item, "postponed_at"),
        attempts: number(item, "attempts").unwrap_or_default(),
        waits_until: moment(item, "waits_until"),
        held_until: moment(item, "due_at").filter(|_| text(item, "unfinished") == Some(HELD)),
        redrives: redrives(item),
    })
}

/// Returns the stored form of a redrive.
pub(super) fn redrive(redrive: &Redrive) -> AttributeValue {
    let undone = redrive.undone.as_ref();
    AttributeValue::M(item([
        ("at", Some(n(redrive.at.millis()))),
        ("ended_at", undone.map(|end| n(end.at.millis()))),
        ("status", undone.map(|end| s(&end.status))),
        ("reason", undone.map(|end| s(&end.reason))),
    ]))
}

fn redrives(item: &Item) -> Vec<Redrive> {
    let stored = item.get("redrives").and_then(|list| list.as_l().ok());
    let maps = stored
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_m().ok());
    let redrive = |map: &Item| {
        let undone = || {
            Some(UndoneEnd {
                at: moment(map, "ended_at")?,
                status: text(map, "status")?.to_owned(),
                reason: text(map, "reason")?.to_owned(),
            })
        };
        Some(Redrive {
            at: moment(map, "at")?,
            undone: undone(),
        })
    };
    maps.filter_map(redrive).collect()
}

/// Returns the events of an email, oldest first. Those that this version cannot read are left out.
fn events(item: &Item) -> Vec<EmailEvent> {
    let stored = item.get("events").and_then(|events| events.as_ss().ok());
    let stored = stored.into_iter().flatten();
    let mut events: Vec<_> = stored
        .filter_map(|event| EmailEvent::from_stored(event))
        .collect();
    events.sort();
    events
}
