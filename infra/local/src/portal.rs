//! A portal, running.

use crate::aws_stub::{Attempt, Call, Fault, Records, Seam, Services};
use crate::gateway::{Gateway, Routes};
use crate::inbox::{Inbox, ReceivedEmail};
use crate::key_ring::KeyRing;
use crate::lambda::{self, Lambda};
use crate::local_page::{self, Local};
use crate::options::Options;
use crate::seed::seed;
use crate::shutdown::{Shutdown, ShutdownSignal};
use crate::stream::{self, Consumer, Progress};
use crate::template::{STACK, Schedule, Template};
use crate::{dynamodb, functions};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use dynoxide::{Database, DynoxideError};
use lambda_http::Service;
use serde_json::Value;
use shared::aws::sdk_config;
use shared::clock::Clock;
use shared::config::StartError;
use shared::env::Env;
use shared::random::Random;
use shared::store::Store;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// A portal: its functions, its tables, its gateway. Dropping it ends it.
pub struct Portal {
    port: u16,
    public_url: String,
    database: Database,
    tables: Vec<String>,
    services: Arc<Services>,
    records: Arc<Records>,
    lambdas: BTreeMap<String, Lambda>,
    streams: Vec<String>,
    mappings: Vec<(String, watch::Receiver<Progress>)>,
    gateway: Router,
    clock: Clock,
    random: Random,
    hashes: Arc<AtomicU64>,
    instances: usize,
    tasks: JoinSet<()>,
    stop: Shutdown,
}

impl Portal {
    /// Starts a portal. When this returns, it answers.
    ///
    /// # Errors
    /// Why it cannot start, in a sentence.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let clock = options.clock.clone().unwrap_or_else(Clock::system);
        let random = options.random.clone().unwrap_or_else(Random::system);
        let listener = listen(options.port).await?;
        let port = listener
            .local_addr()
            .map_err(|error| StartError(format!("Could not determine the port: {error}.")))?
            .port();
        let public_url = options
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://localhost:{port}"));
        let public = Url::parse(&public_url)
            .map_err(|_| StartError(format!("'{public_url}' is not a valid URL.")))?;
        let template = Template::read(&options.parameters(&public_url))?;
        let directory = options.data.as_deref();
        make_directory(directory)?;

        let (stop, tasks) = (Shutdown::new(), JoinSet::new());
        let database = dynamodb::open(directory, &clock, &template.tables)?;
        let inbox = Arc::new(Inbox::new(clock.clone(), options.announce));
        let key_ring = KeyRing::new(
            &template.key_ring,
            options.key_ring.clone(),
            directory,
            &random,
        )?;
        let services = Services {
            database: database.clone(),
            inbox: Arc::clone(&inbox),
            key_ring: Arc::new(key_ring),
            written: watch::Sender::new(()),
            random: random.clone(),
        };
        let mut portal = Self {
            port,
            public_url,
            database,
            tables: template
                .tables
                .iter()
                .map(|table| table.name.clone())
                .collect(),
            services: Arc::new(services),
            records: Arc::new(Records::default()),
            lambdas: BTreeMap::new(),
            streams: streams(&template),
            mappings: vec![],
            gateway: Router::new(),
            clock,
            random,
            hashes: Arc::default(),
            instances: options.instances.max(1),
            tasks,
            stop,
        };

        seed(
            &portal.store()?,
            &portal.env(BTreeMap::new()),
            options.user.as_deref(),
        )
        .await?;
        portal.start_functions(&template).await?;
        let mut routes = Routes::new();
        for (route, lambda) in portal.routes(&template) {
            routes.add(route, lambda)?;
        }
        if !options.events_by_hand {
            portal.start_events(template.functions, options.announce, directory)?;
        }
        let gateway = Gateway {
            routes,
            cors: template.cors,
            public,
            trust_source_ip_header: options.trust_source_ip_header,
            clock: portal.clock.clone(),
            random: portal.random.clone(),
        };
        let users = [
            "ada@example.com: active, no password yet",
            "grace@example.com: invited",
        ]
        .map(str::to_owned);
        let users = users
            .into_iter()
            .chain(
                options
                    .user
                    .map(|user| format!("{user}: active, no password yet")),
            )
            .collect();
        let local = Local {
            inbox,
            public: portal.public_url.clone(),
            users,
        };
        portal.gateway = router(gateway, local);
        portal.tasks.spawn(serve(
            listener,
            portal.gateway.clone(),
            portal.stop.stopping(),
        ));
        Ok(portal)
    }

    /// Where programs reach it, whatever its public URL: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where people reach it, and where its links lead.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Answers a request as the gateway does, without a socket in between.
    pub async fn answer(&self, mut request: Request) -> Response {
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 0))));
        let Ok(response) = self.gateway.clone().call(request).await;
        response
    }

    /// The mails so far, newest last.
    pub fn inbox(&self) -> Vec<ReceivedEmail> {
        self.services.inbox.mails()
    }

    /// The same, and empties the inbox.
    pub fn take_inbox(&self) -> Vec<ReceivedEmail> {
        self.services.inbox.take()
    }

    /// The embedded DynamoDB itself.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// The same, and forgets them.
    pub fn take_calls(&self) -> Vec<Call> {
        self.records.take()
    }

    /// From now on, `faults` decides what becomes of every attempt; attempts are numbered from 1
    /// again.
    pub fn set_fault(&self, faults: impl Fn(&Attempt) -> Fault + Send + Sync + 'static) {
        self.records.set_faults(Arc::new(faults));
    }

    /// How many password hashes the functions have computed.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::SeqCst)
    }

    /// Lets arrive what the functions gave up and is still under way ([`Fault::Late`]); says how
    /// much that was.
    pub fn release_delayed(&self) -> usize {
        let under_way = self.records.take_under_way();
        under_way
            .iter()
            .for_each(|request| self.services.arrive(request));
        under_way.len()
    }

    /// The key ring's value; `None` while it cannot be had.
    pub fn key_ring(&self) -> Option<String> {
        self.services.key_ring.get()
    }

    /// Replaces the key ring's value; with `None`, Secrets Manager fails.
    pub fn set_key_ring(&self, value: Option<String>) {
        self.services.key_ring.set(value);
    }

    /// Returns when everything that has been written to a stream so far has been consumed, or has
    /// become too old.
    ///
    /// # Errors
    /// The stream cannot be read, or its consumer is gone.
    pub async fn emails_settled(&self) -> Result<(), StartError> {
        for (table, progress) in &self.mappings {
            let broken =
                |why: String| StartError(format!("Could not read the stream of {table}: {why}."));
            let newest =
                stream::newest(&self.database, table).map_err(|error| broken(error.to_string()))?;
            let Some(newest) = newest else { continue };
            self.services.written.send_replace(());
            let consumed = progress
                .clone()
                .wait_for(|progress| progress.has_consumed(&newest))
                .await
                .map(drop);
            consumed.map_err(|_| broken("its consumer has stopped".to_owned()))?;
        }
        Ok(())
    }

    /// The store, beside the functions: nothing it does is recorded or made to fail.
    ///
    /// # Errors
    /// Never in practice: the SDK's configuration is made here.
    pub fn store(&self) -> Result<Store, StartError> {
        let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            .map(|name| (name.to_owned(), "local".to_owned()));
        let region = ("AWS_REGION".to_owned(), crate::template::REGION.to_owned());
        let env = self.env(variables.into_iter().chain([region]).collect());
        let aws = sdk_config(&env, Seam::unrecorded(&self.services).client())?;
        Ok(Store::new(&aws, STACK, env.random))
    }

    /// Invokes the function called `name` with an event, as Lambda would.
    ///
    /// # Errors
    /// There is none, it crashed, took too long, or could not read the event.
    pub async fn invoke(&self, name: &str, event: Value) -> Result<Value, String> {
        let lambda = self
            .lambdas
            .get(name)
            .ok_or_else(|| format!("no function is named {name}"))?;
        lambda.invoke(event).await
    }

    /// Every item of every table, by the tables' names without the stack's.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn dump(&self) -> Result<BTreeMap<String, Vec<Value>>, DynoxideError> {
        dynamodb::dump(&self.database, &self.tables)
    }

    /// The records of every stream that a function reads, as they are handed over: those after the
    /// one with this sequence number, or all.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn stream_records(&self, after: Option<&str>) -> Result<Vec<Value>, DynoxideError> {
        let streams = self
            .streams
            .iter()
            .map(|table| stream::records(&self.database, table, after));
        Ok(streams.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Removes what TTL would have removed by now; says how many items that were.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn sweep_ttl(&self) -> Result<usize, DynoxideError> {
        self.database.sweep_ttl()
    }

    /// Ends the portal, and waits until it has let go of its port and its files.
    pub async fn shutdown(self) {
        let Self {
            stop, mut tasks, ..
        } = self;
        drop(stop);
        while tasks.join_next().await.is_some() {}
    }

    fn env(&self, variables: BTreeMap<String, String>) -> Env {
        let mut env = Env::new(variables, self.clock.clone(), self.random.clone());
        env.hash_counter = Arc::clone(&self.hashes);
        env
    }

    async fn start_functions(&mut self, template: &Template) -> Result<(), StartError> {
        for function in &template.functions {
            let name = &function.name;
            let variables = lambda::environment(function);
            let env = self.env(variables.clone());
            let mut instances = Vec::new();
            for instance in 0..self.instances {
                let seam = Seam::of(name, instance, &self.services, &self.records).client();
                let aws = lambda::own_retries(&sdk_config(&env, seam)?);
                let started = functions::start(name, &aws, &env).await;
                instances.push(
                    started
                        .map_err(|error| StartError(format!("Could not start {name}: {error}")))?,
                );
            }
            self.lambdas
                .insert(name.clone(), Lambda::new(function, instances, env.random));
        }
        Ok(())
    }

    fn routes<'a>(
        &'a self,
        template: &'a Template,
    ) -> impl Iterator<Item = (&'a crate::template::Route, Lambda)> {
        let routes = template
            .functions
            .iter()
            .flat_map(|function| function.routes.iter().map(move |route| (function, route)));
        routes.filter_map(|(function, route)| {
            Some((route, self.lambdas.get(&function.name)?.clone()))
        })
    }

    fn start_events(
        &mut self,
        functions: Vec<crate::template::Function>,
        announce: bool,
        directory: Option<&Path>,
    ) -> Result<(), StartError> {
        for function in functions {
            let Some(lambda) = self.lambdas.get(&function.name).cloned() else {
                continue;
            };
            for schedule in function.schedules {
                self.tasks
                    .spawn(run_schedule(schedule, lambda.clone(), self.stop.stopping()));
            }
            for mapping in function.streams {
                let table = mapping.table().to_owned();
                let (written, stopping) = (&self.services.written, self.stop.stopping());
                if announce {
                    let inbox = Arc::clone(&self.services.inbox);
                    let drops = stream::watch_drops(
                        &self.database,
                        &table,
                        inbox,
                        written.subscribe(),
                        stopping.clone(),
                    );
                    let drops = drops.map_err(|error| {
                        StartError(format!("Could not watch the stream of {table}: {error}."))
                    })?;
                    self.tasks.spawn(drops);
                }
                let checkpoint = directory.map(|directory| {
                    directory.join(format!("{}-{table}.checkpoint", function.name))
                });
                let consumer = Consumer::new(
                    &self.database,
                    mapping,
                    lambda.clone(),
                    self.clock.clone(),
                    checkpoint,
                )?;
                self.mappings.push((table, consumer.progress()));
                self.tasks
                    .spawn(consumer.run(written.subscribe(), stopping));
            }
        }
        Ok(())
    }
}

/// The tables whose streams a function reads.
fn streams(template: &Template) -> Vec<String> {
    let mappings = template
        .functions
        .iter()
        .flat_map(|function| &function.streams);
    mappings.map(|mapping| mapping.table().to_owned()).collect()
}

async fn listen(port: Option<u16>) -> Result<TcpListener, StartError> {
    let wanted = port.unwrap_or_default();
    TcpListener::bind(("127.0.0.1", wanted))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => StartError(format!(
                "Port {wanted} is in use. Shutdown the program that uses it, \
                 or choose another port with --port."
            )),
            _ => StartError(format!("Could not listen on port {wanted}: {error}.")),
        })
}

fn make_directory(directory: Option<&Path>) -> Result<(), StartError> {
    let Some(directory) = directory else {
        return Ok(());
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        StartError(format!(
            "Could not create the directory {}: {error}.",
            directory.display()
        ))
    })
}

/// Invokes as the schedule says; how the invocation went, nobody asks.
async fn run_schedule(schedule: Schedule, lambda: Lambda, stopping: ShutdownSignal) {
    let run = async {
        loop {
            tokio::time::sleep(schedule.every).await;
            let _invoked = lambda.invoke(schedule.input.clone()).await;
        }
    };
    tokio::select! {
        () = run => {}
        () = stopping.wait() => {}
    }
}

fn router(gateway: Gateway, local: Local) -> Router {
    let gateway = Arc::new(gateway);
    local_page::router(Arc::new(local)).merge(Router::new().fallback(
        move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.answer(peer.ip(), request).await }
        },
    ))
}

async fn serve(listener: TcpListener, router: Router, stopping: ShutdownSignal) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service)
        .with_graceful_shutdown(stopping.wait())
        .await
    {
        tracing::error!(%error, "the local gateway stopped");
    }
}
