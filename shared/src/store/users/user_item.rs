//! `users`: the user under `user#<id>`, and the claim of the address under `email#<address>`, which
//! holds only the id. They are created and changed together, so an address is unique.

use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::{Epoch, Resource, Status, User};
use crate::store::item::{Item, item, moment, n, number, s, text};
use aws_sdk_dynamodb::types::{AttributeValue, Update};

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

/// The password's hash, where there is one.
pub(in crate::store) fn password(item: &Item) -> Option<PasswordHash> {
    PasswordHash::parse(text(item, "password")?)
}

/// The user's row with a password in it.
pub(in crate::store) fn with_password(mut user: Item, password: Option<&PasswordHash>) -> Item {
    user.extend(password.map(|hash| ("password".to_owned(), s(hash.as_str()))));
    user
}

/// How often the user has signed in.
pub(in crate::store) fn sign_ins(item: &Item) -> u64 {
    number(item, "sign_ins").unwrap_or_default()
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
        ("epoch", Some(n(user.epoch.get()))),
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
        resources: resources(item)?,
        status: Status::parse(text(item, "status")?)?,
        epoch: Epoch::new(number(item, "epoch")?),
        created_at: moment(item, "created_at")?,
        last_sign_in_at: moment(item, "last_sign_in_at"),
    })
}

/// Moves the user's epoch from `epoch` to the next: everything minted under it is void.
pub(in crate::store) fn move_epoch(table: &str, user: &UserId, epoch: Epoch) -> Update {
    #[expect(clippy::expect_used, reason = "every required field is set")]
    Update::builder()
        .table_name(table)
        .set_key(Some(user_key(user)))
        .update_expression("SET epoch = :next")
        .condition_expression("attribute_exists(pk) AND epoch = :epoch")
        .expression_attribute_values(":epoch", n(epoch.get()))
        .expression_attribute_values(":next", n(epoch.get() + 1))
        .build()
        .expect("a whole update")
}

fn resources(item: &Item) -> Option<Vec<Resource>> {
    item.get("resources")?
        .as_l()
        .ok()?
        .iter()
        .map(read_resource)
        .collect()
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
    Some(Resource {
        kind: field("type")?,
        id: field("id")?,
        name: field("name")?,
        slug: field("slug")?,
    })
}
