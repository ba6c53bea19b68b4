//! Several pages set a password by one link, while others sign in with the old one: one page wins,
//! its password is the only one that signs in, and no session of the old one outlives the reset.

use super::opened;
use super::redeems::{PAGE, SESSION, by_user, events};
use crate::Figures;
use crate::dice::Dice;
use crate::stage::{Purpose, Ticket, attribute};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::{Answer, Browser, PASSWORD, World};
use tokio::task::JoinSet;

/// How many pages set a password by one link; the first two are the same page, and set the same
/// one.
const PAGES: usize = 4;
/// How many sign in with the old password meanwhile: all of them look with what they get.
const OLD: usize = 5;
/// How late either begins, at the latest, and how much earlier the sign-ins do, which take longer:
/// in milliseconds.
const LATEST: usize = 9;
const EARLIER: usize = 5;

#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    links: usize,
    winners: usize,
    repeats: usize,
    old_signed_in: usize,
    old_refused: usize,
    looks_after: usize,
}

impl Tally {
    pub(super) const fn add(&mut self, other: Self) {
        self.links += other.links;
        self.winners += other.winners;
        self.repeats += other.repeats;
        self.old_signed_in += other.old_signed_in;
        self.old_refused += other.old_refused;
        self.looks_after += other.looks_after;
    }

    pub(super) fn figures(&self, figures: Figures, links: &'static str) -> Figures {
        let figures = figures
            .with(links, &self.links)
            .with(
                "of these set a password, which then signs in alone",
                &self.winners,
            )
            .with("of these were the same page again", &self.repeats);
        if self.old_signed_in + self.old_refused == 0 {
            return figures;
        }
        figures
            .with(
                "sign-ins with the old password, before the reset",
                &self.old_signed_in,
            )
            .with(
                "of these refused, or begun after the reset's answer",
                &self.old_refused,
            )
            .with(
                "looks with such a session after the reset's answer",
                &self.looks_after,
            )
            .with("of these accepted", &0)
    }
}

/// Invited users set their first passwords.
pub(super) async fn activations(dice: &mut Dice, links: usize) -> Result<Tally, String> {
    race(dice, links, Purpose::Activation, 0).await
}

/// Users set another password, while others sign in with the old one.
pub(super) async fn resets(dice: &mut Dice, links: usize) -> Result<Tally, String> {
    race(dice, links, Purpose::Reset, OLD).await
}

async fn race(
    dice: &mut Dice,
    links: usize,
    purpose: Purpose,
    old: usize,
) -> Result<Tally, String> {
    let (world, tickets) = opened(dice, links, &[("PasswordAttempts", "100")], purpose).await?;
    let (path, event) = match purpose {
        Purpose::Activation => ("/auth/activate", "partner.activated"),
        _ => ("/auth/reset-password", "partner.password.reset"),
    };
    let mut tally = Tally {
        links,
        ..Tally::default()
    };
    for ticket in &tickets {
        let done = one_link(&world, dice, ticket, path, old).await;
        tally.add(done.map_err(|why| format!("{}: {why}", ticket.email))?);
        world.portal.take_calls();
    }
    let (sessions, events) = (by_user(&world, "sessions"), events(&world, event));
    for ticket in &tickets {
        let user = ticket.user.as_str();
        let written = events.get(user).copied().unwrap_or_default();
        let rows = sessions.get(user).into_iter().flatten();
        let by_link = rows
            .filter(|row| attribute(row, "auth_method") == "activation")
            .count();
        if (written, by_link) != (1, usize::from(purpose == Purpose::Activation)) {
            return Err(format!(
                "{}: {written} of {event}, and {by_link} sessions by the link",
                ticket.email
            ));
        }
    }
    Ok(tally)
}

async fn one_link(
    world: &Arc<World>,
    dice: &mut Dice,
    ticket: &Ticket,
    path: &'static str,
    old: usize,
) -> Result<Tally, String> {
    let set = Arc::new(AtomicBool::new(false));
    let (mut pages, mut users) = (JoinSet::new(), JoinSet::new());
    for n in 0..PAGES {
        let (world, ticket, set) = (Arc::clone(world), ticket.clone(), Arc::clone(&set));
        let late = Duration::from_millis((EARLIER + dice.below(LATEST)) as u64);
        pages.spawn(async move {
            tokio::time::sleep(late).await;
            let answer = choose(&world, &ticket, path, n).await;
            set.fetch_or(answer.status == 200, Ordering::SeqCst);
            (n, answer)
        });
    }
    for _ in 0..old {
        let (world, email, set) = (Arc::clone(world), ticket.email.clone(), Arc::clone(&set));
        let late = Duration::from_millis(dice.below(LATEST) as u64);
        users.spawn(async move {
            tokio::time::sleep(late).await;
            use_old(&world, &email, &set).await
        });
    }
    let mut tally = Tally {
        winners: 1,
        ..Tally::default()
    };
    let winner = winner(&pages.join_all().await)?;
    tally.repeats = usize::from(winner == password(0));
    for used in users.join_all().await {
        tally.add(used?);
    }
    only_the_winners_signs_in(world, ticket, &winner, old > 0).await?;
    Ok(tally)
}

/// What the page of this number sets.
fn password(page: usize) -> String {
    // The first two are one page that is open twice.
    format!("velvet harbour tractor plum {}", page.max(1))
}

async fn choose(world: &World, ticket: &Ticket, path: &str, page: usize) -> Answer {
    let attempt = if page < 2 {
        PAGE.to_owned()
    } else {
        format!("the-page-of-number-{page}")
    };
    let body =
        json!({"token": ticket.token, "password": password(page), "idempotency_key": attempt});
    loop {
        let answer = world.browser().post(path, body.clone()).await;
        if answer.status != 503 {
            return answer;
        }
    }
}

/// The password of the page that won: all others but its twin were told that the link is used.
fn winner(pages: &[(usize, Answer)]) -> Result<String, String> {
    let won: Vec<_> = pages
        .iter()
        .filter(|(_, answer)| answer.status == 200)
        .collect();
    let one_page = won
        .iter()
        .map(|(page, _)| password(*page))
        .collect::<std::collections::BTreeSet<_>>();
    let others = pages.len() - won.len();
    let used = pages
        .iter()
        .filter(|(_, answer)| answer.problem() == "used-token")
        .count();
    let twins = one_page.contains(&password(0));
    match one_page.into_iter().collect::<Vec<_>>().as_slice() {
        [password] if used == others && won.len() == 1 + usize::from(twins) => Ok(password.clone()),
        _ => {
            let said: Vec<_> = pages
                .iter()
                .map(|(n, a)| format!("{n}: {} {}", a.status, a.problem()))
                .collect();
            Err(format!("the pages were answered {}", said.join(", ")))
        }
    }
}

/// Signs in with the old password, and looks until a look that began after the reset's answer has
/// been refused.
async fn use_old(world: &World, email: &str, set: &AtomicBool) -> Result<Tally, String> {
    let browser = world.browser();
    let late = set.load(Ordering::SeqCst);
    let mut tally = Tally::default();
    match (sign_in(&browser, email, PASSWORD).await, late) {
        (Ok(()), true) => return Err("the old password signed in after the reset".to_owned()),
        (Ok(()), false) => tally.old_signed_in = 1,
        (Err(why), _) if why.contains("invalid-credentials") => {
            tally.old_refused = 1;
            return Ok(tally);
        }
        (Err(why), _) => return Err(why),
    }
    loop {
        let late = set.load(Ordering::SeqCst);
        tally.looks_after += usize::from(late);
        match (late, browser.me().await.status.as_u16()) {
            (true, 401) => return Ok(tally),
            (false, 200 | 401) => tokio::time::sleep(Duration::from_millis(1)).await,
            (_, status) => {
                return Err(format!(
                    "a session of the old password was answered {status}, late: {late}"
                ));
            }
        }
    }
}

async fn only_the_winners_signs_in(
    world: &World,
    ticket: &Ticket,
    winner: &str,
    had_one: bool,
) -> Result<(), String> {
    let others = (1..PAGES).map(password).filter(|other| other != winner);
    let old = had_one.then(|| PASSWORD.to_owned());
    for other in others.chain(old) {
        match sign_in(&world.browser(), &ticket.email, &other).await {
            Err(why) if why.contains("invalid-credentials") => {}
            other => return Err(format!("a password that was not set: {other:?}")),
        }
    }
    sign_in(&world.browser(), &ticket.email, winner).await
}

/// Signs in with a password, as somebody who comes back when told "later".
///
/// # Errors
/// What the answer was, if not that she is signed in.
pub(super) async fn sign_in(
    browser: &Browser<'_>,
    email: &str,
    password: &str,
) -> Result<(), String> {
    loop {
        let answer = browser
            .post(
                "/auth/sign-in",
                json!({"email": email, "password": password}),
            )
            .await;
        match answer.status.as_u16() {
            200 if browser.cookie(SESSION).is_some() => return Ok(()),
            503 => {}
            status => {
                return Err(format!(
                    "a sign-in was answered {status} {}",
                    answer.problem()
                ));
            }
        }
    }
}
