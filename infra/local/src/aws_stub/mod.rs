//! The seam: the HTTP client that the SDK is given in place of one that reaches Amazon.
//!
//! Production code knows nothing of it. By the host's name, a request goes to the embedded
//! DynamoDB, into the inbox or to the key ring; each attempt is written down and may be made to go
//! wrong.

mod attempt;
mod record;
mod services;

pub(crate) use record::Records;
pub use record::{Attempt, Call, Fault};
pub(crate) use services::Services;

use crate::json::at;
pub(crate) use attempt::Facts;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use record::Lane;
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// The seam of one function; or, without records, of nobody.
#[derive(Clone)]
pub(crate) struct Seam {
    services: Arc<Services>,
    lane: Option<Arc<Lane>>,
}

impl Seam {
    /// The seam of one instance of the function called `name`: everything it sends is written into
    /// `records`.
    pub(crate) fn of(
        name: &str,
        instance: usize,
        services: &Arc<Services>,
        records: &Arc<Records>,
    ) -> Self {
        let lane = Lane::new(name, instance, Arc::clone(records));
        Self {
            services: Arc::clone(services),
            lane: Some(Arc::new(lane)),
        }
    }

    /// A seam that nothing is written down about, and that never fails.
    pub(crate) fn unrecorded(services: &Arc<Services>) -> Self {
        Self {
            services: Arc::clone(services),
            lane: None,
        }
    }

    /// As the SDK wants it.
    pub(crate) fn client(self) -> SharedHttpClient {
        http_client_fn(move |_settings, _components| {
            SharedHttpConnector::new(Connection(self.clone()))
        })
    }

    async fn attempt(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let facts = Facts::of(&request);
        let Some(lane) = self.lane else {
            return self.services.answer(&facts).map(|answer| answer.response);
        };
        let started = lane.start(&facts);
        // A network is never as fast as a function call: whoever is asked side by side gets to
        // start side by side.
        tokio::task::yield_now().await;
        match started.fault() {
            Fault::None => {}
            Fault::FailBefore => return Err(failed("the request was not sent")),
            Fault::TimeOut => {
                return Err(ConnectorError::timeout(
                    "the request was not sent in time".into(),
                ));
            }
            Fault::Delay(span) => tokio::time::sleep(span).await,
            Fault::Reply(status, body) => {
                started.finish(status, 0.0);
                return services::reply(status, body);
            }
            Fault::LoseAnswer => {
                let answer = self.services.answer(&facts)?;
                started.finish(answer.response.status().as_u16(), answer.capacity);
                return Err(failed("the answer was lost"));
            }
            Fault::DoneBut(status, body) => {
                let answer = self.services.answer(&facts)?;
                started.finish(status, answer.capacity);
                return services::reply(status, body);
            }
            Fault::Late => {
                started.leave_under_way(facts);
                return Err(ConnectorError::timeout("nothing came back in time".into()));
            }
            Fault::Undone => {
                let all = at(&facts.body, "/RequestItems");
                let undone =
                    json!({"Responses": {}, "UnprocessedKeys": all, "UnprocessedItems": all});
                started.finish(200, 0.0);
                return services::reply(200, undone.to_string());
            }
            Fault::DieBefore => die(),
            Fault::DieAfter => {
                let answer = self.services.answer(&facts)?;
                started.finish(answer.response.status().as_u16(), answer.capacity);
                die()
            }
        }
        let answer = self.services.answer(&facts)?;
        started.finish(answer.response.status().as_u16(), answer.capacity);
        Ok(answer.response)
    }
}

fn failed(why: &'static str) -> ConnectorError {
    ConnectorError::io(why.into())
}

/// Ends the invocation where it stands, as when the machine under it goes away. No panic: nobody
/// has made a mistake, and no hook is to say so.
fn die() -> ! {
    std::panic::resume_unwind(Box::new("the function died"))
}

struct Connection(Seam);

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.0.clone().attempt(request))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
