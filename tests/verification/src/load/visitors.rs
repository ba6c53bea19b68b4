//! Visitors: each is another user in another network, who signs in twice with the same browser.

use super::delivery::Delivery;
use crate::ensure_eq;
use crate::fixture::{HASH_PARAMETERS, hash};
use crate::rng::Rng;
use kit::{ApiRequest, PASSWORD, World};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// The number of emails that visitors request, each for itself, and that tell them of a sign-in.
pub(super) fn emails(visitors: u64) -> u64 {
    let requested = (0..visitors).filter(|visitor| requests_emails(*visitor));
    visitors + 2 * requested.count() as u64
}

/// Two in five visitors use links, one codes, and two passwords.
const fn requests_emails(visitor: u64) -> bool {
    visitor % 5 < 3
}

fn address(visitor: u64) -> String {
    format!("visitor{visitor}@example.com")
}

/// Adds the users. They have signed in before, in another browser.
pub(super) fn add_users(world: &World, visitors: u64) {
    let password = hash(HASH_PARAMETERS, PASSWORD);
    for visitor in 0..visitors {
        let id = format!("usr_{visitor:032x}");
        let claim = format!("email#{}", address(visitor));
        let row = json!({
            "pk": {"S": format!("user#{id}")}, "listed": {"S": "user"},
            "address": {"S": address(visitor)}, "name": {"S": "A visitor"},
            "role": {"S": ""}, "resources": {"L": []}, "status": {"S": "active"},
            "epoch": {"N": "1"}, "created_at": {"N": "0"}, "last_sign_in_at": {"N": "1"},
            "password": {"S": password},
        });
        world.put_row("users", &row);
        world.put_row("users", &json!({"pk": {"S": claim}, "user_id": {"S": id}}));
    }
}

/// Signs in twice, after `arrives_after`. Every response must be 200.
pub(super) async fn visit(
    world: &World,
    delivery: &Delivery<'_>,
    (visitor, arrives_after): (u64, Duration),
    seed: u64,
) -> Result<(), String> {
    let mut rng = Rng::derive(seed, visitor);
    let mut pause = async || sleep(Duration::from_millis(rng.below(2000) as u64)).await;
    sleep(arrives_after).await;
    let (client, address) = (world.client(), address(visitor));
    for _ in 0..2 {
        if requests_emails(visitor) {
            accepted(client.request_login(&address)).await?;
            let email = delivery.wait_for(&address).await?;
            pause().await;
            match visitor % 5 {
                0 => accepted(client.verify_code(&email.code)).await?,
                _ => accepted(client.verify_link(&email.token())).await?,
            }
        } else {
            accepted(client.sign_in(&address, PASSWORD)).await?;
        }
        accepted(client.me()).await?;
        pause().await;
        accepted(client.logout()).await?;
    }
    Ok(())
}

async fn accepted(request: ApiRequest<'_>) -> Result<(), String> {
    let response = request.await;
    ensure_eq!(response.status, 200, "a response, {}", response.body);
    Ok(())
}
