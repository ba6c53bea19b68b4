//! `mail`: the outbox and the delivery log, under the peppered hash of the address, time-ordered.
//! `unfinished` is the hash key of a sparse index: only rows that are not over have it.

use crate::domain::address::EmailAddress;
use crate::domain::client::ClientInfo;
use crate::domain::email::{
    DeliveryRecord, DeliveryState, EmailKind, EmailTemplate, Notice, OutboxEntry, OutboxKey,
    PreparedEmail,
};
use crate::domain::ids::{KeyedHash, LinkId, RecordId, UserId};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::store::item::{Item, item, moment, n, number, s, text};

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

/// The row of a mail that was just asked for, kept until `expires_at`.
pub(in crate::store) fn queued(mail: &OutboxEntry, expires_at: Timestamp) -> Item {
    let mut whole = key(&mail.key);
    whole.extend(item([
        ("status", Some(s("queued"))),
        ("unfinished", Some(s("email"))),
        ("kind", Some(s(mail.kind.as_str()))),
        ("name", sign_up_name(&mail.kind).map(s)),
        (
            "for_user",
            act(&mail.kind).map(|(user, _)| s(user.as_str())),
        ),
        (
            "for_epoch",
            act(&mail.kind).map(|(_, epoch)| n(epoch.get())),
        ),
        ("address", Some(s(mail.address.as_str()))),
        ("link_id", Some(s(mail.link.to_string()))),
        ("next", mail.next.as_ref().map(|next| s(next.as_str()))),
        ("ip", Some(s(&mail.client.ip))),
        ("user_agent", Some(s(&mail.client.user_agent))),
        ("requested_at", Some(n(mail.requested_at.millis()))),
        ("expires_at", Some(n(expires_at.secs()))),
    ]));
    whole
}

/// A mail that is not over: one that is may have lost its address.
pub(in crate::store) fn from_item(item: &Item) -> Option<OutboxEntry> {
    Some(OutboxEntry {
        key: key_of(item)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        kind: kind(item)?,
        link: LinkId::parse(text(item, "link_id")?)?,
        next: text(item, "next").map(|next| Next::from_stored(next.to_owned())),
        client: ClientInfo {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        requested_at: moment(item, "requested_at")?,
        state: state(item)?,
    })
}

fn sign_up_name(kind: &EmailKind) -> Option<&str> {
    match kind {
        EmailKind::SignUp { name } => Some(name),
        _ => None,
    }
}

/// The act that queued it: whose it was, and the epoch it left her with.
const fn act(kind: &EmailKind) -> Option<(&UserId, Epoch)> {
    match kind {
        EmailKind::Invitation(user, epoch) | EmailKind::Notice(_, user, epoch) => {
            Some((user, *epoch))
        }
        EmailKind::SignIn | EmailKind::Reset | EmailKind::SignUp { .. } => None,
    }
}

fn kind(item: &Item) -> Option<EmailKind> {
    let act = || {
        Some((
            UserId::parse(text(item, "for_user")?)?,
            Epoch::new(number(item, "for_epoch")?),
        ))
    };
    let notice = |notice| act().map(|(user, epoch)| EmailKind::Notice(notice, user, epoch));
    match text(item, "kind")? {
        "sign-in" => Some(EmailKind::SignIn),
        "reset" => Some(EmailKind::Reset),
        "sign-up" => Some(EmailKind::SignUp {
            name: text(item, "name")?.to_owned(),
        }),
        "invitation" => act().map(|(user, epoch)| EmailKind::Invitation(user, epoch)),
        "password-changed" => notice(Notice::PasswordChanged),
        "address-changed" => notice(Notice::AddressChanged),
        _ => None,
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

/// What the log says of a mail, over or not.
pub(in crate::store) fn delivery(item: &Item) -> Option<DeliveryRecord> {
    let word = |name| text(item, name).map(str::to_owned);
    Some(DeliveryRecord {
        id: key_of(item)?.id,
        kind: word("kind")?,
        template: word("template"),
        status: word("status")?,
        reason: word("reason"),
        message_id: word("message_id"),
        requested_at: moment(item, "requested_at")?,
        ended_at: moment(item, "ended_at"),
        attempts: number(item, "attempts").unwrap_or_default(),
    })
}
