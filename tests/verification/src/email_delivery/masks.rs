//! A batch of ten records, of which every combination fails.

use super::address;
use crate::ensure_eq;
use crate::outbox::{deliver, is_reported, queued};
use kit::{World, mins, parameters};
use local::Options;
use local::aws_stub::Fault;
use serde_json::json;

const BATCH: usize = 10;

/// Delivers a batch for each of the first `masks` combinations, and returns their number. The
/// response must name exactly the records whose emails SES refused.
pub(super) async fn run(masks: u32) -> Result<u32, String> {
    let limits = [
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
        ("EmailsPerDayPortal", "1000000"),
    ];
    let world = World::in_process(Options {
        parameters: parameters(&limits),
        events_by_hand: true,
        ..Options::default()
    })
    .await;
    let users: Vec<_> = (0..BATCH)
        .map(|number| json!({"email": address(number), "name": "One of ten"}))
        .collect();
    let imported = world.client().import_users(json!(users)).await;
    imported.assert("200");
    let mut cursor = None;
    for mask in 0..masks {
        world.clear_fault();
        for number in 0..BATCH {
            let requested = world.client().request_login(&address(number)).await;
            requested.assert("200");
        }
        let records = queued(&world, &mut cursor)?;
        let busy = json!({"__type": "TooManyRequestsException", "message": "an injected error"});
        world.inject(Fault::Reply(429, busy.to_string()), move |attempt| {
            let to = &attempt.body["Destination"]["ToAddresses"][0];
            let number = to.as_str().and_then(|to| to.as_bytes().get(4));
            number.is_some_and(|digit| mask & (1 << (digit - b'0')) != 0)
        });
        let response = deliver(&world, &records).await?;
        for record in &records {
            let address = &record["dynamodb"]["NewImage"]["address"]["S"];
            let digit = address.as_str().unwrap().as_bytes()[4] - b'0';
            let must_fail = mask & (1 << digit) != 0;
            ensure_eq!(
                is_reported(&response, record),
                must_fail,
                "{address} with the mask {mask:010b}"
            );
        }
        world.clock.advance(mins(61));
    }
    Ok(masks)
}
