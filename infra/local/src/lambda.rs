//! The embedded Lambda: the environment of a function, and invocations that may crash or time out.

use crate::functions::Instance;
use crate::template::{Function, REGION};
use lambda_runtime::BoxFuture;
use serde_json::Value;
use shared::random::Random;
use std::collections::BTreeMap;
use std::time::Duration;

/// A function that can be invoked, with its instances.
#[derive(Clone)]
pub(crate) struct Lambda {
    name: String,
    timeout: Duration,
    instances: Vec<Instance>,
    random: Random,
}

impl Lambda {
    pub(crate) fn new(function: &Function, instances: Vec<Instance>, random: Random) -> Self {
        Self {
            name: function.name.clone(),
            timeout: function.timeout,
            instances,
            random,
        }
    }

    /// Invokes the function. It runs to its end or its timeout even if the caller drops the future,
    /// as a client that disconnects does not stop a function.
    ///
    /// # Errors
    /// A message if the function crashed, timed out, or could not read the event.
    pub(crate) fn invoke(&self, event: Value) -> BoxFuture<'static, Result<Value, String>> {
        let name = self.name.clone();
        let timeout = self.timeout;
        let Some(instance) = self.choose_instance() else {
            return Box::pin(async { Err("no instance available".to_owned()) });
        };
        let invocation = instance(event, uuid(&self.random));
        Box::pin(async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "Lambda does not freeze this process"
            )]
            let result = tokio::spawn(tokio::time::timeout(timeout, invocation)).await;
            let error = match result {
                Ok(Ok(Ok(output))) => return Ok(output),
                Ok(Ok(Err(error))) => error,
                Ok(Err(_)) => format!("timed out after {} s", timeout.as_secs()),
                Err(_) => "crashed".to_owned(),
            };
            tracing::error!(function = name, error, "an invocation failed");
            Err(error)
        })
    }

    /// Returns one of the instances at random.
    fn choose_instance(&self) -> Option<&Instance> {
        match self.instances.as_slice() {
            [only] => Some(only),
            several => {
                several.get(usize::from_be_bytes(self.random.bytes()) % several.len().max(1))
            }
        }
    }
}

/// Returns the variables of the template and those that Lambda sets.
pub(crate) fn environment(function: &Function) -> BTreeMap<String, String> {
    let name = function.name.as_str();
    let lambda = [
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
    let lambda = lambda.map(|(name, value)| (name.to_owned(), value.to_owned()));
    function
        .environment
        .clone()
        .into_iter()
        .chain(lambda)
        .collect()
}

/// Returns a random request id in the form of a UUID.
pub(crate) fn uuid(random: &Random) -> String {
    let mut text = format!("{:032x}", u128::from_be_bytes(random.bytes()));
    for index in [20, 16, 12, 8] {
        text.insert(index, '-');
    }
    text
}
