//! `tokens`: one row per mailed link, under the link's id. It holds nothing that could make the
//! link.

use crate::domain::address::EmailAddress;
use crate::domain::ids::{IdempotencyKeyHash, LinkId, UserId};
use crate::domain::link::{Link, Purpose};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::store::item::{Item, expires_at, item, moment, n, number, s, text};

pub(in crate::store) fn key(id: &LinkId) -> Item {
    item([("pk", Some(s(id.to_string())))])
}

pub(in crate::store) fn to_item(link: &Link, kid: &str) -> Item {
    let mut whole = key(&link.id);
    whole.extend(item([
        ("purpose", Some(s(link.purpose.as_str()))),
        ("user_id", Some(s(link.user.as_str()))),
        ("address", Some(s(link.address.as_str()))),
        ("epoch", Some(n(link.epoch.get()))),
        ("kid", Some(s(kid))),
        ("next", link.next.as_ref().map(|next| s(next.as_str()))),
        ("expires_at", Some(n(link.expires_at.secs()))),
    ]));
    whole
}

/// The link, and the key it was made with.
pub(in crate::store) fn from_item(item: &Item) -> Option<(Link, String)> {
    let link = Link {
        purpose: Purpose::parse(text(item, "purpose")?)?,
        id: LinkId::parse(text(item, "pk")?)?,
        user: UserId::parse(text(item, "user_id")?)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        epoch: Epoch::new(number(item, "epoch")?),
        expires_at: expires_at(item)?,
        next: text(item, "next").map(|next| Next::from_stored(next.to_owned())),
    };
    Some((link, text(item, "kid")?.to_owned()))
}

/// When and by which page the link was redeemed; `None` while it has not been.
pub(in crate::store) fn redeemed(item: &Item) -> Option<(Timestamp, Option<IdempotencyKeyHash>)> {
    Some((
        moment(item, "used_at")?,
        text(item, "idempotency_key").and_then(IdempotencyKeyHash::parse),
    ))
}
