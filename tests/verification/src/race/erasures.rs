//! A back end repeats the creation of a user while an administrator erases them.

use super::{crowded_portal, insist, sleep, spawn_all};
use crate::ensure;
use crate::rng::Rng;
use crate::tally::Tally;
use kit::{ApiRequest, World};
use shared::domain::link::Purpose;
use std::sync::Arc;

/// The number of repeats that race one erasure.
const REPEATS: usize = 3;
/// The repeats, or the erasure, begin at most this many milliseconds late.
const MAX_DELAY: usize = 9;

/// Erases users who were created with an idempotency key: nobody comes back.
pub(super) async fn race(rng: &mut Rng, users: usize) -> Result<Tally, String> {
    let (world, _) = crowded_portal(rng, 1, &[], Purpose::SignIn).await?;
    let mut tally = Tally::default();
    for number in 0..users {
        erase(&world, rng, number, &mut tally).await?;
        world.portal.take_calls();
    }
    let mut tombstones = world.rows("users");
    tombstones.retain(|row| row.get("erased_at").is_some());
    let count = tombstones.len();
    ensure!(count == users, "{count} tombstones of {users} users");
    Ok(tally)
}

async fn erase(
    world: &Arc<World>,
    rng: &mut Rng,
    number: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let admin = world.client();
    let address = format!("erased{number}@example.com");
    let response = insist(creation(&admin, &address)).await;
    let id = response.id();
    ensure!(response.status == 201, "a creation: {}", response.body);
    let repeats = (0..REPEATS).map(|_| {
        let (world, address) = (Arc::clone(world), address.clone());
        let late = rng.below(MAX_DELAY);
        async move {
            sleep(late).await;
            creation(&world.client(), &address).await.outcome()
        }
    });
    let repeats = spawn_all(repeats);
    sleep(rng.below(MAX_DELAY)).await;
    let erased = insist(admin.erase_user(&id)).await.outcome();
    ensure!(erased == "204", "{address}: an erasure: {erased}");
    for outcome in repeats.join_all().await {
        let is_right = ["201", "409 already-exists", "503 unavailable"].contains(&&*outcome);
        ensure!(is_right, "{address}: a repeat: {outcome}");
        tally.count(format!("erasures: a repeat: {outcome}"));
    }
    let shown = admin.get_user(&id).await.outcome();
    ensure!(shown == "404 not-found", "{address} is back: {shown}");
    Ok(())
}

fn creation<'c>(admin: &'c kit::ApiClient<'_>, address: &str) -> ApiRequest<'c> {
    let request = admin.create_user(address, "Erased").status("active");
    request.idempotency_key(address)
}
