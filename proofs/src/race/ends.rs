//! Logout against use: a session that has ended is not accepted once more, and no write brings it
//! back.

use super::opened;
use super::passwords::sign_in;
use super::redeems::{PAGE, Racer, SESSION, by_user, events, redeem};
use crate::Figures;
use crate::dice::Dice;
use crate::stage::{Purpose, Ticket, end_everything, ring};
use http::Method;
use serde_json::json;
use shared::domain::ids::SessionHash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::{Browser, PASSWORD, World, mins};
use tokio::task::JoinSet;

/// How many use one session at once.
const USERS: usize = 10;
/// After how many requests the end may come, at the latest: in milliseconds.
const LATEST: usize = 16;

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Two logouts at once.
    Logout,
    /// The user ends this session from another one.
    One,
    /// The user ends all others from another one, which lives on.
    Others,
    /// An administrator suspends the user.
    Suspension,
    /// An administrator ends all her sessions.
    All,
}

impl End {
    /// What is written down, how often, and how many of the user's session rows are left.
    const fn leaves(self) -> (&'static str, usize) {
        match self {
            Self::Logout => ("partner.logout", 0),
            Self::One => ("partner.session.revoked", 1),
            Self::Others => ("partner.sessions.revoked", 2),
            Self::Suspension => ("partner.suspended", 1),
            Self::All => ("partner.sessions.revoked", 1),
        }
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    sessions: usize,
    requests: usize,
    accepted_before: usize,
    under_way: usize,
    after: usize,
}

impl Tally {
    pub(super) const fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.requests += other.requests;
        self.accepted_before += other.accepted_before;
        self.under_way += other.under_way;
        self.after += other.after;
    }

    pub(super) fn figures(&self, figures: Figures) -> Figures {
        figures
            .with("sessions ended while in use, by logout, from another session or by an administrator", &self.sessions)
            .with("requests that raced the end", &self.requests)
            .with("of these accepted, begun before the end's answer", &self.accepted_before)
            .with("of these refused, begun before the end's answer", &self.under_way)
            .with("of these begun after the end's answer", &self.after)
            .with("of these accepted", &0)
    }
}

/// Ends the sessions of one portal, one after the other, each under `requests` requests.
pub(super) async fn race(
    dice: &mut Dice,
    sessions: usize,
    requests: usize,
) -> Result<Tally, String> {
    // Links and sessions so long that the minutes which pass here do not matter, and that cookies
    // are renewed.
    let long = [("SessionHours", "87600"), ("LinkMinutes", "1440")];
    let (world, tickets) = opened(dice, sessions, &long, Purpose::SignIn).await?;
    let mut tally = Tally {
        sessions,
        ..Tally::default()
    };
    let mut ends = Vec::new();
    for ticket in &tickets {
        let end = *dice.pick(&[
            End::Logout,
            End::Logout,
            End::One,
            End::Others,
            End::Suspension,
            End::All,
        ]);
        tally.add(one_session(&world, dice, ticket, end, requests).await?);
        ends.push(end);
        world.portal.take_calls();
    }
    let sessions = by_user(&world, "sessions");
    for (ticket, end) in tickets.iter().zip(ends) {
        let (user, (action, left)) = (ticket.user.as_str(), end.leaves());
        let rows = sessions.get(user).map(Vec::len).unwrap_or_default();
        let audits = events(&world, action)
            .get(user)
            .copied()
            .unwrap_or_default();
        if (rows, audits) != (left, 1) {
            return Err(format!(
                "after {end:?}, {} has {rows} sessions and {audits} of {action}",
                ticket.email
            ));
        }
    }
    Ok(tally)
}

async fn one_session(
    world: &Arc<World>,
    dice: &mut Dice,
    ticket: &Ticket,
    end: End,
    requests: usize,
) -> Result<Tally, String> {
    let signed_in = redeem(world, ticket, Racer::SamePage).await;
    let session = signed_in
        .session
        .ok_or_else(|| format!("{} is not signed in", ticket.email))?;
    let elsewhere = world.browser();
    if matches!(end, End::One | End::Others) {
        sign_in(&elsewhere, &ticket.email, PASSWORD).await?;
    }
    let answered = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for n in 0..USERS {
        let (world, session, ticket) = (Arc::clone(world), session.clone(), ticket.clone());
        let (answered, dice) = (Arc::clone(&answered), Dice::new(dice.throw()));
        let many = requests / USERS + usize::from(n < requests % USERS);
        tasks.spawn(async move { use_it(&world, &ticket, &session, dice, many, &answered).await });
    }
    tokio::time::sleep(Duration::from_millis(dice.below(LATEST) as u64)).await;
    match end {
        End::Logout => log_out_twice(world, &session).await?,
        End::One => {
            end_from(
                &elsewhere,
                &format!("/auth/sessions/{}", hash(world, &session)?),
            )
            .await?
        }
        End::Others => end_from(&elsewhere, "/auth/sessions").await?,
        End::Suspension => end_everything(world, &ticket.user, true).await?,
        End::All => end_everything(world, &ticket.user, false).await?,
    }
    answered.store(true, Ordering::SeqCst);
    let mut tally = Tally::default();
    for done in tasks.join_all().await {
        tally.add(done.map_err(|why| format!("{end:?}: {why}"))?);
    }
    Ok(tally)
}

/// Ends what is at this path, as a user does who comes back until it is done; her own session lives
/// on.
async fn end_from(elsewhere: &Browser<'_>, path: &str) -> Result<(), String> {
    let ended = loop {
        let answer = elsewhere
            .send(elsewhere.request(Method::DELETE, path))
            .await;
        if answer.status != 503 {
            break answer;
        }
    };
    let me = elsewhere.me().await;
    if (ended.status.as_u16(), me.status.as_u16()) == (204, 200) {
        return Ok(());
    }
    Err(format!(
        "ending {path} was answered {}, and whoever did it {}",
        ended.status, me.status
    ))
}

/// The name of a session, as the list of sessions has it.
fn hash(world: &World, session: &str) -> Result<SessionHash, String> {
    let ring = ring(world)?;
    let read = ring
        .read_session(session)
        .map_err(|_| "a session that cannot be read")?;
    Ok(read.content.id.hash())
}

/// Either answer ends the session: both have come.
async fn log_out_twice(world: &World, session: &str) -> Result<(), String> {
    let browsers = [world.browser(), world.browser()];
    browsers
        .iter()
        .for_each(|browser| browser.set_cookie(SESSION, Some(session)));
    let [one, other] = &browsers;
    let answers = tokio::join!(
        one.post("/auth/logout", json!({})),
        other.post("/auth/logout", json!({}))
    );
    for answer in [answers.0, answers.1] {
        if answer.status != 200 {
            return Err(format!(
                "a logout was answered {} {}",
                answer.status,
                answer.problem()
            ));
        }
    }
    Ok(())
}

/// Looks who is signed in, most of the time; else redeems the same link once more from the page
/// that had it. Now and then five minutes pass, so that the next look also writes that the session
/// was seen.
async fn use_it(
    world: &World,
    ticket: &Ticket,
    session: &str,
    mut dice: Dice,
    many: usize,
    answered: &AtomicBool,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for _ in 0..many {
        if dice.one_in(25) {
            world.time.pass(mins(5));
        }
        tokio::time::sleep(Duration::from_millis(dice.below(2) as u64)).await;
        let browser = world.browser();
        let repeats = dice.one_in(10);
        let late = answered.load(Ordering::SeqCst);
        let answer = if repeats {
            browser
                .post(
                    "/auth/verify",
                    json!({"token": ticket.token, "idempotency_key": PAGE}),
                )
                .await
        } else {
            browser.set_cookie(SESSION, Some(session));
            browser.me().await
        };
        let status = answer.status.as_u16();
        let refused = if repeats {
            status == 410
        } else {
            status == 401
        };
        tally.requests += 1;
        match (late, status) {
            (true, _) if refused => tally.after += 1,
            (false, _) if refused => tally.under_way += 1,
            (false, 200) => tally.accepted_before += 1,
            _ => {
                let problem = answer.problem();
                return Err(format!(
                    "{} was answered {status} {problem}, after the end: {late}",
                    ticket.email
                ));
            }
        }
    }
    Ok(tally)
}
