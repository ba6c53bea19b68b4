//! Racers redeem a link while its user is suspended or signed out.

use super::redemptions::{Finish, Racer, list, redeem};
use super::{crowded_portal, of_user, revoke_everything, sleep, spawn_all};
use crate::ensure;
use crate::fixture::Recipient;
use crate::rng::Rng;
use crate::rows::text;
use crate::tally::Tally;
use kit::World;
use shared::domain::link::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of racers for one link.
const RACERS: usize = 6;
/// The racers, or the suspension, begin at most this many milliseconds late: often one of them is
/// done when the other begins.
const MAX_DELAY: usize = 9;

/// Races for the links of one portal, and compares with the tables.
pub(super) async fn race(rng: &mut Rng, links: usize) -> Result<Tally, String> {
    let (world, recipients) = crowded_portal(rng, links, &[], Purpose::SignIn).await?;
    let (mut tally, mut all) = (Tally::default(), vec![]);
    for recipient in &recipients {
        all.push(race_for_link(&world, rng, recipient, &mut tally).await?);
        world.portal.take_calls();
    }
    let (sessions, logins) = (world.rows("sessions"), world.audit("partner.login"));
    for (recipient, finishes) in recipients.iter().zip(&all) {
        let sessions = of_user(&sessions, &recipient.user);
        let logins = of_user(&logins, &recipient.user).len();
        let outcome_at = |ip: &str| {
            let finish = finishes.iter().find(|finish| finish.ip == ip);
            finish
                .map(|finish| finish.response.outcome())
                .unwrap_or_default()
        };
        let is_right = match sessions[..] {
            [] => {
                tally.count("suspensions: before every racer");
                logins == 0
                    && finishes
                        .iter()
                        .all(|one| one.response.problem() == "invalid-token")
            }
            [session] => {
                tally.count("suspensions: after a racer, who is signed out");
                logins == 1 && outcome_at(text(session, "ip")) == "200"
            }
            _ => false,
        };
        let (email, count) = (&recipient.email.to, sessions.len());
        let finishes = list(finishes);
        ensure!(is_right, "{email}: {count}, {logins}: {finishes}");
    }
    Ok(tally)
}

async fn race_for_link(
    world: &Arc<World>,
    rng: &mut Rng,
    recipient: &Recipient,
    tally: &mut Tally,
) -> Result<Vec<Finish>, String> {
    let revoked = Arc::new(AtomicBool::new(false));
    let start = rng.below(MAX_DELAY);
    let tasks = Racer::pick(rng, RACERS).into_iter().map(|racer| {
        let (world, recipient) = (Arc::clone(world), recipient.clone());
        let (revoked, late) = (Arc::clone(&revoked), start + rng.below(4));
        async move {
            sleep(late).await;
            redeem_and_use(&world, &recipient, racer, &revoked).await
        }
    });
    let racers = spawn_all(tasks);
    sleep(rng.below(MAX_DELAY)).await;
    revoke_everything(world, &recipient.user, rng.one_in(2)).await?;
    revoked.store(true, Ordering::SeqCst);
    let mut finishes = vec![];
    for raced in racers.join_all().await {
        let (finish, uses) = raced?;
        tally.count_by("suspensions: requests with a session just won", uses);
        finishes.push(finish);
    }
    Ok(finishes)
}

/// Redeems a link and uses the session until a request that began after the suspension has been
/// refused; also returns the number of requests.
async fn redeem_and_use(
    world: &World,
    recipient: &Recipient,
    racer: Racer,
    revoked: &AtomicBool,
) -> Result<(Finish, usize), String> {
    let (began_late, email) = (revoked.load(Ordering::SeqCst), &recipient.email.to);
    let finish = redeem(world, recipient, racer).await;
    let Some(session) = &finish.session else {
        return Ok((finish, 0));
    };
    ensure!(!began_late, "{email}: {racer:?} after a suspension");
    let client = world.client();
    client.set_session(Some(session));
    let uses = super::use_until_refused(&client, revoked).await;
    Ok((
        finish,
        uses.map_err(|why| format!("{email}, {racer:?}: {why}"))?,
    ))
}
