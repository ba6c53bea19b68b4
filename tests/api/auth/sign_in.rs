//! `POST /auth/sign-in`: signing in with a password, its rate limits and its cap, and renewed
//! hashes.

use crate::enumeration::reach_password_cap;
use futures_util::future::join_all;
use kit::{ADA, PASSWORD, WRONG, World, form, hours, routes, secs};
use serde_json::Value;

/// Starts a portal where Ada has a password.
async fn world() -> World {
    let world = World::with_cheap_hashes(&[]).await;
    world.set_password(ADA, PASSWORD).await;
    world
}

#[tokio::test]
async fn the_right_password_signs_in_and_a_wrong_one_does_not() {
    let world = world().await;
    let client = world.client();
    let wrong = client.sign_in(ADA, WRONG).await;
    let wrong = wrong.assert("401 invalid-credentials");
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    assert!(wrong.cookies.is_empty() && world.rows("sessions").is_empty());
    let record = world.audit("partner.login.failed").remove(0);
    assert_eq!(record["severity"]["S"], "warning");
    assert_eq!(record["resource_type"]["S"], "address");

    let right = client.sign_in("Ada@Example.com", PASSWORD).await;
    assert_eq!(right.assert("200").json()["user"]["email"], ADA);
    assert_eq!(client.me().await.json()["email"], ADA);
    assert_eq!(world.rows("sessions")[0]["auth_method"]["S"], "password");
    assert_eq!(world.audit("partner.login").len(), 1);
}

#[tokio::test]
async fn a_form_redirects_to_the_next_page_or_back_with_the_reason() {
    let world = world().await;
    let client = world.client();
    let sign_in = |email, password| client.sign_in(email, password).form();
    let failed = sign_in(ADA, WRONG).await;
    failed.assert("303 /auth/sign-in?error=invalid-credentials");
    // No failure loses where to go next.
    let next = "/reports?of=all&year=2026";
    let url = format!("{}{next}", world.portal.public_url());
    for (request, error) in [
        (sign_in(ADA, WRONG), "invalid-credentials"),
        (sign_in("no address", WRONG), "invalid-request&field=email"),
        (
            client.request_login("no address").form(),
            "invalid-request&field=email",
        ),
    ] {
        let back = request.next(next).await;
        let query = form(&[("next", &url)]);
        back.clone()
            .assert(&format!("303 {}?error={error}&{query}", routes::SIGN_IN));
        let page = client.open(&back.location()).await;
        assert_eq!(page.field("next"), url.replace('&', "&#38;"));
    }
    let right = sign_in(ADA, PASSWORD).next("/reports").await;
    right.assert("303 /reports");
    let elsewhere = sign_in(ADA, PASSWORD).next("https://evil.example").await;
    elsewhere.assert("303 /auth/sign-in?error=invalid-request&field=next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_networks_at_once_get_a_hundred_guesses_and_the_owner_signs_in_by_link() {
    let world = world().await;
    let attack =
        join_all((0..200).map(|_| async { world.client().sign_in(ADA, WRONG).await.outcome() }));
    let owner = world.client();
    let (outcomes, _) = tokio::join!(attack, owner.sign_in_by_link(ADA));
    // A busy machine may also answer "try again".
    let silent = ["401 invalid-credentials", "503 unavailable"];
    assert!(outcomes.iter().all(|one| silent.contains(&one.as_str())));
    // Before the owner's sign-in and after it, in two counts.
    let counts = counts(&world, "password-failures#");
    assert!(counts.iter().all(|count| *count <= 100), "{counts:?}");
    assert!(counts.contains(&100), "{counts:?}");
    owner.me().await.assert("200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_150_passwords_at_once_from_one_network_a_hundred_are_computed() {
    let world = world().await;
    let hashes = world.portal.hashes();
    let office = world.client();
    let emails: Vec<_> = (0..150).map(|n| format!("a{n}@example.com")).collect();
    let attack = emails.iter().map(|email| office.sign_in(email, WRONG));
    let outcomes = join_all(attack.map(|request| async { request.await.outcome() })).await;
    let count = |wanted: &str| outcomes.iter().filter(|one| *one == wanted).count();
    assert_eq!(count("401 invalid-credentials"), 100);
    assert_eq!(count("429 too-many-attempts"), 50);
    assert_eq!(world.portal.hashes() - hashes, 100);
}

/// Returns the counts of all rows of this scope.
fn counts(world: &World, scope: &str) -> Vec<u64> {
    let rows = world.rows("rate-limits");
    let of_scope = |row: &&Value| row["pk"]["S"].as_str().unwrap().starts_with(scope);
    let count = |row: &Value| row["count"]["N"].as_str().unwrap().parse().unwrap();
    rows.iter().filter(of_scope).map(count).collect()
}

#[tokio::test]
async fn a_stranger_sees_what_the_stranger_has_done() {
    let world = world().await;
    let [owner, stranger] = [(); 2].map(|()| world.client());
    for _ in 0..2 {
        owner.sign_in(ADA, PASSWORD).await.assert("200");
    }
    for (email, other) in [(ADA, owner), ("idle@example.com", world.client())] {
        for _ in 0..10 {
            let wrong = stranger.sign_in(email, WRONG).await;
            wrong.assert("401 invalid-credentials");
        }
        let refused = stranger.sign_in(email, WRONG).await;
        refused.assert("429 too-many-attempts");
        // Nobody else is refused for it.
        let wrong = other.sign_in(email, WRONG).await;
        wrong.assert("401 invalid-credentials");
    }
    world.client().sign_in(ADA, PASSWORD).await.assert("200");
}

#[tokio::test]
async fn a_right_password_is_not_counted() {
    let world = world().await;
    let office = world.client();
    let known = "partner.known";
    for _ in 0..12 {
        office.sign_in(ADA, PASSWORD).await.assert("200");
        office.set_cookie(known, None);
    }
    for _ in 0..10 {
        let wrong = office.sign_in(ADA, WRONG).await;
        wrong.assert("401 invalid-credentials");
    }
    let refused = office.sign_in(ADA, PASSWORD).await;
    refused.assert("429 too-many-attempts");
}

#[tokio::test]
async fn a_known_browser_is_never_shut_out_by_others() {
    let world = world().await;
    let owner = world.client();
    owner.sign_in(ADA, PASSWORD).await.assert("200");
    reach_password_cap(&world, ADA).await;
    // Its own network has used up its limit as well.
    for n in 0..100 {
        let email = format!("colleague{n}@example.com");
        owner.sign_in(&email, WRONG).await;
    }
    let colleague = owner.sign_in("colleague@example.com", WRONG).await;
    colleague.assert("429 too-many-attempts");
    owner.sign_in(ADA, PASSWORD).await.assert("200");
}

#[tokio::test]
async fn a_known_browser_has_thirty_wrong_passwords_in_a_row() {
    let world = world().await;
    let owner = world.client();
    for _ in 0..2 {
        owner.sign_in(ADA, PASSWORD).await.assert("200");
        for _ in 0..29 {
            let wrong = owner.sign_in(ADA, WRONG).await;
            wrong.assert("401 invalid-credentials");
        }
    }
    owner
        .sign_in(ADA, WRONG)
        .await
        .assert("401 invalid-credentials");
    // It is no longer known: its network counts.
    for _ in 0..10 {
        owner
            .sign_in(ADA, WRONG)
            .await
            .assert("401 invalid-credentials");
    }
    owner
        .sign_in(ADA, PASSWORD)
        .await
        .assert("429 too-many-attempts");
}

#[tokio::test]
async fn a_bearer_client_is_known_by_the_value_it_was_given() {
    let world = world().await;
    let first = world
        .client()
        .sign_in(ADA, PASSWORD)
        .bearer_transport()
        .await;
    let known = first.json()["known"].as_str().unwrap().to_owned();
    reach_password_cap(&world, ADA).await;
    for (mark, outcome) in [
        ("", "401 invalid-credentials"),
        ("x", "401 invalid-credentials"),
        (&"A".repeat(43), "401 invalid-credentials"),
        (&known, "200"),
    ] {
        let client = world.client();
        let sign_in = client.sign_in(ADA, PASSWORD).with("known", mark);
        sign_in.bearer_transport().await.assert(outcome);
    }
}

#[tokio::test]
async fn a_form_that_is_posted_twice_gives_one_session() {
    let world = world().await;
    let client = world.client();
    let key = client.open(routes::CONTINUE).await.field("idempotency_key");
    let sign_in = || client.sign_in(ADA, PASSWORD).with("idempotency_key", &*key);
    let (first, second) = tokio::join!(sign_in().form(), sign_in().form());
    first.assert("303 /auth/account");
    second.assert("303 /auth/account");
    assert_eq!(world.rows("sessions").len(), 1);
    client.me().await.assert("200");
    assert_eq!(world.audit("partner.login").len(), 1);
    // The same key does not bring an ended session back, and another minute is another sign-in.
    let old = client.session();
    client.logout().await.assert("200");
    sign_in().await.assert("200");
    assert_ne!(client.session(), old);
    world.clock.advance(secs(61));
    sign_in().await.assert("200");
    client.set_session(old.as_deref());
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn the_cap_on_wrong_passwords_holds_until_an_emailed_link_is_used() {
    let world = world().await;
    reach_password_cap(&world, ADA).await;
    let sign_in = async |password, outcome| {
        world.client().sign_in(ADA, password).await.assert(outcome);
    };
    sign_in(PASSWORD, "401 invalid-credentials").await;
    world.clock.advance(hours(399 * 24));
    world.portal.sweep_ttl().unwrap();
    sign_in(PASSWORD, "401 invalid-credentials").await;
    world.client().sign_in_by_link(ADA).await;
    sign_in(PASSWORD, "200").await;
    // The count starts again.
    sign_in("x", "401 invalid-credentials").await;
    sign_in(PASSWORD, "200").await;
}

#[tokio::test]
async fn a_network_is_stopped_at_its_hourly_limit_of_wrong_passwords() {
    let world = World::with_cheap_hashes(&[("PasswordPerNetworkHour", "3")]).await;
    let office = world.client();
    for n in 0..3 {
        let email = format!("colleague{n}@example.com");
        let wrong = office.sign_in(&email, "wrong").await;
        wrong.assert("401 invalid-credentials");
    }
    let refused = office.sign_in("colleague9@example.com", WRONG).await;
    let refused = refused.assert("429 too-many-attempts");
    assert_eq!(refused.headers["retry-after"], "3600");
}

#[tokio::test]
async fn signing_in_again_replaces_the_session() {
    let world = world().await;
    let client = world.client();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    let old = client.session();
    client.sign_in(ADA, PASSWORD).await.assert("200");
    client.me().await.assert("200");
    assert_eq!(world.rows("sessions").len(), 1);
    client.set_session(old.as_deref());
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn an_old_hash_signs_in_while_its_parameters_are_known_and_is_renewed() {
    let before = world().await;
    let world = World::with(&[
        ("Argon2MemoryKib", "7168"),
        ("Argon2Passes", "2"),
        ("PreviousArgon2", "m=7168,t=1,p=1"),
    ])
    .await;
    let hash = |world: &World| world.user_row(ADA)["password"].clone();
    let old = hash(&before);
    assert!(old.to_string().contains("$m=7168,t=1,p=1$"));
    world.set_attribute(ADA, "password", &old);
    let hashes = world.portal.hashes();
    let client = world.client();
    for (n, email) in [ADA, "unknown@example.com"].iter().enumerate() {
        let wrong = client.sign_in(email, WRONG).await;
        wrong.assert("401 invalid-credentials");
        // One with each set of parameters, for every account.
        assert_eq!(world.portal.hashes() - hashes, 2 * (n as u64 + 1));
    }
    client.sign_in(ADA, PASSWORD).await.assert("200");
    assert!(hash(&world).to_string().contains("$m=7168,t=2,p=1$"));
    client.sign_in(ADA, PASSWORD).await.assert("200");
}

#[tokio::test]
async fn a_portal_without_passwords_does_not_have_their_endpoints() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    for path in [
        routes::SIGN_IN,
        routes::ACTIVATE,
        routes::FORGOT_PASSWORD,
        routes::RESET_PASSWORD,
        routes::SIGN_UP,
    ] {
        client.post(path).await.assert("404 not-found");
    }
}
