//! Users to try the portal with.

use shared::config::StartError;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::ids::UserId;
use shared::domain::portal::PortalName;
use shared::domain::user::{Resource, Status, User};
use shared::env::Env;
use shared::store::Store;
use shared::store::users::NewUser;
use std::time::Duration;

/// Adds Ada, who is active, Grace, who is invited, and whoever starts the portal, if they said so.
/// Those who are there already stay as they are.
///
/// # Errors
/// `user` is no mail address, or the store does not work.
pub(crate) async fn seed(store: &Store, env: &Env, user: Option<&str>) -> Result<(), StartError> {
    let pages =
        [("1", "Checkout", "checkout"), ("2", "Search", "search")].map(|(id, name, slug)| {
            Resource {
                kind: "status-page".to_owned(),
                id: id.to_owned(),
                name: name.to_owned(),
                slug: slug.to_owned(),
            }
        });
    let mut people = vec![
        (
            "ada@example.com",
            "Ada Lovelace",
            Status::Active,
            pages.to_vec(),
        ),
        ("grace@example.com", "Grace Hopper", Status::Invited, vec![]),
    ];
    people.extend(user.map(|address| (address, address, Status::Active, vec![])));
    let now = env.clock.now();
    let portal = PortalName::parse("local")
        .ok_or_else(|| StartError("'local' is not a valid portal name.".to_owned()))?;
    for (address, name, status, resources) in people {
        let parsed = EmailAddress::parse(address);
        let parsed = parsed
            .ok_or_else(|| StartError(format!("'{address}' is not a valid email address.")))?;
        let user = User::new(
            UserId::new(env.random.bytes()),
            parsed,
            name.to_owned(),
            status,
            now,
        );
        let user = User {
            role: "partner".to_owned(),
            resources,
            ..user
        };
        let event = AuditEvent {
            portal: portal.clone(),
            action: Action::Added,
            subject: (&user.id).into(),
            target: Target::User(user.id.clone()),
            metadata: vec![],
            client: ClientInfo::new("127.0.0.1", ""),
            at: now,
            expires_at: now.plus(Duration::from_secs(86_400)),
        };
        let added = store.create_user(&NewUser::from(&user), &event).await;
        added.map_err(|_| {
            StartError(format!(
                "Could not create the user {address}: the store is unavailable."
            ))
        })?;
    }
    Ok(())
}
