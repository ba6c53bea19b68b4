//! Many racers redeem one link at once.

use super::{PAGE, crowded_portal, of_user, sleep, spawn_all};
use crate::fixture::Recipient;
use crate::rng::Rng;
use crate::rows::text;
use crate::tally::Tally;
use crate::{ensure, ensure_eq};
use kit::{ApiResponse, World};
use serde_json::Value;
use shared::domain::link::Purpose;
use shared::keys::KeyRing;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of racers with a code; more would exhaust its attempts.
const MAX_CODES: usize = 5;

/// The ways to redeem a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Racer {
    /// The browser that requested the link, with the link.
    Requester,
    /// The browser that requested the link, with the code.
    Code,
    /// The page whose idempotency key is [`PAGE`].
    SamePage,
    /// A page with its own idempotency key.
    OtherPage,
    /// A client with nothing but the link.
    Stranger,
}

impl Racer {
    /// Picks racers of every kind.
    pub(super) fn pick(rng: &mut Rng, count: usize) -> Vec<Self> {
        use Racer::{Code, OtherPage, Requester, SamePage, Stranger};
        let kinds = [
            Requester, Code, SamePage, SamePage, OtherPage, OtherPage, Stranger,
        ];
        let mut codes = 0;
        let mut pick = || match *rng.pick(&kinds) {
            Code if codes == MAX_CODES => OtherPage,
            racer => {
                codes += usize::from(racer == Code);
                racer
            }
        };
        (0..count).map(|_| pick()).collect()
    }

    pub(super) const fn is_requesting_browser(self) -> bool {
        matches!(self, Self::Requester | Self::Code)
    }

    /// Returns whether the racer is given the session that this winner has started.
    pub(super) fn repeats(self, winner: Self) -> bool {
        let is_requester = self.is_requesting_browser() && winner.is_requesting_browser();
        is_requester || (self == Self::SamePage && winner == Self::SamePage)
    }
}

/// The response to one racer.
pub(super) struct Finish {
    pub(super) racer: Racer,
    pub(super) ip: String,
    pub(super) response: ApiResponse,
    /// The session token, if one was set.
    pub(super) session: Option<String>,
}

/// Races for the links of one portal, one after the other, and compares with the tables.
pub(super) async fn race(rng: &mut Rng, links: usize, racers: usize) -> Result<Tally, String> {
    let (world, recipients) = crowded_portal(rng, links, &[], Purpose::SignIn).await?;
    let (mut tally, mut all) = (Tally::default(), vec![]);
    for recipient in &recipients {
        all.push(race_for_link(&world, rng, recipient, racers, &mut tally).await);
        world.portal.take_calls();
    }
    let (ring, sessions) = (world.key_ring(), world.rows("sessions"));
    let logins = world.audit("partner.login");
    for (recipient, finishes) in recipients.iter().zip(&all) {
        let explain = |why: &str| format!("{} {why}: {}", recipient.email.to, list(finishes));
        let logins = of_user(&logins, &recipient.user).len();
        ensure_eq!(logins, 1, "{}", explain("sign-ins in the audit"));
        let [session] = of_user(&sessions, &recipient.user)[..] else {
            return Err(explain("does not have exactly one session"));
        };
        let repeats = judge(&ring, session, finishes).map_err(|why| explain(&why))?;
        tally.count("links: won by one racer");
        tally.count_by("links: racers given the winner's session", repeats);
        tally.count_by("links: racers refused", racers - 1 - repeats);
    }
    Ok(tally)
}

async fn race_for_link(
    world: &Arc<World>,
    rng: &mut Rng,
    recipient: &Recipient,
    racers: usize,
    tally: &mut Tally,
) -> Vec<Finish> {
    let answered = Arc::new(AtomicUsize::new(0));
    let tasks = Racer::pick(rng, racers).into_iter().map(|racer| {
        let (world, recipient, late) = (Arc::clone(world), recipient.clone(), rng.below(2));
        let answered = Arc::clone(&answered);
        async move {
            sleep(late).await;
            let overlaps = answered.load(Ordering::SeqCst) == 0;
            let finish = redeem(&world, &recipient, racer).await;
            answered.fetch_add(1, Ordering::SeqCst);
            (finish, overlaps)
        }
    });
    let mut finishes = vec![];
    for (finish, overlaps) in spawn_all(tasks).join_all().await {
        tally.count_by(
            "links: racers under way before the first response",
            overlaps.into(),
        );
        finishes.push(finish);
    }
    finishes
}

/// Redeems a link as this racer does.
pub(super) async fn redeem(world: &World, recipient: &Recipient, racer: Racer) -> Finish {
    let client = world.client();
    if racer.is_requesting_browser() {
        client.set_nonces(Some(&recipient.nonce));
    }
    let link = client.verify_link(&recipient.email.token());
    let response = match racer {
        Racer::Code => client.verify_code(&recipient.email.code).await,
        Racer::SamePage => link.idempotency_key(PAGE).await,
        Racer::OtherPage => {
            link.idempotency_key(&format!("the-page-of-{}", client.ip()))
                .await
        }
        Racer::Requester | Racer::Stranger => link.await,
    };
    Finish {
        racer,
        ip: client.ip().to_owned(),
        response,
        session: client.session(),
    }
}

/// Checks every response against the winner that the session's row names, and returns the number
/// of racers that were given the winner's session.
fn judge(ring: &KeyRing, row: &Value, finishes: &[Finish]) -> Result<usize, String> {
    let winner = finishes.iter().find(|finish| finish.ip == text(row, "ip"));
    let winner = winner.ok_or("has a session that no racer started")?;
    let mut repeats = 0;
    for finish in finishes {
        let wins = finish.ip == winner.ip;
        let gets_session = wins || finish.racer.repeats(winner.racer);
        let session = finish
            .session
            .as_ref()
            .and_then(|token| ring.read_session(token).ok());
        let session = session.map(|session| session.content.id.hash().to_string());
        let is_right = match (finish.response.outcome().as_str(), session) {
            ("200", Some(session)) => gets_session && session == text(row, "sk"),
            ("410 used-token", None) => !gets_session,
            _ => false,
        };
        let racers = (winner.racer, finish.racer);
        ensure!(is_right, "won by, and wrong for: {racers:?}");
        repeats += usize::from(!wins && gets_session);
    }
    Ok(repeats)
}

/// Returns all racers with their outcomes.
pub(super) fn list(finishes: &[Finish]) -> String {
    let one = |finish: &Finish| format!("{:?} {}", finish.racer, finish.response.outcome());
    finishes.iter().map(one).collect::<Vec<_>>().join(", ")
}
