//! The users that every portal starts with.

use shared::config::StartError;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::ids::UserId;
use shared::domain::portal::PortalName;
use shared::domain::user::{Epoch, Resource, Status, User};
use shared::env::Env;
use shared::store::Store;
use shared::store::users::NewUser;
use std::time::Duration;

/// Creates Ada, who is active, Grace, who is invited, and an active user with the address `guest`.
/// Users who already exist stay as they are.
///
/// # Errors
/// A [`StartError`] if `guest` is not a valid address or the store is unavailable.
pub(crate) async fn seed(store: &Store, env: &Env, guest: Option<&str>) -> Result<(), StartError> {
    let mut users = vec![
        ("ada@example.com", "Ada Lovelace", Status::Active, pages()),
        ("grace@example.com", "Grace Hopper", Status::Invited, vec![]),
    ];
    users.extend(guest.map(|address| (address, address, Status::Active, vec![])));
    for (address, name, status, resources) in users {
        let parsed = EmailAddress::parse(address)
            .ok_or_else(|| StartError(format!("'{address}' is not a valid email address.")))?;
        let id = UserId::new(env.random.bytes());
        let epoch = Epoch::initial(env.random.bytes());
        let user = User {
            role: "partner".to_owned(),
            resources,
            ..User::new(id, epoch, parsed, name.to_owned(), status, env.clock.now())
        };
        let event = added(&user, env)?;
        store
            .create_user(&NewUser::from(&user), &event)
            .await
            .map_err(|_| {
                StartError(format!(
                    "Could not create the user {address}: the store is unavailable."
                ))
            })?;
    }
    Ok(())
}

/// A user whom [`seed`] creates, as the page and the terminal describe them.
pub(crate) struct SeededUser {
    pub(crate) address: String,
    pub(crate) status: &'static str,
    /// A sentence about how to sign in.
    pub(crate) hint: &'static str,
    pub(crate) resources: Vec<Resource>,
}

/// Returns the users whom [`seed`] creates.
pub(crate) fn describe(guest: Option<&str>, has_passwords: bool) -> Vec<SeededUser> {
    let (active_hint, invited_hint) = if has_passwords {
        (
            "No password yet: use a sign-in link, or set one with “Forgot your password?”.",
            "Requesting a link sends the set-password email.",
        )
    } else {
        (
            "Use a sign-in link.",
            "The first sign-in link activates them.",
        )
    };
    let user = |address: &str, status, hint, resources| SeededUser {
        address: address.to_owned(),
        status,
        hint,
        resources,
    };
    let mut users = vec![
        user("ada@example.com", "active", active_hint, pages()),
        user("grace@example.com", "invited", invited_hint, vec![]),
    ];
    users.extend(guest.map(|address| user(address, "active", active_hint, vec![])));
    users
}

fn pages() -> Vec<Resource> {
    let page = |id: &str, name: &str, slug: &str| Resource {
        kind: "status-page".to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        slug: slug.to_owned(),
    };
    vec![
        page("1", "Checkout", "checkout"),
        page("2", "Search", "search"),
    ]
}

/// Returns the audit event of the user's creation.
fn added(user: &User, env: &Env) -> Result<AuditEvent, StartError> {
    let now = env.clock.now();
    Ok(AuditEvent {
        portal: PortalName::parse("local")
            .ok_or_else(|| StartError("'local' is not a valid portal name.".to_owned()))?,
        action: Action::Added,
        subject: (&user.id).into(),
        target: Target::User(user.id.clone()),
        metadata: vec![],
        client: ClientInfo::new("127.0.0.1", ""),
        at: now,
        expires_at: now.plus(Duration::from_secs(86_400)),
    })
}
