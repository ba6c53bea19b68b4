//! Store acts, called side by side or out of turn: what HTTP cannot do.

use futures_util::future::join_all;
use serde_json::json;
use shared::domain::address::EmailAddress;
use shared::domain::agent::Client;
use shared::domain::audit::{Action, Event};
use shared::domain::ids::{Peppered, RecordId, SessionHash, UserId};
use shared::domain::link::Purpose;
use shared::domain::mail::{Letter, Mail, MailKey, Minted, Notice};
use shared::domain::portal::PortalName;
use shared::domain::throttle::{Scope, Throttle, Window};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Status, User};
use shared::store::Store;
use shared::store::add_user::{Added, NewUser};
use shared::store::deliver::{Claim, Found, LEASE};
use tests::{World, mins, secs};

fn event(user: &UserId, at: Timestamp) -> Event {
    Event {
        portal: PortalName::parse("partner").unwrap(),
        action: Action::Changed,
        subject: user.into(),
        resource: ("test", String::new()),
        metadata: vec![],
        client: Client::new("192.0.2.1", ""),
        at,
        expires_at: at.plus(mins(60)),
    }
}

/// A mail that was asked for and that nobody has claimed, because the mailer cannot look the
/// account up.
async fn queued_mail(world: &World, store: &Store) -> Mail {
    world.portal.set_fault(|attempt| {
        match (
            attempt.function.as_str(),
            attempt.tables.first().map(String::as_str),
        ) {
            ("mailer", Some("users")) => local::seam::Fault::FailBefore,
            _ => local::seam::Fault::None,
        }
    });
    world
        .browser()
        .post("/auth/request-login", json!({"email": "ada@example.com"}))
        .await;
    let row = world.rows("mail").remove(0);
    let text = |name: &str| row[name]["S"].as_str().unwrap().to_owned();
    let key = MailKey {
        to: Peppered::parse(&text("pk")).unwrap(),
        id: RecordId::from_stored(text("sk")),
    };
    let Found::Unfinished(mail) = store.unfinished_mail(&key).await.unwrap() else {
        unreachable!("nobody has it")
    };
    *mail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_claims_wins_and_a_lease_holds_until_it_lapses() {
    one_of_many_claims_wins(Letter::Link(Purpose::SignIn)).await;
    // A notice has no link, whose row would be put once only.
    one_of_many_claims_wins(Letter::Notice(Notice::PasswordChanged)).await;
}

async fn one_of_many_claims_wins(letter: Letter) {
    let world = World::start().await;
    let store = world.portal.store().unwrap();
    let mail = queued_mail(&world, &store).await;
    let now = world.time.now();
    let user = store.user_at(&mail.address).await.unwrap().unwrap();
    let expires_at = now.plus(mins(15));
    let minted = Minted {
        letter,
        user: user.id.clone(),
        epoch: user.epoch,
        kid: "1".to_owned(),
        expires_at,
    };
    let event = event(&user.id, now);
    let budgets = [Scope::MailHour, Scope::MailDay, Scope::MailPortal].map(|scope| Throttle {
        scope,
        key: mail.key.to,
        window: Window::Aligned(mins(60)),
        limit: 10,
    });
    let claims =
        join_all((0..16).map(|_| store.claim_mail(&mail, &minted, &budgets, &event))).await;
    let claims: Vec<_> = claims.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        claims.iter().filter(|claim| **claim == Claim::Ours).count(),
        1,
        "{claims:?}"
    );
    assert_eq!(
        claims
            .iter()
            .filter(|claim| **claim == Claim::Taken)
            .count(),
        15,
        "{claims:?}"
    );
    let counted: Vec<_> = world
        .rows("throttles")
        .into_iter()
        .map(|row| row["count"]["N"].clone())
        .collect();
    assert!(
        counted.iter().all(|count| count == "1"),
        "the budgets are charged once: {counted:?}"
    );

    let early = now.plus(LEASE - secs(1));
    assert_eq!(
        store.reclaim_mail(&mail, &minted, early).await.unwrap(),
        Claim::Taken
    );
    let late = now.plus(LEASE);
    let reclaims = join_all((0..16).map(|_| store.reclaim_mail(&mail, &minted, late))).await;
    let ours = reclaims
        .into_iter()
        .filter(|claim| claim.unwrap() == Claim::Ours)
        .count();
    assert_eq!(ours, 1);
    if matches!(letter, Letter::Notice(_)) {
        return;
    }
    let stale = Minted {
        epoch: Epoch(minted.epoch.0 + 1),
        ..minted
    };
    assert_eq!(
        store
            .reclaim_mail(&mail, &stale, late.plus(LEASE))
            .await
            .unwrap(),
        Claim::Superseded
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
    store.end(&user, &session, &over).await.unwrap();
    store
        .end(
            &user,
            &SessionHash::from_bytes([0; 32]),
            &event(&user, world.time.now()),
        )
        .await
        .unwrap();
    store
        .end(&UserId::nobody(), &session, &event(&user, world.time.now()))
        .await
        .unwrap();
    assert_eq!(world.everything(), before);
    store
        .end(&user, &session, &event(&user, world.time.now()))
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
            .map(|(new, event)| store.add_user(new, event)),
    )
    .await;
    let new = added
        .into_iter()
        .filter(|added| added.unwrap() == Added::New)
        .count();
    assert_eq!(new, 1);
    let named = world
        .rows("users")
        .iter()
        .filter(|row| row["address"]["S"] == "new@example.com")
        .count();
    assert_eq!(named, 1);
}
