//! Where the authorizer cannot know, the invocation fails, and nobody gets in.

use super::{assert_all, events_of, signed_in};
use kit::{World, dynamodb_error, mins};
use local::aws_stub::Fault;
use serde_json::json;

#[tokio::test]
async fn an_unavailable_store_is_a_500() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let events = events_of(&client);
    for fault in [
        Fault::FailBefore,
        Fault::Reply(
            400,
            dynamodb_error("ProvisionedThroughputExceededException"),
        ),
        Fault::Reply(500, dynamodb_error("InternalServerError")),
        Fault::Reply(200, "<html>".into()),
    ] {
        world.inject(fault, |call| call.service == "dynamodb");
        assert_all(&world, &events, 500).await;
    }
    world.clear_fault();
    assert_all(&world, &events, 200).await;

    // The write of the last-seen time decides too.
    world.clock.advance(mins(5));
    world.inject(Fault::FailBefore, |call| call.operation == "UpdateItem");
    assert_all(&world, &events, 500).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_500() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let mut row = world.rows("sessions").remove(0);
    row["epoch"] = json!({"S": "one"});
    world.put_row("sessions", &row);
    assert_all(&world, &events_of(&client), 500).await;
}

#[tokio::test]
async fn a_key_that_the_stale_key_ring_does_not_know_is_a_500() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let events = events_of(&client);
    let ring = world.portal.key_ring().unwrap();
    let mut renamed: serde_json::Value = serde_json::from_str(&ring).unwrap();
    let added = world.clock.now().secs();
    let key = json!({"kid": "2", "secret": "s".repeat(64), "added_at": added});
    renamed["keys"] = json!([key]);
    world.portal.set_key_ring(Some(renamed.to_string()));
    world.clock.advance(mins(11));
    let rotated = signed_in(&world).await;
    let of_new_key = events_of(&rotated);
    // The authorizer has not read the new ring yet, and now cannot.
    world.portal.set_key_ring(None);
    assert_all(&world, &of_new_key, 500).await;
    assert_all(&world, &events, 200).await;
    world.portal.set_key_ring(Some(renamed.to_string()));
    world.clock.advance(mins(6));
    assert_all(&world, &of_new_key, 200).await;
}
