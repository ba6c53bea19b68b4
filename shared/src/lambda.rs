//! The entry point of every function: starts it once, turns problems into responses, adds headers
//! and logs one line per request.

use crate::aws::{Aws, Https};
use crate::config::{Config, StartError};
use crate::env::Env;
use crate::http::event::EventResponse;
use crate::http::problem::{ProblemType, Reader};
use crate::http::response::{self, secure};
use crate::http::{Problem, Request, Response};
use crate::log;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

pub use lambda_runtime::Error;

/// A context that is created once, before the first request.
pub trait Bootstrap: Sized + Send + Sync + 'static {
    /// Reads the configuration and opens the connections.
    ///
    /// # Errors
    /// [`StartError`] says why the function cannot start.
    fn start(aws: &Aws, env: &Env) -> impl Future<Output = Result<Self, StartError>> + Send;
}

/// A context that answers people: it knows the portal that they visit.
pub trait Configured {
    /// Returns the portal's configuration.
    fn config(&self) -> &Config;
}

/// A function behind API Gateway: `async fn handle(&Context, Request) -> Result<Response,
/// Problem>`.
pub trait Handler<'a, C: 'a>: Send + Sync + 'static {
    type Future: Future<Output = Result<Response, Problem>> + Send + 'a;
    /// Handles one request with the context.
    fn call(&self, context: &'a C, request: Request) -> Self::Future;
}

impl<'a, C: 'a, F, A> Handler<'a, C> for F
where
    F: Fn(&'a C, Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, Problem>> + Send + 'a,
{
    type Future = A;
    fn call(&self, context: &'a C, request: Request) -> A {
        self(context, request)
    }
}

/// A function behind an event source: `async fn handle(&Context, Event) -> Output`.
pub trait Consumer<'a, C: 'a, E>: Send + Sync + 'static {
    type Output: Serialize;
    type Future: Future<Output = Self::Output> + Send + 'a;
    /// Consumes one event with the context.
    fn call(&self, context: &'a C, event: E) -> Self::Future;
}

impl<'a, C: 'a, E, F, A> Consumer<'a, C, E> for F
where
    F: Fn(&'a C, E) -> A + Send + Sync + 'static,
    A: Future + Send + 'a,
    A::Output: Serialize,
{
    type Output = A::Output;
    type Future = A;
    fn call(&self, context: &'a C, event: E) -> A {
        self(context, event)
    }
}

/// Serves a function behind API Gateway until Lambda stops the process.
///
/// # Errors
/// The function does not start, or the runtime fails.
pub async fn serve<C: Bootstrap + Configured>(
    handle: impl for<'a> Handler<'a, C>,
) -> Result<(), Error> {
    let context = Arc::new(start_process::<C>().await?);
    let handle = &handle;
    // Not as an `Event`: one that cannot be read must be answered too.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let context = Arc::clone(&context);
        async move {
            let (event, id) = (event.payload.get(), event.context.request_id);
            let response = answer(&*context, handle, event, id).await;
            log::note_answered();
            Ok::<_, Infallible>(response)
        }
    }))
    .await
}

/// Serves a function behind an event source until Lambda stops the process.
///
/// # Errors
/// The function does not start, or the runtime fails.
pub async fn consume<C: Bootstrap, E: DeserializeOwned, O: Serialize>(
    handle: impl for<'a> Consumer<'a, C, E, Output = O>,
) -> Result<(), Error> {
    let context = Arc::new(start_process::<C>().await?);
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
        let context = Arc::clone(&context);
        async move {
            let output = handle.call(&context, event.payload);
            let output = log::within(event.context.request_id, output).await;
            log::note_answered();
            Ok::<_, Infallible>(output)
        }
    }))
    .await
}

/// Serves a function whose failures are answers too, until Lambda stops the process. An invocation
/// fails with the message that the function returns.
///
/// # Errors
/// The function does not start, or the runtime fails.
pub async fn try_consume<C: Bootstrap, E: DeserializeOwned, O: Serialize>(
    handle: impl for<'a> Consumer<'a, C, E, Output = Result<O, &'static str>>,
) -> Result<(), Error> {
    let context = Arc::new(start_process::<C>().await?);
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
        let context = Arc::clone(&context);
        async move {
            let output = handle.call(&context, event.payload);
            let output = log::within(event.context.request_id, output).await;
            log::note_answered();
            output
        }
    }))
    .await
}

/// Handles one request, from the event to the response. The local portal calls it as well.
pub async fn answer<C: Configured>(
    context: &C,
    handle: &impl for<'a> Handler<'a, C>,
    event: &str,
    id: String,
) -> EventResponse {
    log::within(id, answer_event(context, handle, event)).await
}

async fn answer_event<C: Configured>(
    context: &C,
    handle: &impl for<'a> Handler<'a, C>,
    event: &str,
) -> EventResponse {
    let config = context.config();
    let request = Request::read(event);
    let request = request.map(|request| request.through_proxy(&config.proxy_secrets));
    let unrouted = String::new();
    let (route, problem, response) = match request {
        Ok(Some(request)) => answer_request(context, handle, request).await,
        Ok(None) => (unrouted, None, response::misdirected()),
        Err(problem) => {
            let kind = problem.kind;
            let response = problem.into_response(Reader::default(), config.language);
            (unrouted, Some(kind), secure(response))
        }
    };
    tracing::info!(
        route,
        status = response.status().as_u16(),
        problem = problem.map(ProblemType::name),
        "answered"
    );
    EventResponse(response)
}

/// Returns the route, the type of the problem if there was one, and the response.
async fn answer_request<C: Configured>(
    context: &C,
    handle: &impl for<'a> Handler<'a, C>,
    request: Request,
) -> (String, Option<ProblemType>, Response) {
    let route = request.route().to_owned();
    let is_head = request.method() == "HEAD";
    let reader = request.reader();
    let language = request.language(context.config().language);
    let (kind, mut response) = match handle.call(context, request).await {
        Ok(response) => (None, response),
        Err(problem) => (Some(problem.kind), problem.into_response(reader, language)),
    };
    if is_head {
        // RFC 9110, 9.3.2.
        response.body_mut().clear();
    }
    (route, kind, secure(response))
}

async fn start_process<C: Bootstrap>() -> Result<C, StartError> {
    let env = Env::of_process();
    log::start(&env);
    start(&env)
        .await
        .inspect_err(|error| tracing::error!(%error, "the function could not start"))
}

async fn start<C: Bootstrap>(env: &Env) -> Result<C, StartError> {
    let aws = Aws::new(env, Https::trusting_amazon()?)?;
    C::start(&aws, env).await
}
