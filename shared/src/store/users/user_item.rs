//! The rows of `users`: the user under `user#<id>`, and the claim of the address under
//! `email#<address>`, which holds only the id. They are created and changed together, so an address
//! is unique.

use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::password::hash::PasswordHash;
use crate::domain::user::{Epoch, Resource, Status, User};
use crate::store::Store;
use crate::store::expression::{Expression, put_new};
use crate::store::item::{Item, item, moment, n, number, s, text};
use aws_sdk_dynamodb::types::{AttributeValue, Put};

pub(in crate::store) fn user_key(id: &UserId) -> Item {
    item([("pk", Some(s(format!("user#{id}"))))])
}

pub(in crate::store) fn claim_key(address: &EmailAddress) -> Item {
    item([("pk", Some(s(format!("email#{address}"))))])
}

impl Store {
    pub(in crate::store) fn user_row(&self, id: &UserId) -> Expression {
        Expression::on(&self.tables.users, user_key(id))
    }

    pub(in crate::store) fn address_claim_row(&self, address: &EmailAddress) -> Expression {
        Expression::on(&self.tables.users, claim_key(address))
    }

    /// Returns the put of a new user, with the hash of their password if they have one. A user whom
    /// a link creates has signed in once.
    pub(in crate::store) fn new_user(&self, user: &User, password: Option<&PasswordHash>) -> Put {
        let mut whole = to_item(user);
        whole.extend(user.last_sign_in_at.map(|_| ("sign_ins".to_owned(), n(1))));
        whole.extend(password.map(|hash| ("password".to_owned(), s(hash.as_str()))));
        put_new(&self.tables.users, whole)
    }

    /// Returns the put of a claim, which fails if the address is claimed.
    pub(in crate::store) fn address_claim(&self, address: &EmailAddress, id: &UserId) -> Put {
        let mut claim = claim_key(address);
        claim.insert("user_id".to_owned(), s(id.as_str()));
        put_new(&self.tables.users, claim)
    }

    /// Returns the delete of the claim of the user's address, on condition that it is theirs.
    pub(in crate::store) fn released_claim(&self, user: &User) -> Expression {
        self.address_claim_row(&user.address)
            .when("user_id = :user")
            .values([(":user", s(user.id.as_str()))])
    }

    /// Returns the update that moves the user's epoch from `epoch` to the next one: everything
    /// issued under it becomes void.
    pub(in crate::store) fn next_epoch(&self, user: &UserId, epoch: Epoch) -> Expression {
        self.user_row(user)
            .set("epoch = :next")
            .when("attribute_exists(pk) AND epoch = :epoch")
            .values([(":epoch", n(epoch.get())), (":next", n(epoch.next().get()))])
    }
}

pub(in crate::store) fn claimed_by(claim: &Item) -> Option<UserId> {
    UserId::parse(text(claim, "user_id")?)
}

/// Returns the hash of the user's password, if they have one.
pub(in crate::store) fn password(item: &Item) -> Option<PasswordHash> {
    PasswordHash::parse(text(item, "password")?)
}

/// Returns the number of the user's sign-ins and resets.
pub(in crate::store) fn sign_ins(item: &Item) -> u64 {
    number(item, "sign_ins").unwrap_or_default()
}

pub(in crate::store) fn to_item(user: &User) -> Item {
    let resources = user.resources.iter().map(resource).collect();
    let mut whole = user_key(&user.id);
    whole.extend(item([
        ("address", Some(s(user.address.as_str()))),
        // The hash key of the sparse index by address: claims do not have it.
        ("listed", Some(s("user"))),
        ("name", Some(s(&user.name))),
        ("role", Some(s(&user.role))),
        ("resources", Some(AttributeValue::L(resources))),
        ("status", Some(s(user.status.as_str()))),
        ("epoch", Some(n(user.epoch.get()))),
        ("created_at", Some(n(user.created_at.millis()))),
        (
            "last_sign_in_at",
            user.last_sign_in_at.map(|at| n(at.millis())),
        ),
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
