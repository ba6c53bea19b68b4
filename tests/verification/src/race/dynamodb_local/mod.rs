//! The same races between operations of the store, on AWS's DynamoDB Local, so that not everything
//! depends on the embedded database.

mod server;
mod tables;

use super::redemptions::Racer;
use super::{PER_SESSION, Settings, sleep, spawn_all};
use crate::progress::Progress;
use crate::rng::Rng;
use crate::rows::text;
use crate::tally::Tally;
use crate::{Figures, Report, ensure, ensure_eq};
use server::{Server, announce};
use shared::domain::session::Session;
use shared::store::links::LinkError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tables::{StoredLink, Tables};
use tokio::runtime::Builder;

/// The number of racers for a link whose user is suspended, and of clients of a session that ends.
const RACERS: usize = 6;
/// The tally of operations that got no response in time, which says nothing about the winner.
const TIMED_OUT: &str = "operations that timed out";

pub(super) fn run(settings: &Settings, show_progress: bool) -> Report {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(race(settings, show_progress))
}

async fn race(settings: &Settings, show_progress: bool) -> Report {
    let tables = Arc::new(Tables::create(Server::start().await?, settings.seed).await?);
    announce("DynamoDB Local responds; its tables are those of template.yaml");
    let (links, suspensions) = (settings.tokens, settings.suspensions);
    let sessions = settings.requests.div_ceil(PER_SESSION);
    let progress = Progress::new(
        "links",
        (links + suspensions + sessions) as u64,
        show_progress,
    );
    let (mut tally, mut rng) = (Tally::default(), Rng::new(settings.seed));
    for n in 0..links + suspensions + sessions {
        let link = Arc::new(tables.create_link(&mut rng).await?);
        let mut race = Race {
            tables: &tables,
            link,
            rng: &mut rng,
            tally: &mut tally,
        };
        if n < links {
            race.redeem(settings.racers).await?;
        } else if n < links + suspensions {
            race.suspend().await?;
        } else {
            race.end_session().await?;
        }
        progress.step();
    }
    let operations = links * settings.racers + suspensions * RACERS + sessions * PER_SESSION;
    let timed_out = tally.get(TIMED_OUT);
    let is_enough = timed_out * 20 <= operations as u64;
    ensure!(is_enough, "{timed_out} of {operations} timed out");
    Ok(Figures::default()
        .with("on", &"DynamoDB Local")
        .with("counts", &tally))
}

/// A racer's result, and whether it began after the suspension.
#[derive(Debug)]
struct Finish {
    racer: Racer,
    late: bool,
    result: Result<Session, LinkError>,
}

/// The races for one link.
struct Race<'a> {
    tables: &'a Arc<Tables>,
    link: Arc<StoredLink>,
    rng: &'a mut Rng,
    tally: &'a mut Tally,
}

impl Race<'_> {
    /// All racers redeem the link: it starts one session, and everybody gets what the winner's row
    /// implies.
    async fn redeem(&mut self, racers: usize) -> Result<(), String> {
        let racers = Racer::pick(self.rng, racers);
        let finishes = self.redeem_at_once(racers, &Arc::default()).await;
        let sessions = self.tables.sessions(&self.link).await?;
        let logins = self.tables.audited(&self.link, "partner.login").await?;
        let counts = (sessions.len(), logins);
        ensure_eq!(counts, (1, 1), "sessions, sign-ins: {finishes:?}");
        let ip = sessions.first().map_or("", |session| text(session, "ip"));
        let won = ip
            .strip_prefix("192.0.2.")
            .and_then(|n| n.parse::<usize>().ok());
        let winner = won.and_then(|won| finishes.get(won));
        let winner = winner.ok_or("a session that no racer started")?.racer;
        self.tally.count("links: won by one racer");
        for (n, finish) in finishes.iter().enumerate() {
            let repeats = finish.racer.repeats(winner);
            match &finish.result {
                Ok(_) if won == Some(n) => {}
                Ok(session) if repeats && session.hash == self.link.session => {
                    self.tally.count("links: racers given the winner's session");
                }
                Err(LinkError::Used) if won != Some(n) && !repeats => {
                    self.tally.count("links: racers refused");
                }
                Err(LinkError::Unavailable) => self.tally.count(TIMED_OUT),
                _ => return Err(format!("{winner:?} won: {finishes:?}")),
            }
        }
        Ok(())
    }

    async fn redeem_at_once(&self, racers: Vec<Racer>, over: &Arc<AtomicBool>) -> Vec<Finish> {
        let tasks = racers.into_iter().enumerate().map(|(n, racer)| {
            let (tables, link, over) = (
                Arc::clone(self.tables),
                Arc::clone(&self.link),
                Arc::clone(over),
            );
            async move {
                let late = over.load(Ordering::SeqCst);
                let result = tables.redeem(&link, racer, n).await;
                let finish = Finish {
                    racer,
                    late,
                    result,
                };
                (n, finish)
            }
        });
        let mut finishes = spawn_all(tasks).join_all().await;
        finishes.sort_by_key(|(n, _)| *n);
        finishes.into_iter().map(|(_, finish)| finish).collect()
    }

    /// Racers redeem the link while its user is suspended, after which nobody is signed in.
    async fn suspend(&mut self) -> Result<(), String> {
        let (racers_delay, delay) = (self.rng.below(8), self.rng.below(8));
        let (racers, over) = (Racer::pick(self.rng, RACERS), Arc::default());
        let (tables, link) = (self.tables, &self.link);
        let racing = async {
            sleep(racers_delay).await;
            self.redeem_at_once(racers, &over).await
        };
        let suspending = async {
            sleep(delay).await;
            tables.suspend(link).await?;
            over.store(true, Ordering::SeqCst);
            Ok::<_, String>(tables.is_signed_in(link).await)
        };
        let (finishes, signed_in) = tokio::join!(racing, suspending);
        let signed_in = [signed_in?, tables.is_signed_in(link).await].contains(&Ok(true));
        ensure!(!signed_in, "a suspended user is signed in: {finishes:?}");
        let late = finishes
            .iter()
            .any(|finish| finish.late && finish.result.is_ok());
        ensure!(!late, "redeemed after a suspension: {finishes:?}");
        let failed = |error| {
            finishes
                .iter()
                .filter(|one| one.result == Err(error))
                .count()
        };
        let (timed_out, invalid) = (failed(LinkError::Unavailable), failed(LinkError::Invalid));
        self.tally.count_by(TIMED_OUT, timed_out);
        let sessions = tables.sessions(link).await?.len();
        match (sessions, tables.audited(link, "partner.login").await?) {
            (1, 1) => self
                .tally
                .count("suspensions: after a racer, who is signed out"),
            (0, 0) if timed_out + invalid == finishes.len() => {
                self.tally.count("suspensions: before every racer");
            }
            counts => return Err(format!("sessions and sign-ins: {counts:?}, {finishes:?}")),
        }
        let again = tables.redeem(link, Racer::Requester, RACERS).await;
        ensure!(again.is_err(), "redeemed after a suspension");
        Ok(())
    }

    /// A session ends twice at once, while clients use it and write the last-seen time.
    async fn end_session(&mut self) -> Result<(), String> {
        let (tables, link) = (self.tables, &self.link);
        let session = tables.redeem(link, Racer::Requester, 0).await;
        let session = session.map_err(|why| format!("no session: {why:?}"))?;
        let ended = Arc::new(AtomicBool::new(false));
        let tasks = (0..RACERS).map(|n| {
            let (tables, link, session) = (Arc::clone(tables), Arc::clone(link), session.clone());
            let (ended, count) = (
                Arc::clone(&ended),
                PER_SESSION / RACERS + usize::from(n < PER_SESSION % RACERS),
            );
            async move { use_session(&tables, &link, &session, count, &ended).await }
        });
        let clients = spawn_all(tasks);
        sleep(self.rng.below(40)).await;
        let ends = tokio::try_join!(tables.log_out(link), tables.log_out(link));
        ensure!(ends.is_ok(), "a logout timed out");
        ended.store(true, Ordering::SeqCst);
        for counts in clients.join_all().await {
            self.tally.add(counts?);
        }
        let sessions = tables.sessions(link).await?.len();
        let counts = (sessions, tables.audited(link, "partner.logout").await?);
        ensure_eq!(counts, (0, 1), "sessions, logouts");
        Ok(())
    }
}

async fn use_session(
    tables: &Tables,
    link: &StoredLink,
    session: &Session,
    count: usize,
    ended: &AtomicBool,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for n in 0..count {
        let late = ended.load(Ordering::SeqCst);
        let accepted = if n % 2 == 0 {
            tables.is_signed_in(link).await
        } else {
            tables.touch(session).await
        };
        match accepted {
            Ok(true) if late => return Err("a session was accepted after its end".to_owned()),
            Ok(_) if late => tally.count("sessions: requests after the end"),
            Ok(_) => tally.count("sessions: requests before the end"),
            Err(_) => tally.count(TIMED_OUT),
        }
    }
    Ok(tally)
}
