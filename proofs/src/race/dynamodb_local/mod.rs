//! The same races, between store acts, on AWS's own DynamoDB Local: the embedded database is not
//! the only witness.

mod acts;
mod server;

use super::redeems::{Racer, line_up};
use super::{PER_SESSION, Sizes};
use crate::dice::Dice;
use crate::progress::Progress;
use crate::stage::attribute;
use crate::{Figures, Proof};
use acts::{Minted, Tables};
use server::{Server, say};
use shared::domain::session::Session;
use shared::store::links::LinkError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// How many redeem a link while its user is suspended, and how many use a session while it ends.
const RACERS: usize = 6;

#[derive(Default)]
struct Tally {
    winners: usize,
    repeats: usize,
    refused: usize,
    signed_in_first: usize,
    suspended_first: usize,
    uses: usize,
    uses_after: usize,
    /// What the store could not be asked in time: it says nothing about who won.
    unavailable: usize,
}

pub(super) fn run(sizes: &Sizes, shown: bool) -> Proof {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(race(sizes, shown))
}

async fn race(sizes: &Sizes, shown: bool) -> Proof {
    let tables = Arc::new(Tables::open(Server::start().await?, sizes.seed).await?);
    say("DynamoDB Local answers; its tables are those of template.yaml");
    let sessions = sizes.requests.div_ceil(PER_SESSION);
    let progress = Progress::new(
        "links",
        (sizes.tokens + sizes.suspensions + sessions) as u64,
        shown,
    );
    let (mut tally, mut dice) = (Tally::default(), Dice::new(sizes.seed));
    for _ in 0..sizes.tokens {
        redeems(&tables, &mut dice, sizes.racers, &mut tally).await?;
        progress.step();
    }
    for _ in 0..sizes.suspensions {
        suspension(&tables, &mut dice, &mut tally).await?;
        progress.step();
    }
    for _ in 0..sessions {
        end(&tables, &mut dice, &mut tally).await?;
        progress.step();
    }
    let asked = sizes.tokens * sizes.racers + sizes.suspensions * RACERS + tally.uses;
    if tally.unavailable * 20 > asked {
        let few = format!(
            "{} of {asked} acts were not answered in time",
            tally.unavailable
        );
        return Err(format!(
            "{few}: that proves too little. Is the machine busy?"
        ));
    }
    Ok(figures(sizes, &tally))
}

fn figures(sizes: &Sizes, tally: &Tally) -> Figures {
    Figures::default()
        .with("on", &"DynamoDB Local")
        .with("links raced for", &sizes.tokens)
        .with("racers for each", &sizes.racers)
        .with(
            "winners, session rows, sign-ins in the audit",
            &tally.winners,
        )
        .with("repeats, given the same session", &tally.repeats)
        .with("others, refused", &tally.refused)
        .with("links redeemed against a suspension", &sizes.suspensions)
        .with(
            "of these signed in first, and out at once",
            &tally.signed_in_first,
        )
        .with(
            "of these suspended first, and never in",
            &tally.suspended_first,
        )
        .with(
            "looks and last-seen writes that raced the end of their session",
            &tally.uses,
        )
        .with("of these begun after it", &tally.uses_after)
        .with("of these accepted", &0)
        .with("acts that were not answered in time", &tally.unavailable)
}

/// One link, all racers: one session, and everybody answered as the winner's row says.
async fn redeems(
    tables: &Arc<Tables>,
    dice: &mut Dice,
    racers: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let minted = Arc::new(tables.mint(dice).await?);
    let answers = all_at_once(tables, &minted, line_up(dice, racers), &Arc::default()).await;
    let (session, audits) = (
        tables.sessions(&minted).await?,
        tables.audits(&minted, "partner.login").await?,
    );
    let [session] = session.as_slice() else {
        return Err(format!(
            "one link gave {} sessions: {answers:?}",
            session.len()
        ));
    };
    let won = attribute(session, "ip")
        .strip_prefix("192.0.2.")
        .and_then(|n| n.parse::<usize>().ok());
    let winner = won
        .and_then(|won| answers.get(won))
        .ok_or("a session that no racer began")?
        .racer;
    if audits != 1 {
        return Err(format!(
            "one link was written down {audits} times: {answers:?}"
        ));
    }
    tally.winners += 1;
    for (n, Finish { racer, answer, .. }) in answers.iter().enumerate() {
        let repeat = matches!(racer, Racer::Owner | Racer::Code)
            || (*racer == Racer::SamePage && winner == Racer::SamePage);
        match answer {
            Ok(_) if won == Some(n) => {}
            Ok(given) if repeat && given.hash == minted.session => tally.repeats += 1,
            Err(LinkError::Used) if won != Some(n) && !repeat => tally.refused += 1,
            Err(LinkError::Unavailable) => tally.unavailable += 1,
            _ => {
                return Err(format!(
                    "{winner:?} won, but {racer:?} was answered otherwise: {answers:?}"
                ));
            }
        }
    }
    Ok(())
}

/// What came back to a racer, and whether it began too late to be let in.
#[derive(Debug)]
struct Finish {
    racer: Racer,
    late: bool,
    answer: Result<Session, LinkError>,
}

type Answers = Vec<Finish>;

/// Those who begin after `over` redeem what nobody may redeem any more: none of them may be let in.
async fn all_at_once(
    tables: &Arc<Tables>,
    minted: &Arc<Minted>,
    racers: Vec<Racer>,
    over: &Arc<AtomicBool>,
) -> Answers {
    let mut tasks = JoinSet::new();
    for (n, racer) in racers.iter().copied().enumerate() {
        let (tables, minted, over) = (Arc::clone(tables), Arc::clone(minted), Arc::clone(over));
        tasks.spawn(async move {
            let late = over.load(Ordering::SeqCst);
            (n, late, tables.redeem(&minted, racer, n).await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(n, ..)| *n);
    let finish = |(racer, (_, late, answer))| Finish {
        racer,
        late,
        answer,
    };
    racers.into_iter().zip(answers).map(finish).collect()
}

/// Whichever is first: once the suspension is answered, no look finds anybody.
async fn suspension(
    tables: &Arc<Tables>,
    dice: &mut Dice,
    tally: &mut Tally,
) -> Result<(), String> {
    let minted = Arc::new(tables.mint(dice).await?);
    let mut late = || Duration::from_millis(dice.below(8) as u64);
    let (racers_late, suspension_late) = (late(), late());
    let (racers, over) = (line_up(dice, RACERS), Arc::new(AtomicBool::new(false)));
    let racing = async {
        tokio::time::sleep(racers_late).await;
        all_at_once(tables, &minted, racers, &over).await
    };
    let suspending = async {
        tokio::time::sleep(suspension_late).await;
        tables.suspend(&minted).await?;
        over.store(true, Ordering::SeqCst);
        Ok::<_, String>(tables.looks(&minted).await)
    };
    let (answers, looked) = tokio::join!(racing, suspending);
    if looked? == Ok(true) || tables.looks(&minted).await == Ok(true) {
        return Err(format!("somebody suspended is signed in: {answers:?}"));
    }
    if answers
        .iter()
        .any(|finish| finish.late && finish.answer.is_ok())
    {
        return Err(format!(
            "a link was redeemed after its user was suspended: {answers:?}"
        ));
    }
    tally.unavailable += answers
        .iter()
        .filter(|finish| finish.answer == Err(LinkError::Unavailable))
        .count();
    let (sessions, audits) = (
        tables.sessions(&minted).await?.len(),
        tables.audits(&minted, "partner.login").await?,
    );
    match (sessions, audits) {
        (1, 1) => tally.signed_in_first += 1,
        (0, 0)
            if answers.iter().all(|finish| {
                matches!(
                    finish.answer,
                    Err(LinkError::Invalid | LinkError::Unavailable)
                )
            }) =>
        {
            tally.suspended_first += 1;
        }
        _ => {
            return Err(format!(
                "{sessions} sessions and {audits} sign-ins after a suspension: {answers:?}"
            ));
        }
    }
    // Suspended for good: nobody redeems the link now, nor repeats a redeem.
    match tables.redeem(&minted, Racer::Owner, RACERS).await {
        Ok(_) => Err("a link was redeemed after its user was suspended".to_owned()),
        Err(_) => Ok(()),
    }
}

/// Two ends of one session, while others look and write that it was seen.
async fn end(tables: &Arc<Tables>, dice: &mut Dice, tally: &mut Tally) -> Result<(), String> {
    let minted = Arc::new(tables.mint(dice).await?);
    let session = tables
        .redeem(&minted, Racer::Owner, 0)
        .await
        .map_err(|why| format!("no session: {why:?}"))?;
    let ended = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for n in 0..RACERS {
        let (tables, minted, session) = (Arc::clone(tables), Arc::clone(&minted), session.clone());
        let ended = Arc::clone(&ended);
        let many = PER_SESSION / RACERS + usize::from(n < PER_SESSION % RACERS);
        tasks.spawn(async move { use_it(&tables, &minted, &session, many, &ended).await });
    }
    tokio::time::sleep(Duration::from_millis(dice.below(40) as u64)).await;
    let (one, other) = tokio::join!(tables.end(&minted), tables.end(&minted));
    if one.is_err() || other.is_err() {
        return Err("a session could not be ended in time".to_owned());
    }
    ended.store(true, Ordering::SeqCst);
    for done in tasks.join_all().await {
        let (uses, after, unavailable) = done?;
        tally.uses += uses;
        tally.uses_after += after;
        tally.unavailable += unavailable;
    }
    let (sessions, logouts) = (
        tables.sessions(&minted).await?.len(),
        tables.audits(&minted, "partner.logout").await?,
    );
    if (sessions, logouts) != (0, 1) {
        return Err(format!(
            "an ended session has {sessions} rows and {logouts} logouts"
        ));
    }
    Ok(())
}

/// How many acts, how many of them begun after the end, how many not answered.
async fn use_it(
    tables: &Tables,
    minted: &Minted,
    session: &Session,
    many: usize,
    ended: &AtomicBool,
) -> Result<(usize, usize, usize), String> {
    let (mut after, mut unavailable) = (0, 0);
    for n in 0..many {
        let late = ended.load(Ordering::SeqCst);
        let accepted = if n % 2 == 0 {
            tables.looks(minted).await
        } else {
            tables.seen(session).await
        };
        after += usize::from(late);
        match accepted {
            Ok(true) if late => return Err("a session was accepted after its end".to_owned()),
            Ok(_) => {}
            Err(_) => unavailable += 1,
        }
    }
    Ok((many, after, unavailable))
}
