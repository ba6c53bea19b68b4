//! Several pages set a password by one link, while others sign in with the old one.
//!
//! One page wins, its password is the only one that signs in, and no session of the old password
//! outlives the reset.

use super::{PAGE, crowded_portal, insist, of_user, sleep, spawn_all, use_until_refused};
use crate::fixture::Recipient;
use crate::rng::Rng;
use crate::rows::text;
use crate::tally::Tally;
use crate::{ensure, ensure_eq};
use kit::{ApiClient, ApiResponse, PASSWORD, World};
use shared::domain::link::Purpose;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of pages that set a password by one link; the first two are the same page, and set
/// the same password.
const PAGES: usize = 4;
/// The number of users who sign in with the old password.
const OLD: usize = 5;
/// The pages and the sign-ins begin at most this many milliseconds late; the sign-ins begin
/// earlier, because they take longer.
const MAX_DELAY: usize = 9;
const HEAD_START: usize = 5;

/// Races for the links of one portal: first passwords, or resets.
pub(super) async fn race(rng: &mut Rng, links: usize, purpose: Purpose) -> Result<Tally, String> {
    let limit = [("PasswordAttempts", "100")];
    let (world, recipients) = crowded_portal(rng, links, &limit, purpose).await?;
    let mut tally = Tally::default();
    for recipient in &recipients {
        let raced = race_for_link(&world, rng, recipient, purpose, &mut tally).await;
        raced.map_err(|why| format!("{}: {why}", recipient.email.to))?;
        world.portal.take_calls();
    }
    let (action, by_link) = match purpose {
        Purpose::Activation => ("partner.activated", 1),
        _ => ("partner.password.reset", 0),
    };
    let (sessions, records) = (world.rows("sessions"), world.audit(action));
    for recipient in &recipients {
        let records = of_user(&records, &recipient.user).len();
        let sessions = of_user(&sessions, &recipient.user);
        let started = sessions
            .iter()
            .filter(|row| text(row, "auth_method") == "activation")
            .count();
        ensure_eq!(
            (records, started),
            (1, by_link),
            "{action}, sessions by the link"
        );
    }
    Ok(tally)
}

async fn race_for_link(
    world: &Arc<World>,
    rng: &mut Rng,
    recipient: &Recipient,
    purpose: Purpose,
    tally: &mut Tally,
) -> Result<(), String> {
    let is_set = Arc::new(AtomicBool::new(false));
    let pages = (0..PAGES).map(|page| {
        let (world, recipient) = (Arc::clone(world), recipient.clone());
        let (is_set, late) = (Arc::clone(&is_set), HEAD_START + rng.below(MAX_DELAY));
        async move {
            sleep(late).await;
            let response = set_password(&world, &recipient, purpose, page).await;
            is_set.fetch_or(response.status == 200, Ordering::SeqCst);
            (page, response)
        }
    });
    let pages = spawn_all(pages);
    let old = if purpose == Purpose::Reset { OLD } else { 0 };
    let users = (0..old).map(|_| {
        let (world, email) = (Arc::clone(world), recipient.email.to.clone());
        let (is_set, late) = (Arc::clone(&is_set), rng.below(MAX_DELAY));
        async move {
            sleep(late).await;
            use_old_password(&world, &email, &is_set).await
        }
    });
    let users = spawn_all(users);
    let winner = winner(&pages.join_all().await)?;
    let case = if old > 0 { "resets" } else { "activations" };
    tally.count(format!("{case}: one password set"));
    if winner == password(0) {
        tally.count(format!("{case}: by a page that is open twice"));
    }
    for used in users.join_all().await {
        match used? {
            Some(uses) => tally.count_by("resets: uses of a session of the old password", uses),
            None => tally.count("resets: refused sign-ins with the old password"),
        }
    }
    let email = &recipient.email.to;
    let others = (1..PAGES).map(password).filter(|other| *other != winner);
    let refused = others.chain((old > 0).then(|| PASSWORD.to_owned()));
    for other in refused {
        let outcome = sign_in(&world.client(), email, &other).await;
        ensure_eq!(outcome, "401 invalid-credentials", "another password");
    }
    let outcome = sign_in(&world.client(), email, &winner).await;
    ensure!(outcome == "200", "the password that was set: {outcome}");
    Ok(())
}

/// Returns the password that the page with this number sets.
fn password(page: usize) -> String {
    // The first two are one page that is open twice.
    format!("velvet harbour tractor plum {}", page.max(1))
}

async fn set_password(
    world: &World,
    recipient: &Recipient,
    purpose: Purpose,
    page: usize,
) -> ApiResponse {
    let client = world.client();
    let (token, password) = (recipient.email.token(), password(page));
    let request = match purpose {
        Purpose::Activation => client.activate(&token, &password),
        _ => client.reset_password(&token, &password),
    };
    let key = if page < 2 {
        PAGE.to_owned()
    } else {
        format!("the-page-of-number-{page}")
    };
    insist(request.idempotency_key(&key)).await
}

/// Returns the password of the page that won; all others but its twin must find the link used.
fn winner(pages: &[(usize, ApiResponse)]) -> Result<String, String> {
    let with = |outcome: &str| {
        let pages = pages
            .iter()
            .filter(|(_, response)| response.outcome() == outcome);
        pages.map(|(page, _)| *page).collect::<Vec<_>>()
    };
    let (won, lost) = (with("200"), with("410 used-token"));
    let passwords: BTreeSet<_> = won.iter().copied().map(password).collect();
    let twins = usize::from(passwords.contains(&password(0)));
    let is_right = won.len() == 1 + twins && won.len() + lost.len() == pages.len();
    match passwords.first() {
        Some(password) if is_right && passwords.len() == 1 => Ok(password.clone()),
        _ => {
            let outcomes = pages
                .iter()
                .map(|(page, response)| (page, response.outcome()));
            Err(format!("the pages got {:?}", outcomes.collect::<Vec<_>>()))
        }
    }
}

/// Signs in with the old password and uses the session until it is refused after the reset; returns
/// the number of uses, or nothing if the password was refused.
async fn use_old_password(
    world: &World,
    email: &str,
    is_set: &AtomicBool,
) -> Result<Option<usize>, String> {
    let (client, late) = (world.client(), is_set.load(Ordering::SeqCst));
    match sign_in(&client, email, PASSWORD).await.as_str() {
        "401 invalid-credentials" => Ok(None),
        "200" if !late => {
            let uses = use_until_refused(&client, is_set).await;
            uses.map(Some)
                .map_err(|why| format!("a session of the old password: {why}"))
        }
        outcome => Err(format!(
            "the old password: {outcome}, after the reset: {late}"
        )),
    }
}

/// Signs in with a password and returns the outcome.
pub(super) async fn sign_in(client: &ApiClient<'_>, email: &str, password: &str) -> String {
    insist(client.sign_in(email, password)).await.outcome()
}
