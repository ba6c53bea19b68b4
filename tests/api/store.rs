//! Acts of the store called concurrently or out of turn, which HTTP cannot do.

use futures_util::future::join_all;
use kit::{ADA, World, hours, mins, secs};
use local::aws_stub::Fault;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::email::{EmailTemplate, Notice, OutboxEntry, OutboxKey, PreparedEmail};
use shared::domain::ids::{KeyedHash, RecordId, SessionHash, UserId};
use shared::domain::link::{LinkAccount, Purpose};
use shared::domain::portal::PortalName;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::store::Store;
use shared::store::outbox::{ClaimOutcome, LEASE, OutboxLookup};
use shared::store::users::{CreateOutcome, NewUser};

fn event(user: &UserId, at: Timestamp) -> AuditEvent {
    AuditEvent {
        portal: PortalName::parse("partner").unwrap(),
        action: Action::Changed,
        subject: user.into(),
        target: Target::User(UserId::nobody()),
        metadata: vec![],
        client: ClientInfo::new("192.0.2.1", ""),
        at,
        expires_at: at.plus(hours(1)),
    }
}

/// Returns an email that was requested and that the mailer has not claimed, as it cannot look the
/// account up.
async fn queued_email(world: &World, store: &Store) -> OutboxEntry {
    world.inject(Fault::FailBefore, |call| {
        call.function == "mailer" && call.tables.first().is_some_and(|table| table == "users")
    });
    world.client().request_login(ADA).await;
    let row = world.rows("emails").remove(0);
    let text = |name: &str| row[name]["S"].as_str().unwrap().to_owned();
    let key = OutboxKey {
        to: KeyedHash::parse(&text("pk")).unwrap(),
        id: RecordId::from_stored(text("sk")),
    };
    let OutboxLookup::Unfinished(entry) = store.find_unfinished_email(&key).await.unwrap() else {
        unreachable!("nobody has claimed it")
    };
    *entry
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_claims_wins_and_its_lease_holds_until_it_expires() {
    // A notice has no link, whose row could be put only once.
    for template in [
        EmailTemplate::Link(Purpose::SignIn),
        EmailTemplate::Notice(Notice::PasswordChanged),
    ] {
        let world = World::start().await;
        let store = world.portal.store().unwrap();
        let entry = queued_email(&world, &store).await;
        let now = world.clock.now();
        let user = store
            .find_user_by_address(&entry.address)
            .await
            .unwrap()
            .unwrap();
        let prepared = PreparedEmail {
            template,
            user: user.id.clone(),
            epoch: user.epoch,
            account: LinkAccount::Active,
            kid: "1".to_owned(),
            expires_at: now.plus(mins(15)),
        };
        let event = event(&user.id, now);
        let budgets = [
            RateLimitScope::EmailsPerHour,
            RateLimitScope::EmailsPerDay,
            RateLimitScope::PortalEmails,
        ];
        let budgets = budgets.map(|scope| RateLimit {
            scope,
            key: entry.key.to,
            window: Window::Aligned(mins(60)),
            limit: 10,
        });
        let claims = (0..16).map(|_| store.claim_email(&entry, &prepared, &budgets, &event));
        let claims = join_all(claims).await.into_iter().map(Result::unwrap);
        let claims: Vec<_> = claims.collect();
        let count = |wanted| claims.iter().filter(|claim| **claim == wanted).count();
        assert_eq!(
            (
                count(ClaimOutcome::Claimed),
                count(ClaimOutcome::HeldElsewhere)
            ),
            (1, 15),
            "{claims:?}"
        );
        // The budgets are charged once.
        for row in world.rows("rate-limits") {
            assert_eq!(row["count"]["N"], "1", "{row}");
        }

        let early = now.plus(LEASE - secs(1));
        let early = store.reclaim_email(&entry, &prepared, early).await.unwrap();
        assert_eq!(early, ClaimOutcome::HeldElsewhere);
        let late = now.plus(LEASE);
        let reclaims = (0..16).map(|_| store.reclaim_email(&entry, &prepared, late));
        let reclaims = join_all(reclaims).await.into_iter().map(Result::unwrap);
        assert_eq!(
            reclaims
                .filter(|claim| *claim == ClaimOutcome::Claimed)
                .count(),
            1
        );
        if matches!(template, EmailTemplate::Notice(_)) {
            continue;
        }
        let stale = PreparedEmail {
            epoch: Epoch::new(prepared.epoch.get() + 1),
            ..prepared
        };
        let stale = store.reclaim_email(&entry, &stale, late.plus(LEASE)).await;
        assert_eq!(stale.unwrap(), ClaimOutcome::Superseded);
    }
}

#[tokio::test]
async fn revoking_an_expired_or_unknown_session_writes_nothing() {
    let world = World::start().await;
    world.client().sign_in_by_link(ADA).await;
    let row = world.rows("sessions").remove(0);
    let user = UserId::parse(row["pk"]["S"].as_str().unwrap()).unwrap();
    let session = SessionHash::parse(row["sk"]["S"].as_str().unwrap()).unwrap();
    let store = world.portal.store().unwrap();
    let before = world.snapshot();
    let now = world.clock.now();
    let unknown = SessionHash::from_bytes([0; 32]);
    for (user, session, at) in [
        (&user, &session, now.plus(hours(24))),
        (&user, &unknown, now),
        (&UserId::nobody(), &session, now),
    ] {
        let event = event(user, at);
        store.revoke_session(user, session, &event).await.unwrap();
    }
    assert_eq!(world.snapshot(), before);
    let event = event(&user, now);
    store.revoke_session(&user, &session, &event).await.unwrap();
    assert!(world.rows("sessions").is_empty());
}

#[tokio::test]
async fn concurrent_creations_give_an_address_to_one_user() {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    let now = world.clock.now();
    let address = EmailAddress::parse("new@example.com").unwrap();
    let ids = (1..=8).map(|n| UserId::new([n; 16]));
    let creations = ids.map(async |id| {
        let event = event(&id, now);
        let epoch = Epoch::initial([0; 4]);
        let user = User::new(
            id,
            epoch,
            address.clone(),
            String::new(),
            Status::Active,
            now,
        );
        store
            .create_user(&NewUser::from(&user), &event)
            .await
            .unwrap()
    });
    let outcomes = join_all(creations).await.into_iter();
    assert_eq!(
        outcomes
            .filter(|one| *one == CreateOutcome::Created)
            .count(),
        1
    );
    let mut rows = world.rows("users");
    rows.retain(|row| row["address"]["S"] == "new@example.com");
    assert_eq!(rows.len(), 1);
}
