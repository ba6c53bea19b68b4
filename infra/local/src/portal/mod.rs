//! A running portal, and what tests see and change of it.

mod event_sources;
mod start;

use crate::aws_stub::{self, Attempt, AwsStub, Call, CallRecorder, Fault, Services};
use crate::dynamodb;
use crate::guide::Guide;
use crate::inbox::ReceivedEmail;
use crate::lambda::Lambda;
use crate::options::Options;
use crate::shutdown::BackgroundTasks;
use crate::stream::{self, MappingProgress};
use crate::template::{REGION, STACK, Template};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use dynoxide::{Database, DynoxideError};
use lambda_runtime::Service;
use serde_json::Value;
use shared::aws::Aws;
use shared::config::StartError;
use shared::env::Env;
use shared::store::Store;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// A running portal with its functions, tables and gateway. Dropping it stops it.
pub struct Portal {
    port: u16,
    public_url: String,
    guide: Arc<Guide>,
    template: Template,
    services: Arc<Services>,
    calls: Arc<CallRecorder>,
    functions: BTreeMap<String, Lambda>,
    /// The table of each event source mapping, and the mapping's progress.
    mappings: Vec<(String, watch::Receiver<MappingProgress>)>,
    router: Router,
    env: Env,
    tasks: BackgroundTasks,
}

impl Portal {
    /// Starts a portal. It accepts requests when this returns.
    ///
    /// # Errors
    /// A [`StartError`] that says why the portal cannot start.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        start::start(options).await
    }

    /// Returns the URL at which programs reach the portal: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the URL at which users reach the portal, and to which its links lead.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Returns what a terminal shows at the start: addresses, users and pitfalls.
    pub fn greeting(&self) -> String {
        self.guide.greeting()
    }

    /// Responds to a request as the gateway does, without a socket.
    pub async fn answer(&self, mut request: Request) -> Response {
        let peer = SocketAddr::from(([127, 0, 0, 1], 0));
        request.extensions_mut().insert(ConnectInfo(peer));
        let Ok(response) = self.router.clone().call(request).await;
        response
    }

    /// Returns the emails sent so far, oldest first.
    pub fn inbox(&self) -> Vec<ReceivedEmail> {
        self.services.inbox.contents().emails
    }

    /// Returns the emails sent so far, oldest first, leaving none.
    pub fn take_inbox(&self) -> Vec<ReceivedEmail> {
        self.services.inbox.take()
    }

    /// Returns the embedded DynamoDB.
    pub fn database(&self) -> &Database {
        &self.services.database
    }

    /// Takes the calls recorded so far, leaving none.
    pub fn take_calls(&self) -> Vec<Call> {
        self.calls.take_calls()
    }

    /// Takes the calls that have been answered since the last time. The others stay.
    pub fn take_answered_calls(&self) -> Vec<Call> {
        self.calls.take_answered()
    }

    /// Lets `faults` choose the fault of each attempt from now on. Attempts are numbered anew, from
    /// 1.
    pub fn set_fault(&self, faults: impl Fn(&Attempt) -> Fault + Send + Sync + 'static) {
        self.calls.set_faults(Arc::new(faults));
    }

    /// Returns the number of password hashes that the functions have computed.
    pub fn hashes(&self) -> u64 {
        self.env.hash_counter.load(Ordering::SeqCst)
    }

    /// Executes the requests that [`Fault::Late`] has delayed. Returns their number.
    pub fn release_delayed(&self) -> usize {
        aws_stub::release_delayed(&self.calls, &self.services)
    }

    /// Returns the key ring, or `None` while Secrets Manager is made to fail.
    pub fn key_ring(&self) -> Option<String> {
        self.services.secrets.get()
    }

    /// Replaces the key ring. With `None`, Secrets Manager fails.
    pub fn set_key_ring(&self, value: Option<String>) {
        self.services.secrets.set(value);
    }

    /// Takes the events that SES has published so far, leaving none. Only a caller who invokes the
    /// functions has to hand them over.
    pub fn take_email_events(&self) -> Vec<Value> {
        self.services.email_events.take()
    }

    /// Returns once all records in the streams so far have been consumed or discarded, and all
    /// events of SES handed over.
    ///
    /// # Errors
    /// A [`StartError`] if a stream cannot be read or its consumer has stopped.
    pub async fn emails_settled(&self) -> Result<(), StartError> {
        for (table, progress) in &self.mappings {
            let broken =
                |why: String| StartError(format!("Could not read the stream of {table}: {why}."));
            let newest = stream::newest_sequence_number(self.database(), table)
                .map_err(|error| broken(error.to_string()))?;
            let Some(newest) = newest else { continue };
            self.services.written.send_replace(());
            progress
                .clone()
                .wait_for(|progress| progress.has_consumed(&newest))
                .await
                .map_err(|_| broken("its consumer has stopped".to_owned()))?;
        }
        if !self.mappings.is_empty() {
            self.services.email_events.settled().await;
        }
        Ok(())
    }

    /// Returns a store of the portal's tables. Its calls are not recorded and meet no faults.
    ///
    /// # Errors
    /// A [`StartError`] if the SDK cannot be configured, which does not happen in practice.
    pub fn store(&self) -> Result<Store, StartError> {
        store(&self.services, &self.env)
    }

    /// Invokes a function with an event, as Lambda does.
    ///
    /// # Errors
    /// A message if there is no such function, or if it crashed, timed out, or could not read the
    /// event.
    pub async fn invoke(&self, name: &str, event: Value) -> Result<Value, String> {
        let function = self.functions.get(name);
        let lambda = function.ok_or_else(|| format!("no function is named {name}"))?;
        lambda.invoke(event).await
    }

    /// Returns the items of all tables by the table's name without the stack's.
    ///
    /// # Errors
    /// A [`DynoxideError`] if the database cannot be read.
    pub fn dump(&self) -> Result<BTreeMap<String, Vec<Value>>, DynoxideError> {
        let tables = self.template.tables.iter().map(|table| &table.name);
        dynamodb::dump(self.database(), tables)
    }

    /// Returns the records of all streams that functions consume, in the form in which Lambda hands
    /// them over: those after the sequence number `after`, or all.
    ///
    /// # Errors
    /// A [`DynoxideError`] if the database cannot be read.
    pub fn stream_records(&self, after: Option<&str>) -> Result<Vec<Value>, DynoxideError> {
        let mut records = vec![];
        for function in &self.template.functions {
            for mapping in &function.streams {
                records.extend(stream::read_all(self.database(), mapping.table(), after)?);
            }
        }
        Ok(records)
    }

    /// Removes the items whose time to live is over. Returns their number.
    ///
    /// # Errors
    /// A [`DynoxideError`] if the database cannot be written.
    pub fn sweep_ttl(&self) -> Result<usize, DynoxideError> {
        self.database().sweep_ttl()
    }

    /// Stops the portal, and returns when its port and files are free.
    pub async fn shutdown(self) {
        self.tasks.shut_down().await;
    }
}

/// Returns an environment with the portal's clock and randomness and with these variables.
fn env_with(portal: &Env, variables: BTreeMap<String, String>) -> Env {
    let mut env = Env::new(variables, portal.clock.clone(), portal.random.clone());
    env.hash_counter = Arc::clone(&portal.hash_counter);
    env
}

fn store(services: &Arc<Services>, env: &Env) -> Result<Store, StartError> {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", REGION),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = env_with(env, variables.into());
    let aws = Aws::new(&env, AwsStub::unrecorded(services))?;
    Ok(Store::new(&aws, STACK, env.random))
}
