//! `mail`: the outbox and the delivery log, under the peppered hash of the address, time-ordered.
//! `unfinished` is the hash key of a sparse index: only rows that are not over have it.

use super::{Item, item, moment, n, number, s, text};
use crate::domain::address::EmailAddress;
use crate::domain::agent::Client;
use crate::domain::ids::{LinkId, Peppered, RecordId, UserId};
use crate::domain::mail::{Delivery, Letter, Mail, MailKey, Minted, Notice, State, Wanted};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;

pub(in crate::store) fn key(key: &MailKey) -> Item {
    item([
        ("pk", Some(s(key.to.to_string()))),
        ("sk", Some(s(key.id.as_str()))),
    ])
}

pub(in crate::store) fn key_of(item: &Item) -> Option<MailKey> {
    Some(MailKey {
        to: Peppered::parse(text(item, "pk")?)?,
        id: RecordId::from_stored(text(item, "sk")?.to_owned()),
    })
}

/// The row of a mail that was just asked for, kept until `expires_at`.
pub(in crate::store) fn queued(mail: &Mail, expires_at: Timestamp) -> Item {
    let mut whole = key(&mail.key);
    whole.extend(item([
        ("status", Some(s("queued"))),
        ("unfinished", Some(s("mail"))),
        ("kind", Some(s(mail.wanted.kind()))),
        ("name", sign_up_name(&mail.wanted).map(s)),
        (
            "for_user",
            act(&mail.wanted).map(|(user, _)| s(user.as_str())),
        ),
        ("for_epoch", act(&mail.wanted).map(|(_, epoch)| n(epoch.0))),
        ("address", Some(s(mail.address.as_str()))),
        ("link_id", Some(s(mail.link.to_string()))),
        ("next", mail.next.as_ref().map(|next| s(next.as_str()))),
        ("ip", Some(s(&mail.client.ip))),
        ("user_agent", Some(s(&mail.client.user_agent))),
        ("asked_at", Some(n(mail.asked_at.millis()))),
        ("expires_at", Some(n(expires_at.secs()))),
    ]));
    whole
}

/// A mail that is not over: one that is may have lost its address.
pub(in crate::store) fn from_item(item: &Item) -> Option<Mail> {
    Some(Mail {
        key: key_of(item)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        wanted: wanted(item)?,
        link: LinkId::parse(text(item, "link_id")?)?,
        next: text(item, "next").map(|next| Next::from_stored(next.to_owned())),
        client: Client {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        asked_at: moment(item, "asked_at")?,
        state: state(item)?,
    })
}

fn sign_up_name(wanted: &Wanted) -> Option<&str> {
    match wanted {
        Wanted::SignUp { name } => Some(name),
        _ => None,
    }
}

/// The act that queued it: whose it was, and the epoch it left her with.
const fn act(wanted: &Wanted) -> Option<(&UserId, Epoch)> {
    match wanted {
        Wanted::Invitation(user, epoch) | Wanted::Notice(_, user, epoch) => Some((user, *epoch)),
        Wanted::SignIn | Wanted::Reset | Wanted::SignUp { .. } => None,
    }
}

fn wanted(item: &Item) -> Option<Wanted> {
    let act = || {
        Some((
            UserId::parse(text(item, "for_user")?)?,
            Epoch(number(item, "for_epoch")?),
        ))
    };
    let notice = |notice| act().map(|(user, epoch)| Wanted::Notice(notice, user, epoch));
    match text(item, "kind")? {
        "sign-in" => Some(Wanted::SignIn),
        "reset" => Some(Wanted::Reset),
        "sign-up" => Some(Wanted::SignUp {
            name: text(item, "name")?.to_owned(),
        }),
        "invitation" => act().map(|(user, epoch)| Wanted::Invitation(user, epoch)),
        "password-changed" => notice(Notice::PasswordChanged),
        "address-changed" => notice(Notice::AddressChanged),
        _ => None,
    }
}

fn state(item: &Item) -> Option<State> {
    match text(item, "status")? {
        "queued" => Some(State::Queued),
        "sending" => Some(State::Sending {
            minted: Minted {
                letter: Letter::parse(text(item, "letter")?)?,
                user: UserId::parse(text(item, "user_id")?)?,
                epoch: Epoch(number(item, "epoch")?),
                kid: text(item, "kid")?.to_owned(),
                expires_at: moment(item, "link_expires_at")?,
            },
            lease_until: moment(item, "lease_until")?,
            attempts: number(item, "attempts")?,
            unanswered: number(item, "unanswered")?,
        }),
        _ => None,
    }
}

/// What the log says of a mail, over or not.
pub(in crate::store) fn delivery(item: &Item) -> Option<Delivery> {
    let word = |name| text(item, name).map(str::to_owned);
    Some(Delivery {
        id: key_of(item)?.id,
        kind: word("kind")?,
        letter: word("letter"),
        status: word("status")?,
        reason: word("reason"),
        message_id: word("message_id"),
        asked_at: moment(item, "asked_at")?,
        ended_at: moment(item, "ended_at"),
        attempts: number(item, "attempts").unwrap_or_default(),
    })
}
