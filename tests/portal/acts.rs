//! Store acts, called side by side or out of turn: what HTTP cannot do.

use futures_util::future::join_all;
use serde_json::json;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::client::ClientInfo;
use shared::domain::email::{EmailTemplate, Notice, OutboxEntry, OutboxKey, PreparedEmail};
use shared::domain::ids::{KeyedHash, RecordId, SessionHash, UserId};
use shared::domain::link::Purpose;
use shared::domain::portal::PortalName;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::store::Store;
use shared::store::outbox::{ClaimOutcome, LEASE, OutboxLookup};
use shared::store::users::{CreateOutcome, NewUser};
use tests::{World, mins, secs};

fn event(user: &UserId, at: Timestamp) -> AuditEvent {
    AuditEvent {
        portal: PortalName::parse("partner").unwrap(),
        action: Action::Changed,
        subject: user.into(),
        target: shared::domain::audit::Target::User(shared::domain::ids::UserId::nobody()),
        metadata: vec![],
        client: ClientInfo::new("192.0.2.1", ""),
        at,
        expires_at: at.plus(mins(60)),
    }
}

/// A mail that was asked for and that nobody has claimed, because the mailer cannot look the
/// account up.
async fn queued_mail(world: &World, store: &Store) -> OutboxEntry {
    world.portal.set_fault(|attempt| {
        match (
            attempt.function.as_str(),
            attempt.tables.first().map(String::as_str),
        ) {
            ("mailer", Some("users")) => local::aws_stub::Fault::FailBefore,
            _ => local::aws_stub::Fault::None,
        }
    });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    let row = world.rows("emails").remove(0);
    let text = |name: &str| row[name]["S"].as_str().unwrap().to_owned();
    let key = OutboxKey {
        to: KeyedHash::parse(&text("pk")).unwrap(),
        id: RecordId::from_stored(text("sk")),
    };
    let OutboxLookup::Unfinished(mail) = store.find_unfinished_email(&key).await.unwrap() else {
        unreachable!("nobody has it")
    };
    *mail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_claims_wins_and_a_lease_holds_until_it_lapses() {
    one_of_many_claims_wins(EmailTemplate::Link(Purpose::SignIn)).await;
    // A notice has no link, whose row would be put once only.
    one_of_many_claims_wins(EmailTemplate::Notice(Notice::PasswordChanged)).await;
}

async fn one_of_many_claims_wins(letter: EmailTemplate) {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    let mail = queued_mail(&world, &store).await;
    let now = world.time.now();
    let user = store
        .find_user_by_address(&mail.address)
        .await
        .unwrap()
        .unwrap();
    let expires_at = now.plus(mins(15));
    let minted = PreparedEmail {
        template: letter,
        user: user.id.clone(),
        epoch: user.epoch,
        kid: "1".to_owned(),
        expires_at,
    };
    let event = event(&user.id, now);
    let budgets = [
        RateLimitScope::EmailsPerHour,
        RateLimitScope::EmailsPerDay,
        RateLimitScope::PortalEmails,
    ]
    .map(|scope| RateLimit {
        scope,
        key: mail.key.to,
        window: Window::Aligned(mins(60)),
        limit: 10,
    });
    let claims =
        join_all((0..16).map(|_| store.claim_email(&mail, &minted, &budgets, &event))).await;
    let claims: Vec<_> = claims.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        claims
            .iter()
            .filter(|claim| **claim == ClaimOutcome::Claimed)
            .count(),
        1,
        "{claims:?}"
    );
    assert_eq!(
        claims
            .iter()
            .filter(|claim| **claim == ClaimOutcome::HeldElsewhere)
            .count(),
        15,
        "{claims:?}"
    );
    let counted: Vec<_> = world
        .rows("rate-limits")
        .into_iter()
        .map(|row| row["count"]["N"].clone())
        .collect();
    assert!(
        counted.iter().all(|count| count == "1"),
        "the budgets are charged once: {counted:?}"
    );

    let early = now.plus(LEASE - secs(1));
    assert_eq!(
        store.reclaim_email(&mail, &minted, early).await.unwrap(),
        ClaimOutcome::HeldElsewhere
    );
    let late = now.plus(LEASE);
    let reclaims = join_all((0..16).map(|_| store.reclaim_email(&mail, &minted, late))).await;
    let ours = reclaims
        .into_iter()
        .filter(|claim| claim.unwrap() == ClaimOutcome::Claimed)
        .count();
    assert_eq!(ours, 1);
    if matches!(letter, EmailTemplate::Notice(_)) {
        return;
    }
    let stale = PreparedEmail {
        epoch: Epoch::new(minted.epoch.next().get()),
        ..minted
    };
    assert_eq!(
        store
            .reclaim_email(&mail, &stale, late.plus(LEASE))
            .await
            .unwrap(),
        ClaimOutcome::Superseded
    );
}

#[tokio::test]
async fn ending_a_session_that_is_over_or_never_was_writes_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let row = world.rows("sessions").remove(0);
    let user = UserId::parse(row["pk"]["S"].as_str().unwrap()).unwrap();
    let session = SessionHash::parse(row["sk"]["S"].as_str().unwrap()).unwrap();
    let store = world.portal.store().unwrap();
    let before = world.everything();
    let over = event(&user, world.time.now().plus(mins(24 * 60)));
    store.revoke_session(&user, &session, &over).await.unwrap();
    store
        .revoke_session(
            &user,
            &SessionHash::from_bytes([0; 32]),
            &event(&user, world.time.now()),
        )
        .await
        .unwrap();
    store
        .revoke_session(&UserId::nobody(), &session, &event(&user, world.time.now()))
        .await
        .unwrap();
    assert_eq!(world.everything(), before);
    store
        .revoke_session(&user, &session, &event(&user, world.time.now()))
        .await
        .unwrap();
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn an_address_is_never_two_users() {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    let now = world.time.now();
    let address = EmailAddress::parse("new@example.com").unwrap();
    let user = |n| {
        User::new(
            UserId::new([n; 16]),
            address.clone(),
            String::new(),
            Status::Active,
            now,
        )
    };
    let users: Vec<_> = (1..=8).map(user).collect();
    let events: Vec<_> = users.iter().map(|user| event(&user.id, now)).collect();
    let new: Vec<_> = users.iter().map(NewUser::from).collect();
    let added = join_all(
        new.iter()
            .zip(&events)
            .map(|(new, event)| store.create_user(new, event)),
    )
    .await;
    let new = added
        .into_iter()
        .filter(|added| added.unwrap() == CreateOutcome::Created)
        .count();
    assert_eq!(new, 1);
    let named = world
        .rows("users")
        .iter()
        .filter(|row| row["address"]["S"] == "new@example.com")
        .count();
    assert_eq!(named, 1);
}
