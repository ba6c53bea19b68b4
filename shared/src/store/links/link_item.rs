//! The rows of `links`: one for each emailed link, under the link's id. A row holds nothing from
//! which the link could be made.

use crate::domain::address::EmailAddress;
use crate::domain::code;
use crate::domain::ids::{IdempotencyKeyHash, LinkId, UserId};
use crate::domain::link::{Link, Purpose};
use crate::domain::next::Next;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::store::Store;
use crate::store::expression::{Expression, put_new};
use crate::store::item::{Item, expires_at, item, moment, n, number, s, text};
use aws_sdk_dynamodb::types::Put;

/// A link as its row has it.
pub struct StoredLink {
    pub link: Link,
    /// Id of the key that signed the link.
    pub kid: String,
    /// Time at which the email was requested.
    pub requested_at: Timestamp,
}

impl StoredLink {
    /// Returns whether the link's code works by itself at `now`.
    pub fn has_fresh_code(&self, now: Timestamp) -> bool {
        code::is_fresh(self.requested_at, now)
    }
}

pub(in crate::store) fn key(id: &LinkId) -> Item {
    item([("pk", Some(s(id.to_string())))])
}

impl Store {
    pub(in crate::store) fn link_row(&self, id: &LinkId) -> Expression {
        Expression::on(&self.tables.links, key(id))
    }

    /// Returns the put of a new link, which was requested at `requested_at` and which the key `kid`
    /// signs.
    pub(in crate::store) fn new_link(
        &self,
        link: &Link,
        kid: &str,
        requested_at: Timestamp,
    ) -> Put {
        put_new(&self.tables.links, to_item(link, kid, requested_at))
    }
}

fn to_item(link: &Link, kid: &str, requested_at: Timestamp) -> Item {
    let mut whole = key(&link.id);
    whole.extend(item([
        ("purpose", Some(s(link.purpose.as_str()))),
        ("user_id", Some(s(link.user.as_str()))),
        ("address", Some(s(link.address.as_str()))),
        ("epoch", Some(n(link.epoch.get()))),
        ("kid", Some(s(kid))),
        ("next", link.next.as_ref().map(|next| s(next.as_str()))),
        ("requested_at", Some(n(requested_at.millis()))),
        ("expires_at", Some(n(link.expires_at.secs()))),
    ]));
    whole
}

pub(in crate::store) fn from_item(item: &Item) -> Option<StoredLink> {
    let link = Link {
        purpose: Purpose::parse(text(item, "purpose")?)?,
        id: LinkId::parse(text(item, "pk")?)?,
        user: UserId::parse(text(item, "user_id")?)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        epoch: Epoch::new(number(item, "epoch")?),
        expires_at: expires_at(item)?,
        next: next(item),
    };
    Some(StoredLink {
        link,
        kid: text(item, "kid")?.to_owned(),
        requested_at: moment(item, "requested_at")?,
    })
}

/// Returns the page that the link redirects to.
pub(in crate::store) fn next(item: &Item) -> Option<Next> {
    text(item, "next").map(|url| Next::from_stored(url.to_owned()))
}

/// Returns when and by which page the link was redeemed, or `None` if it has not been.
pub(in crate::store) fn redeemed(item: &Item) -> Option<(Timestamp, Option<IdempotencyKeyHash>)> {
    Some((
        moment(item, "used_at")?,
        text(item, "idempotency_key").and_then(IdempotencyKeyHash::parse),
    ))
}
