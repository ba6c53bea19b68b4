//! One link, sixteen racers: other pages, the same page several times, the browser that asked, its
//! code.

use super::opened;
use crate::Figures;
use crate::dice::Dice;
use crate::stage::{Purpose, Ticket, attribute, ring};
use serde_json::{Value, json};
use shared::keys::KeyRing;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::{Answer, World};
use tokio::task::JoinSet;

/// The cookie of a session.
pub(crate) const SESSION: &str = "partner.sid";
/// The cookie of the browser that asked.
pub(crate) const ASK: &str = "partner.requests";
/// The random field of the page that several racers have in common.
pub(crate) const PAGE: &str = "the-page-that-is-open-twice";
/// More would use up the tries of the code.
const CODES: usize = 5;

/// Who redeems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Racer {
    /// The browser that asked, with the link.
    Owner,
    /// The browser that asked, with the code.
    Code,
    /// The page of [`PAGE`], again.
    SamePage,
    /// A page of its own.
    OtherPage,
    /// With nothing but the link.
    Stranger,
}

/// What came back to a racer.
pub(super) struct Finish {
    pub(super) racer: Racer,
    pub(super) ip: String,
    pub(super) answer: Answer,
    /// The session's token, if it was given one.
    pub(super) session: Option<String>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    tokens: usize,
    winners: usize,
    repeats: usize,
    refused: usize,
    overlapped: usize,
    sessions: usize,
    audits: usize,
}

impl Tally {
    pub(super) const fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.winners += other.winners;
        self.repeats += other.repeats;
        self.refused += other.refused;
        self.overlapped += other.overlapped;
        self.sessions += other.sessions;
        self.audits += other.audits;
    }

    pub(super) fn figures(&self, figures: Figures, racers: usize) -> Figures {
        figures
            .with("links raced for", &self.tokens)
            .with("racers for each", &racers)
            .with(
                "racers already under way when the first answer came",
                &self.overlapped,
            )
            .with("winners", &self.winners)
            .with(
                "repeats by the winner's own page or the asking browser, given the same session",
                &self.repeats,
            )
            .with("others, refused", &self.refused)
            .with("session rows", &self.sessions)
            .with("sign-ins in the audit", &self.audits)
    }
}

/// Races for the links of one portal, one after the other, then compares with what the tables hold.
pub(super) async fn race(dice: &mut Dice, links: usize, racers: usize) -> Result<Tally, String> {
    let (world, tickets) = opened(dice, links, &[], Purpose::SignIn).await?;
    let ring = ring(&world)?;
    let mut tally = Tally {
        tokens: links,
        ..Tally::default()
    };
    let mut finishes = Vec::new();
    for ticket in &tickets {
        let overlapped = Arc::new(AtomicUsize::new(0));
        finishes.push(one_link(&world, dice, ticket, racers, &overlapped).await);
        tally.overlapped += overlapped.load(Ordering::SeqCst);
        world.portal.take_calls();
    }
    let (sessions, logins) = (by_user(&world, "sessions"), logins(&world));
    for (ticket, finishes) in tickets.iter().zip(&finishes) {
        let user = ticket.user.as_str();
        let sessions = sessions.get(user).map(Vec::as_slice).unwrap_or_default();
        let audits = logins.get(user).copied().unwrap_or_default();
        let [session] = sessions else {
            return Err(format!(
                "the link of {} gave {} sessions: {}",
                ticket.email,
                sessions.len(),
                shown(finishes)
            ));
        };
        let judged = judge(&ring, session, finishes);
        let repeats =
            judged.map_err(|why| format!("{} {why}: {}", ticket.email, shown(finishes)))?;
        if audits != 1 {
            return Err(format!(
                "the link of {} was written down {audits} times: {}",
                ticket.email,
                shown(finishes)
            ));
        }
        tally.winners += 1;
        tally.repeats += repeats;
        tally.refused += racers - 1 - repeats;
        tally.sessions += sessions.len();
        tally.audits += audits;
    }
    Ok(tally)
}

async fn one_link(
    world: &Arc<World>,
    dice: &mut Dice,
    ticket: &Ticket,
    racers: usize,
    overlapped: &Arc<AtomicUsize>,
) -> Vec<Finish> {
    let answered = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for racer in line_up(dice, racers) {
        let (world, ticket, late) = (Arc::clone(world), ticket.clone(), dice.below(2));
        let (answered, overlapped) = (Arc::clone(&answered), Arc::clone(overlapped));
        tasks.spawn(async move {
            tokio::time::sleep(Duration::from_millis(late as u64)).await;
            if answered.load(Ordering::SeqCst) == 0 {
                overlapped.fetch_add(1, Ordering::SeqCst);
            }
            let finish = redeem(&world, &ticket, racer).await;
            answered.fetch_add(1, Ordering::SeqCst);
            finish
        });
    }
    tasks.join_all().await
}

/// Of every kind some, the codes no more than can be tried.
pub(super) fn line_up(dice: &mut Dice, racers: usize) -> Vec<Racer> {
    use Racer::{Code, OtherPage, Owner, SamePage, Stranger};
    let mut codes = 0;
    let one = |_| match *dice.pick(&[
        Owner, Code, SamePage, SamePage, OtherPage, OtherPage, Stranger,
    ]) {
        Code if codes == CODES => OtherPage,
        racer => {
            codes += usize::from(racer == Code);
            racer
        }
    };
    (0..racers).map(one).collect()
}

/// Redeems as this racer does.
pub(super) async fn redeem(world: &World, ticket: &Ticket, racer: Racer) -> Finish {
    let browser = world.browser();
    if matches!(racer, Racer::Owner | Racer::Code) {
        browser.set_cookie(ASK, Some(&ticket.nonce));
    }
    let body = match racer {
        Racer::Code => json!({"code": ticket.code}),
        Racer::SamePage => json!({"token": ticket.token, "idempotency_key": PAGE}),
        Racer::OtherPage => {
            json!({"token": ticket.token, "idempotency_key": format!("the-page-behind-{}", browser.ip())})
        }
        Racer::Owner | Racer::Stranger => json!({"token": ticket.token}),
    };
    let answer = browser.post("/auth/verify", body).await;
    Finish {
        racer,
        ip: browser.ip().to_owned(),
        answer,
        session: browser.cookie(SESSION),
    }
}

/// Whether everybody got what is theirs, given who won: the row says that. Gives the number of
/// repeats.
fn judge(ring: &KeyRing, row: &Value, finishes: &[Finish]) -> Result<usize, String> {
    let won = finishes
        .iter()
        .find(|finish| finish.ip == attribute(row, "ip"));
    let won = won.ok_or("has a session that none of them began")?;
    let mut repeats = 0;
    for finish in finishes {
        let wins = finish.ip == won.ip;
        let repeat = matches!(finish.racer, Racer::Owner | Racer::Code)
            || (finish.racer == Racer::SamePage && won.racer == Racer::SamePage);
        let name = |session: &String| {
            ring.read_session(session)
                .ok()
                .map(|read| read.content.id.hash().to_string())
        };
        let session = finish.session.as_ref().and_then(name);
        let problem = finish.answer.problem();
        let right = match (finish.answer.status.as_u16(), &session) {
            (200, Some(session)) => (wins || repeat) && session == attribute(row, "sk"),
            (410, None) => !wins && !repeat && problem == "used-token",
            _ => false,
        };
        if !right {
            return Err(format!(
                "was won by {:?}, but {:?} was answered otherwise",
                won.racer, finish.racer
            ));
        }
        repeats += usize::from(!wins && repeat);
    }
    Ok(repeats)
}

/// The rows of a table, by user.
pub(super) fn by_user(world: &World, table: &str) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in world.rows(table) {
        all.entry(attribute(&row, "pk").to_owned())
            .or_default()
            .push(row);
    }
    all
}

/// How often each user's sign-in was written down.
pub(super) fn logins(world: &World) -> BTreeMap<String, usize> {
    events(world, "partner.login")
}

/// How often this was written down about each user.
pub(super) fn events(world: &World, action: &str) -> BTreeMap<String, usize> {
    let count = |rows: Vec<Value>| {
        rows.iter()
            .filter(|row| attribute(row, "action") == action)
            .count()
    };
    by_user(world, "audit")
        .into_iter()
        .map(|(user, rows)| (user, count(rows)))
        .collect()
}

/// The finish, for whoever has to understand it.
pub(super) fn shown(finishes: &[Finish]) -> String {
    let one = |finish: &Finish| {
        format!(
            "{:?} {} {}",
            finish.racer,
            finish.answer.status,
            finish.answer.problem()
        )
    };
    finishes.iter().map(one).collect::<Vec<_>>().join(", ")
}
