//! `users`: the user under `user#<id>`, and the claim of the address under `email#<address>`, which holds only the id.
//! They are created and changed together, so an address is unique.

use super::{Item, item, moment, n, number, s, text};
use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::user::{Epoch, Resource, Status, User};
use aws_sdk_dynamodb::types::AttributeValue;

pub(in crate::store) fn user_key(id: &UserId) -> Item {
    item([("pk", Some(s(format!("user#{id}"))))])
}

pub(in crate::store) fn claim_key(address: &EmailAddress) -> Item {
    item([("pk", Some(s(format!("email#{address}"))))])
}

pub(in crate::store) fn claim(address: &EmailAddress, id: &UserId) -> Item {
    let mut claim = claim_key(address);
    claim.insert("user_id".to_owned(), s(id.as_str()));
    claim
}

pub(in crate::store) fn claimed_by(claim: &Item) -> Option<UserId> {
    UserId::parse(text(claim, "user_id")?)
}

pub(in crate::store) fn to_item(user: &User) -> Item {
    let resources = user.resources.iter().map(resource).collect();
    let mut whole = user_key(&user.id);
    whole.extend(item([
        ("address", Some(s(user.address.as_str()))),
        // The sparse index of users by address: only users have this attribute.
        ("listed", Some(s("user"))),
        ("name", Some(s(&user.name))),
        ("role", Some(s(&user.role))),
        ("resources", Some(AttributeValue::L(resources))),
        ("status", Some(s(user.status.as_str()))),
        ("epoch", Some(n(user.epoch.0))),
        ("created_at", Some(n(user.created_at.millis()))),
    ]));
    whole
}

pub(in crate::store) fn from_item(item: &Item) -> Option<User> {
    Some(User {
        id: UserId::parse(text(item, "pk")?.strip_prefix("user#")?)?,
        address: EmailAddress::parse(text(item, "address")?)?,
        name: text(item, "name")?.to_owned(),
        role: text(item, "role")?.to_owned(),
        resources: item.get("resources")?.as_l().ok()?.iter().map(read_resource).collect::<Option<_>>()?,
        status: Status::parse(text(item, "status")?)?,
        epoch: Epoch(number(item, "epoch")?),
        created_at: moment(item, "created_at")?,
    })
}

fn resource(resource: &Resource) -> AttributeValue {
    AttributeValue::M(item([
        ("type", Some(s(&resource.kind))),
        ("id", Some(s(&resource.id))),
        ("name", Some(s(&resource.name))),
        ("slug", Some(s(&resource.slug))),
    ]))
}

fn read_resource(value: &AttributeValue) -> Option<Resource> {
    let map = value.as_m().ok()?;
    let field = |name| text(map, name).map(str::to_owned);
    Some(Resource { kind: field("type")?, id: field("id")?, name: field("name")?, slug: field("slug")? })
}
