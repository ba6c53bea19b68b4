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

/// Returns a line about each user that [`seed`] creates.
pub(crate) fn descriptions(guest: Option<&str>) -> Vec<String> {
    let mut lines = vec![
        "ada@example.com: active, no password yet".to_owned(),
        "grace@example.com: invited".to_owned(),
    ];
    lines.extend(guest.map(|address| format!("{address}: active, no password yet")));
    lines
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
