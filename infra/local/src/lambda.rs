//! Lambda: the environment it gives a function, and invocations that may crash or take too long.

use crate::functions::Handle;
use crate::template::{Function, REGION};
use aws_types::SdkConfig;
use aws_types::region::Region;
use lambda_http::lambda_runtime::BoxFuture;
use serde_json::Value;
use shared::random::Random;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A function that can be invoked.
#[derive(Clone)]
pub(crate) struct Lambda {
    name: String,
    timeout: Duration,
    instances: Vec<Handle>,
    random: Random,
}

impl Lambda {
    pub(crate) fn new(function: &Function, instances: Vec<Handle>, random: Random) -> Self {
        Self {
            name: function.name.clone(),
            timeout: function.timeout,
            instances,
            random,
        }
    }

    /// Invokes it. It runs to its end, or its timeout, even if nobody waits for the answer any
    /// more: a caller who hangs up does not stop a function.
    ///
    /// # Errors
    /// It crashed, took too long, or could not read the event.
    pub(crate) fn invoke(&self, event: Value) -> BoxFuture<'static, Result<Value, String>> {
        let (name, timeout) = (self.name.clone(), self.timeout);
        let Some(instance) = self.instance() else {
            return Box::pin(async { Err("no instance available".to_owned()) });
        };
        let work = instance(event, uuid(&self.random));
        Box::pin(async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "this process is no Lambda: nothing freezes it"
            )]
            let done = tokio::spawn(tokio::time::timeout(timeout, work)).await;
            let failed = match done {
                Ok(Ok(Ok(answer))) => return Ok(answer),
                Ok(Ok(Err(error))) => error,
                Ok(Err(_)) => format!("timed out after {} s", timeout.as_secs()),
                Err(_) => "crashed".to_owned(),
            };
            tracing::error!(function = name, error = failed, "an invocation failed");
            Err(failed)
        })
    }
}

impl Lambda {
    /// Any of them: which instance is free, nobody can know.
    fn instance(&self) -> Option<&Handle> {
        match self.instances.as_slice() {
            [only] => Some(only),
            several => {
                several.get(usize::from_be_bytes(self.random.bytes()) % several.len().max(1))
            }
        }
    }
}

/// All variables a function finds: those of the template, and those that Lambda sets.
pub(crate) fn environment(function: &Function) -> BTreeMap<String, String> {
    let name = function.name.as_str();
    let own = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", name),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    function
        .environment
        .clone()
        .into_iter()
        .chain(own)
        .collect()
}

/// A request's id, in the shape of a UUID.
pub(crate) fn uuid(random: &Random) -> String {
    let mut text = format!("{:032x}", u128::from_be_bytes(random.bytes()));
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

/// With a quota of retries of its own, as every instance has: it is a process. The SDK keeps one
/// for each service and region in a process, so instances are told regions of their own; nobody
/// here cares.
pub(crate) fn own_retries(aws: &SdkConfig) -> SdkConfig {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let region = format!("us-east-{}", STARTED.fetch_add(1, Ordering::Relaxed));
    aws.to_builder().region(Region::new(region)).build()
}
