//! The rows of `users`: the user under `user#<id>`, and the claim of the address under
//! `email#<address>`, which holds only the id. They are created and changed together, so an address
//! is unique.
//!
//! An erased user leaves a tombstone in place of their row, for good: only the id and when. It
//! keeps the id from being given to anybody again, and meets no condition on a user.

use crate::domain::address::EmailAddress;
use crate::domain::ids::{IdempotencyKeyHash, KeyedHash, UserId};
use crate::domain::password::hash::PasswordHash;
use crate::domain::session::{EndedSessions, NewBrowser, Session};
use crate::domain::time::Timestamp;
use crate::domain::user::{Epoch, Resource, Status, User};
use crate::store::expression::{Expression, built, put_new};
use crate::store::item::{Item, item, moment, n, number, s, text};
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};

/// The only attribute of a tombstone besides its key.
const ERASED_AT: &str = "erased_at";
/// The time of the last sign-in. The index by address does not have it, so that a sign-in writes
/// nothing there.
const SIGNED_IN_AT: &str = "signed_in_at";
/// The same, as earlier versions stored it. The index has it.
const LAST_SIGN_IN_AT: &str = "last_sign_in_at";

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

    /// Returns the put of a new user, with the hash of their password and the digest of the request
    /// if there are any. A user whom a link creates has signed in once. It fails if the id was ever
    /// used, and then returns the row or tombstone.
    pub(in crate::store) fn new_user(
        &self,
        user: &User,
        password: Option<&PasswordHash>,
        request: Option<&KeyedHash>,
    ) -> Put {
        let mut whole = to_item(user);
        whole.extend(item([
            ("sign_ins", user.last_sign_in_at.map(|_| n(1))),
            ("password", password.map(|hash| s(hash.as_str()))),
            ("request", request.map(|digest| s(digest.to_string()))),
        ]));
        let mut put = put_new(&self.tables.users, whole);
        put.return_values_on_condition_check_failure =
            Some(ReturnValuesOnConditionCheckFailure::AllOld);
        put
    }

    /// Returns the put that replaces the user by a tombstone, on condition that they still have
    /// this address.
    pub(in crate::store) fn tombstone(&self, user: &User, at: Timestamp) -> Put {
        let mut tombstone = user_key(&user.id);
        tombstone.insert(ERASED_AT.to_owned(), n(at.millis()));
        built(
            Put::builder()
                .table_name(&self.tables.users)
                .set_item(Some(tombstone))
                .condition_expression("address = :address")
                .expression_attribute_values(":address", s(user.address.as_str()))
                .build(),
        )
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

    /// Returns the update of a user who confirms `session`, on condition that they are active and
    /// of its epoch, and `and`. As with a sign-in, the counts of wrong passwords and codes start
    /// anew.
    pub(in crate::store) fn confirming_user(&self, session: &Session, and: &str) -> Expression {
        self.user_row(&session.user)
            .add("sign_ins :one")
            .when(format!(
                "attribute_exists(pk) AND #status = :active AND epoch = :epoch AND {and}"
            ))
            .names([("#status", "status")])
            .values([
                (":one", n(1)),
                (":active", s(Status::Active.as_str())),
                (":epoch", n(session.epoch.get())),
            ])
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

/// Adds the condition that nobody has signed in as this user since their sessions were counted.
pub(in crate::store) fn not_outpaced(user: Expression, ended: &EndedSessions) -> Expression {
    match ended.sign_ins {
        None => user,
        Some(sign_ins) => user
            .and("(attribute_not_exists(sign_ins) OR sign_ins = :sign_ins)")
            .values([(":sign_ins", n(sign_ins))])
            .returning_old_item(),
    }
}

/// Returns whether that is why the write to the user failed, according to their item.
fn is_outpaced(user: &Item, ended: &EndedSessions) -> bool {
    ended
        .sign_ins
        .is_some_and(|counted| counted != sign_ins(user))
}

/// Adds the condition that the user has signed in before, if a new browser is worth a notice, or
/// else that they have not.
pub(in crate::store) fn with_history(
    user: Expression,
    new_browser: Option<&NewBrowser>,
) -> Expression {
    let condition = match new_browser {
        None => return user,
        Some(NewBrowser { notice: Some(_) }) => {
            "(attribute_exists(signed_in_at) OR attribute_exists(last_sign_in_at))"
        }
        Some(NewBrowser { notice: None }) => {
            "attribute_not_exists(signed_in_at) AND attribute_not_exists(last_sign_in_at)"
        }
    };
    user.and(condition).returning_old_item()
}

/// Returns whether the write to the user failed because the sessions must be counted again or the
/// history is another one, according to their item: then whether they have signed in before.
pub(in crate::store) fn must_repeat(
    user: Option<&Item>,
    ended: &EndedSessions,
    new_browser: Option<&NewBrowser>,
) -> Option<bool> {
    let user = user?;
    let signed_in_before = last_sign_in_at(user).is_some();
    let has_other_history =
        new_browser.is_some_and(|browser| browser.notice.is_some() != signed_in_before);
    (is_outpaced(user, ended) || has_other_history).then_some(signed_in_before)
}

pub(in crate::store) fn claimed_by(claim: &Item) -> Option<UserId> {
    UserId::parse(text(claim, "user_id")?)
}

/// Returns the digest of the request that created the user, if it had an idempotency key.
pub(in crate::store) fn request(item: &Item) -> Option<KeyedHash> {
    KeyedHash::parse(text(item, "request")?)
}

/// Returns the hash of the user's password, if they have one.
pub(in crate::store) fn password(item: &Item) -> Option<PasswordHash> {
    PasswordHash::parse(text(item, "password")?)
}

/// Returns the idempotency key of the last change of the password that had one, and its time.
pub(in crate::store) fn password_change(item: &Item) -> Option<(IdempotencyKeyHash, Timestamp)> {
    let key = IdempotencyKeyHash::parse(text(item, "password_change_key")?)?;
    Some((key, moment(item, "password_change_at")?))
}

/// Returns the number of the user's sign-ins, resets, confirmations and changes of the password.
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
        (SIGNED_IN_AT, user.last_sign_in_at.map(|at| n(at.millis()))),
    ]));
    whole
}

/// Returns the user of a row, or `None` for a tombstone. Fails if Vestibule wrote neither.
pub(in crate::store) fn read(item: &Item) -> Result<Option<User>, Unavailable> {
    if item.contains_key(ERASED_AT) {
        return Ok(None);
    }
    let user = from_item(item).ok_or_else(|| Unavailable::unreadable("users"))?;
    Ok(Some(user))
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
        last_sign_in_at: last_sign_in_at(item),
    })
}

fn last_sign_in_at(item: &Item) -> Option<Timestamp> {
    moment(item, SIGNED_IN_AT).or_else(|| moment(item, LAST_SIGN_IN_AT))
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
