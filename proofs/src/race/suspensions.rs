//! Redeem against suspend: whichever comes first, nobody who is suspended stays signed in.

use super::opened;
use super::redeems::{Finish, Racer, SESSION, by_user, line_up, logins, redeem, shown};
use crate::Figures;
use crate::dice::Dice;
use crate::stage::{Purpose, Ticket, attribute, end_everything};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::World;
use tokio::task::JoinSet;

/// How many redeem one link.
const RACERS: usize = 6;
/// How late the redeems, or the suspension, may begin, in milliseconds: often one of them is over
/// when the other begins.
const LATEST: usize = 9;

#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    links: usize,
    signed_in_first: usize,
    suspended_first: usize,
    looks: usize,
    looks_after: usize,
}

impl Tally {
    pub(super) const fn add(&mut self, other: Self) {
        self.links += other.links;
        self.signed_in_first += other.signed_in_first;
        self.suspended_first += other.suspended_first;
        self.looks += other.looks;
        self.looks_after += other.looks_after;
    }

    pub(super) fn figures(&self, figures: Figures) -> Figures {
        figures
            .with(
                "links redeemed against a suspension or a moved epoch",
                &self.links,
            )
            .with(
                "of these signed in first, and out at once",
                &self.signed_in_first,
            )
            .with(
                "of these suspended first, and never in",
                &self.suspended_first,
            )
            .with("looks with a session that was just won", &self.looks)
            .with(
                "of these begun after the suspension's answer",
                &self.looks_after,
            )
            .with("of these accepted", &0)
    }
}

/// A racer, and the looks that followed: whether each began after the suspension's answer.
struct Run {
    finish: Finish,
    began_late: bool,
    looks: Vec<bool>,
}

/// Races for the links of one portal.
pub(super) async fn race(dice: &mut Dice, links: usize) -> Result<Tally, String> {
    let (world, tickets) = opened(dice, links, &[], Purpose::SignIn).await?;
    let mut tally = Tally {
        links,
        ..Tally::default()
    };
    let mut all = Vec::new();
    for ticket in &tickets {
        let runs = one_link(&world, dice, ticket).await?;
        tally.looks += runs.iter().map(|run| run.looks.len()).sum::<usize>();
        tally.looks_after += runs
            .iter()
            .flat_map(|run| &run.looks)
            .filter(|late| **late)
            .count();
        all.push(runs);
        world.portal.take_calls();
    }
    let (sessions, logins) = (by_user(&world, "sessions"), logins(&world));
    for (ticket, runs) in tickets.iter().zip(all) {
        let user = ticket.user.as_str();
        let sessions = sessions.get(user).map(Vec::as_slice).unwrap_or_default();
        let audits = logins.get(user).copied().unwrap_or_default();
        let finishes: Vec<_> = runs.into_iter().map(|run| run.finish).collect();
        let broken = |why: &str| format!("{} {why}: {}", ticket.email, shown(&finishes));
        match (sessions, audits) {
            ([], 0) => {
                let refused = finishes
                    .iter()
                    .all(|finish| finish.answer.problem() == "invalid-token");
                if !refused {
                    return Err(broken(
                        "has no session, but somebody was not told invalid-token",
                    ));
                }
                tally.suspended_first += 1;
            }
            ([session], 1) => {
                let won = finishes
                    .iter()
                    .find(|finish| finish.ip == attribute(session, "ip"));
                if won.is_none_or(|won| won.answer.status != 200) {
                    return Err(broken("has a session whose winner was not told"));
                }
                tally.signed_in_first += 1;
            }
            _ => {
                return Err(broken(
                    "has a session too many, or an audit record too many or too few",
                ));
            }
        }
    }
    Ok(tally)
}

async fn one_link(
    world: &Arc<World>,
    dice: &mut Dice,
    ticket: &Ticket,
) -> Result<Vec<Run>, String> {
    let answered = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    let start = dice.below(LATEST);
    for racer in line_up(dice, RACERS) {
        let (world, ticket, answered) = (Arc::clone(world), ticket.clone(), Arc::clone(&answered));
        let late = Duration::from_millis((start + dice.below(4)) as u64);
        tasks.spawn(async move {
            tokio::time::sleep(late).await;
            run(&world, &ticket, racer, &answered).await
        });
    }
    tokio::time::sleep(Duration::from_millis(dice.below(LATEST) as u64)).await;
    end_everything(world, &ticket.user, dice.one_in(2)).await?;
    answered.store(true, Ordering::SeqCst);
    tasks.join_all().await.into_iter().collect()
}

/// Redeems, and looks with what that gave until a look that began after the suspension's answer has
/// been refused.
async fn run(
    world: &World,
    ticket: &Ticket,
    racer: Racer,
    answered: &AtomicBool,
) -> Result<Run, String> {
    let began_late = answered.load(Ordering::SeqCst);
    let finish = redeem(world, ticket, racer).await;
    let mut run = Run {
        finish,
        began_late,
        looks: vec![],
    };
    let Some(session) = &run.finish.session else {
        return Ok(run);
    };
    if run.began_late {
        return Err(format!(
            "{} was suspended, then {racer:?} redeemed her link",
            ticket.email
        ));
    }
    let browser = world.browser();
    browser.set_cookie(SESSION, Some(session));
    loop {
        let late = answered.load(Ordering::SeqCst);
        let status = browser.me().await.status.as_u16();
        run.looks.push(late);
        match (late, status) {
            (true, 401) => return Ok(run),
            (false, 200 | 401) => tokio::time::sleep(Duration::from_millis(1)).await,
            _ => {
                return Err(format!(
                    "{} was answered {status}, suspended: {late}, by {racer:?}",
                    ticket.email
                ));
            }
        }
    }
}
