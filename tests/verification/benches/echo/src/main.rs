//! A function that returns a constant: the floor of what a function in Rust costs.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(_event: LambdaEvent<Value>) -> Result<Value, Error> {
    let headers = json!({"content-type": "application/json"});
    Ok(json!({"statusCode": 200, "headers": headers, "body": "{\"ok\":true}"}))
}
