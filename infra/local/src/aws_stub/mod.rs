//! The AWS stub, which sends the requests to AWS in place of a client that reaches it.
//!
//! Production code does not know about it. The host name decides whether a request goes to the
//! embedded DynamoDB, the inbox or the key ring. Each attempt is recorded, and tests may inject a
//! [`Fault`] into it.

mod calls;
pub(crate) mod endpoint;
mod faults;
mod request;
mod services;

pub use calls::Call;
pub(crate) use calls::CallRecorder;
pub use faults::{Attempt, Fault};
pub(crate) use services::Services;

use crate::json::at;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use calls::{CallInFlight, InstanceRecorder};
use request::AwsRequest;
use serde_json::json;
use services::ServiceResponse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The stub of one instance of a function, or one that records nothing.
#[derive(Clone)]
pub(crate) struct AwsStub {
    services: Arc<Services>,
    recorder: Option<Arc<InstanceRecorder>>,
}

impl AwsStub {
    /// Returns the stub of one instance of the function called `name`.
    pub(crate) fn for_instance(
        name: &str,
        instance: usize,
        services: &Arc<Services>,
        recorder: &Arc<CallRecorder>,
    ) -> Self {
        let recorder = InstanceRecorder::new(name, instance, Arc::clone(recorder));
        Self {
            services: Arc::clone(services),
            recorder: Some(Arc::new(recorder)),
        }
    }

    /// Returns a stub that records nothing and never fails.
    pub(crate) fn unrecorded(services: &Arc<Services>) -> Self {
        Self {
            services: Arc::clone(services),
            recorder: None,
        }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = AwsRequest::parse(&request);
        let Some(recorder) = self.recorder else {
            return Ok(self.services.handle(&request)?.response);
        };
        let call = recorder.start(&request);
        // A network is never as fast as a function call: calls that are made concurrently all
        // start before the first one ends.
        tokio::task::yield_now().await;
        let fault = call.choose_fault();
        if let Fault::Delay(delay) = fault {
            tokio::time::sleep(delay).await;
        }
        respond(&self.services, &call, request, fault)
    }
}

/// Executes the requests that timed out, now that nobody waits for them. Returns their number.
pub(crate) fn release_delayed(recorder: &CallRecorder, services: &Services) -> usize {
    let delayed = recorder.take_delayed();
    for request in &delayed {
        let _response = services.handle(request);
    }
    delayed.len()
}

/// Responds to a request that meets `fault`.
fn respond(
    services: &Services,
    call: &CallInFlight<'_>,
    request: AwsRequest,
    fault: Fault,
) -> Result<HttpResponse, ConnectorError> {
    match fault {
        Fault::None | Fault::Delay(_) => execute(services, call, &request),
        Fault::FailBefore => Err(ConnectorError::io("the request was not sent".into())),
        Fault::TimeOut => Err(ConnectorError::timeout(
            "the request was not sent in time".into(),
        )),
        Fault::LoseAnswer => {
            let _lost = execute(services, call, &request)?;
            Err(ConnectorError::io("the response was lost".into()))
        }
        Fault::Reply(status, body) => {
            call.finish(status, BTreeMap::new());
            services::reply(status, body)
        }
        Fault::DoneBut(status, body) => {
            let done = services.handle(&request)?;
            call.finish(status, done.units);
            services::reply(status, body)
        }
        Fault::Late => {
            call.delay(request);
            Err(ConnectorError::timeout("nothing came back in time".into()))
        }
        Fault::Undone => {
            let all = at(&request.body, "/RequestItems");
            let body = json!({"Responses": {}, "UnprocessedKeys": all, "UnprocessedItems": all});
            call.finish(200, BTreeMap::new());
            services::reply(200, body.to_string())
        }
        Fault::DieBefore => die(),
        Fault::DieAfter => {
            let _lost = execute(services, call, &request)?;
            die()
        }
    }
}

/// Executes the request and records its result.
fn execute(
    services: &Services,
    call: &CallInFlight<'_>,
    request: &AwsRequest,
) -> Result<HttpResponse, ConnectorError> {
    let ServiceResponse { response, units } = services.handle(request)?;
    call.finish(response.status().as_u16(), units);
    Ok(response)
}

/// Ends the invocation as if its machine had gone away.
///
/// This unwinds without a panic message: nothing is wrong with the code.
fn die() -> ! {
    std::panic::resume_unwind(Box::new("the function died"))
}

impl HttpConnector for AwsStub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl fmt::Debug for AwsStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsStub")
    }
}
