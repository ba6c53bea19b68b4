//! The rows of `links`: one for each emailed link, under the link's id. A row holds nothing from
//! which the link could be made.

use crate::domain::address::EmailAddress;
use crate::domain::code;
use crate::domain::email::{Notice, OutboxEntry, PreparedEmail};
use crate::domain::ids::{IdempotencyKeyHash, LinkId, UserId};
use crate::domain::link::{Link, LinkAccount, Purpose, RedeemContext};
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

    /// Returns the put of the link that an email carries as it was `prepared`.
    pub(in crate::store) fn new_link(&self, email: &OutboxEntry, prepared: &PreparedEmail) -> Put {
        put_new(&self.tables.links, to_item(email, prepared))
    }
}

fn to_item(email: &OutboxEntry, prepared: &PreparedEmail) -> Item {
    let link = email.link(prepared);
    let notice = prepared.template.notice();
    let mut whole = key(&link.id);
    whole.extend(item([
        ("purpose", Some(s(link.purpose.as_str()))),
        ("user_id", Some(s(link.user.as_str()))),
        ("address", Some(s(link.address.as_str()))),
        ("epoch", Some(n(link.epoch.get()))),
        ("account", Some(s(link.account.as_str()))),
        ("name", name(&link.account).map(s)),
        ("notice", notice.map(|notice| s(notice.as_str()))),
        ("kid", Some(s(&prepared.kid))),
        ("next", link.next.page().map(|next| s(next.as_str()))),
        ("requested_at", Some(n(email.requested_at.millis()))),
        ("expires_at", Some(n(link.expires_at.secs()))),
        (
            "kept_until",
            Some(n(email.expires_at.max(link.expires_at).secs())),
        ),
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
        // The row of a used link expires with its email.
        expires_at: number(item, "link_expires_at")
            .map(Timestamp::from_secs)
            .or_else(|| expires_at(item))?,
        next: text(item, "next")
            .map(|next| Next::from_stored(next.to_owned()))
            .into(),
        account: LinkAccount::parse(
            text(item, "account")?,
            text(item, "name").unwrap_or_default(),
        )?,
    };
    Some(StoredLink {
        link,
        kid: text(item, "kid")?.to_owned(),
        requested_at: moment(item, "requested_at")?,
    })
}

/// Returns the notice that a link of [`Purpose::Report`] belongs to.
pub(in crate::store) fn notice(item: &Item) -> Option<Notice> {
    Notice::parse(text(item, "notice")?)
}

fn name(account: &LinkAccount) -> Option<&str> {
    match account {
        LinkAccount::New { name } => Some(name),
        LinkAccount::Active | LinkAccount::Invited => None,
    }
}

/// A redemption as the link's row records it.
pub(in crate::store) struct Redemption {
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) by: RedeemContext,
}

/// Returns when and by whom the link was redeemed, or `None` if it has not been.
pub(in crate::store) fn redemption(item: &Item) -> Option<Redemption> {
    Some(Redemption {
        at: moment(item, "used_at")?,
        by: RedeemContext {
            same_browser: item.contains_key("used_by_requester"),
            idempotency_key: text(item, "idempotency_key").and_then(IdempotencyKeyHash::parse),
        },
    })
}
