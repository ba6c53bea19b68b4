//! The portal of one run, and clients that retry what fails temporarily.

mod delivery;
mod passwords;
mod steps;

pub(super) use steps::{EVE, FIRST, PAGE, SECOND, route};

use super::fault::FaultKind;
use super::injection::Injection;
use super::injector::{Injector, Invocation, Script};
use super::ledger::Ledger;
use crate::ensure;
use crate::rng::{Rng, random};
use kit::authorizer::http_api_event;
use kit::{ApiClient, ApiRequest, ApiResponse, CHEAP_HASHES, World, parameters, secs};
use local::Options;
use std::cell::{Cell, RefCell, RefMut};
use std::sync::Arc;
use std::time::Duration;

/// The seed of every run.
pub(super) const SEED: u64 = 1;
/// The number of times that a client sends a request.
const MAX_ATTEMPTS: usize = 8;

/// The result of a step or of a whole flow; the error says what happened instead.
pub(super) type StepResult<T = ()> = Result<T, String>;

/// The portal of one run, and what its clients have done so far.
pub(super) struct Scenario {
    pub(super) world: World,
    pub(super) injector: Arc<Injector>,
    ledger: RefCell<Ledger>,
    /// The sequence number of the last stream record that the mailer is done with.
    checkpoint: RefCell<Option<String>>,
    retries: Cell<usize>,
}

/// The response to a request that may have been sent several times.
struct Exchange {
    response: ApiResponse,
    attempts: usize,
    /// Is true if the act may have been done before this response.
    maybe_done: bool,
}

/// Tells a client what to do next.
enum Advice {
    Accept,
    Retry,
    Wait(Duration),
}

impl Scenario {
    /// Starts a portal that does the same in every run until a fault is injected.
    pub(super) async fn start(pairs: &[(&str, &str)], injector: Arc<Injector>) -> Self {
        let world = World::in_process(Options {
            parameters: parameters(&[&CHEAP_HASHES, pairs].concat()),
            // The port differs from run to run; links and emails must not.
            public_url: Some("http://localhost:8787".to_owned()),
            events_by_hand: true,
            random: Some(random(Rng::new(SEED))),
            ..Options::default()
        })
        .await;
        world.portal.take_calls();
        let decides = Arc::clone(&injector);
        world
            .portal
            .set_fault(move |attempt| decides.decide(attempt));
        Self {
            world,
            injector,
            ledger: RefCell::default(),
            checkpoint: RefCell::default(),
            retries: Cell::default(),
        }
    }

    pub(super) fn client(&self) -> ApiClient<'_> {
        self.world.client()
    }

    pub(super) fn ledger(&self) -> RefMut<'_, Ledger> {
        self.ledger.borrow_mut()
    }

    pub(super) fn advance(&self, span: Duration) {
        self.world.clock.advance(span);
    }

    /// Adds faults that belong to the flow itself.
    pub(super) fn script(&self, script: Script) {
        self.injector.script(script);
    }

    /// Returns the number of requests that clients had to repeat.
    pub(super) fn retries(&self) -> usize {
        self.retries.get()
    }

    /// Ends an invocation: its late calls arrive, unless they arrive only at the end.
    pub(super) fn end_invocation(&self) -> Invocation {
        let injection = self.injector.injection();
        if injection.is_some_and(|injection| injection.fault == FaultKind::Late) {
            self.world.portal.release_delayed();
        }
        self.injector.end_invocation()
    }

    /// Sends a request until the response is not "retry", and expects this outcome.
    pub(super) async fn expect(&self, request: ApiRequest<'_>, outcome: &str) -> StepResult {
        self.response(request, outcome).await.map(drop)
    }

    /// Returns the response to a request with this outcome.
    pub(super) async fn response(
        &self,
        request: ApiRequest<'_>,
        outcome: &str,
    ) -> StepResult<ApiResponse> {
        let response = self.exchange(&request, outcome).await?.response;
        Ok(response)
    }

    async fn exchange(&self, request: &ApiRequest<'_>, outcome: &str) -> StepResult<Exchange> {
        let exchange = self.send(request, !outcome.starts_with("429")).await?;
        check(&exchange.response, outcome)?;
        Ok(exchange)
    }

    /// The same for an act that looks like its own repeat: a client that has lost the
    /// response may find the outcome `already`.
    pub(super) async fn expect_or_already(
        &self,
        request: ApiRequest<'_>,
        outcome: &str,
        already: &str,
    ) -> StepResult<ApiResponse> {
        let exchange = self.send(&request, true).await?;
        if !exchange.maybe_done || exchange.response.outcome() != already {
            check(&exchange.response, outcome)?;
        }
        Ok(exchange.response)
    }

    /// Sends a request until the response is not "retry".
    ///
    /// A client may find that one attempt was counted twice, because a response was lost; it then
    /// waits for the rate limit if `waits`.
    async fn send(&self, request: &ApiRequest<'_>, waits: bool) -> StepResult<Exchange> {
        let mut maybe_done = false;
        for attempts in 1..=MAX_ATTEMPTS {
            // No two requests come at the same moment.
            self.advance(Duration::from_millis(10));
            let response = request.clone().await;
            let invocation = self.end_invocation();
            match advice(&response) {
                Advice::Retry => {
                    self.check_failure(&response, invocation)?;
                    self.retries.set(self.retries.get() + 1);
                    maybe_done = true;
                    self.advance(secs(2));
                }
                Advice::Wait(span) if waits && (maybe_done || invocation.failed() > 0) => {
                    self.advance(span);
                }
                Advice::Accept | Advice::Wait(_) => {
                    maybe_done |= invocation.failed() > 0 && !self.is_hidden(invocation);
                    return Ok(Exchange {
                        response,
                        attempts,
                        maybe_done,
                    });
                }
            }
        }
        Err("a client retries for ever".to_owned())
    }

    /// Asks the authorizer about a request of `client` until its answer is not 500. Expects this
    /// status.
    pub(super) async fn authorize(&self, client: &ApiClient<'_>, status: u16) -> StepResult {
        let cookies = client.cookie_header();
        for _ in 0..MAX_ATTEMPTS {
            self.advance(Duration::from_millis(10));
            let event = http_api_event("GET", &[("cookie", &cookies)]);
            let (answer, _) = self.world.authorize(event).await;
            let invocation = self.end_invocation();
            if answer != 500 {
                ensure!(answer == status, "{answer} instead of {status}");
                return Ok(());
            }
            let had_reason = invocation.failed() > 0 && !self.is_hidden(invocation);
            ensure!(had_reason, "the authorizer failed, but no call of it did");
            self.retries.set(self.retries.get() + 1);
            self.advance(secs(2));
        }
        Err("the authorizer fails for ever".to_owned())
    }

    /// Returns whether retries within the function must have hidden every fault.
    fn is_hidden(&self, invocation: Invocation) -> bool {
        let injection = self.injector.injection();
        injection.is_some_and(Injection::is_hidden) && invocation.scripted == 0
    }

    /// Checks that the function had a reason to tell the client to retry.
    fn check_failure(&self, response: &ApiResponse, invocation: Invocation) -> StepResult {
        let wrong = if invocation.failed() == 0 {
            "nothing failed"
        } else if self.is_hidden(invocation) {
            "a retry of the failed call would have succeeded"
        } else if response.status == 500 && !invocation.crashed {
            "nothing crashed"
        } else if response.cookies.iter().any(|one| !is_draft(one)) {
            "cookies came with it"
        } else {
            return Ok(());
        };
        Err(format!(
            "{} {}, but {wrong}",
            response.status, response.body
        ))
    }
}

fn check(response: &ApiResponse, outcome: &str) -> StepResult {
    let actual = response.outcome();
    ensure!(
        actual == outcome,
        "{actual} instead of {outcome}: {}",
        response.body
    );
    Ok(())
}

/// Returns what a client makes of a response of any route.
fn advice(response: &ApiResponse) -> Advice {
    let (location, json) = (response.location(), response.json());
    let mut results = json["results"].as_array().into_iter().flatten();
    match (response.status, response.problem().as_str()) {
        (200, _) if results.any(|result| result["problem"] == "unavailable") => Advice::Retry,
        (503, "unavailable") | (500, _) => Advice::Retry,
        (303, _) if location.contains("?error=unavailable") => Advice::Retry,
        (429, _) => Advice::Wait(secs(json["retry_after"].as_u64().unwrap_or(60))),
        (303, _) if location.contains("?error=too-many-attempts") => Advice::Wait(secs(60)),
        _ => Advice::Accept,
    }
}

/// Returns true for the cookie that keeps what was typed, which a failed form sets.
fn is_draft(cookie: &str) -> bool {
    cookie
        .split('=')
        .next()
        .is_some_and(|name| name.ends_with(".draft"))
}
