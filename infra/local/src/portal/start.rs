//! Starts a portal: its services, its functions, their event sources and the server.

use super::event_sources::EventSources;
use super::{Portal, env_with, store};
use crate::aws_stub::{AwsStub, CallRecorder, Services, endpoint};
use crate::gateway::{Gateway, Routes};
use crate::guide::Guide;
use crate::inbox::Inbox;
use crate::kms::Kms;
use crate::lambda::{self, Lambda};
use crate::local_page::LocalPage;
use crate::options::Options;
use crate::secrets_manager::SecretsManager;
use crate::ses::EventTopic;
use crate::shutdown::BackgroundTasks;
use crate::template::{Function, Template};
use crate::{dynamodb, functions, local_authorizer, local_email_events, seed, server};
use shared::aws::Aws;
use shared::clock::Clock;
use shared::config::StartError;
use shared::env::Env;
use shared::random::Random;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use url::Url;

pub(super) async fn start(options: Options) -> Result<Portal, StartError> {
    let listener = server::listen(options.port).await?;
    let port = server::port(&listener)?;
    let host = options.host.as_deref().unwrap_or("localhost");
    let public_url = options
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{host}:{port}"));
    let parsed_url = Url::parse(&public_url)
        .map_err(|_| StartError(format!("'{public_url}' is not a valid URL.")))?;
    let template = Template::read(&options.parameters(&public_url))?;
    let env = Env::new(
        BTreeMap::new(),
        options.clock.clone().unwrap_or_else(Clock::system),
        options.random.clone().unwrap_or_else(Random::system),
    );
    let services = Arc::new(open_services(&options, &template, &env)?);
    seed::seed(&store(&services, &env)?, &env, options.user.as_deref()).await?;

    let calls = Arc::default();
    let functions = start_functions(&options, &template, &services, &calls, &env).await?;
    let mut tasks = BackgroundTasks::new();
    let sources = EventSources {
        services: &services,
        clock: &env.clock,
        options: &options,
    };
    let mappings = sources.start(&template.functions, &functions, &mut tasks)?;
    let aws_url = match options.aws_port {
        Some(port) => Some(serve_aws(port, &services, &template, &mut tasks).await?),
        None => None,
    };
    let guide = Arc::new(Guide::new(&options, &template, &parsed_url, aws_url));
    let gateway = Gateway {
        routes: routes(&template, &functions),
        cors: template.cors.clone(),
        public_url: parsed_url,
        trust_source_ip_header: options.trust_source_ip_header,
        clock: env.clock.clone(),
        random: env.random.clone(),
    };
    let inbox = Arc::clone(&services.inbox);
    let page = LocalPage::new(inbox, store(&services, &env)?, Arc::clone(&guide));
    let function = |name: &str| {
        let function = functions.get(name).cloned();
        function.ok_or_else(|| StartError(format!("template.yaml declares no {name}.")))
    };
    let invocations = local_authorizer::router(function("authorizer")?)
        .merge(local_email_events::router(function("email-events")?));
    let router = server::router(gateway, page, invocations);
    let served = router.clone();
    tasks.spawn(|shutdown| server::serve(listener, served, shutdown));
    Ok(Portal {
        port,
        public_url,
        guide,
        template,
        services,
        calls,
        functions,
        mappings,
        router,
        env,
        tasks,
    })
}

/// Serves the AWS stub for functions in other processes, and returns its address.
async fn serve_aws(
    port: u16,
    services: &Arc<Services>,
    template: &Template,
    tasks: &mut BackgroundTasks,
) -> Result<String, StartError> {
    let listener = server::listen(Some(port)).await?;
    let url = format!("http://127.0.0.1:{}", server::port(&listener)?);
    let router = endpoint::router(services, &template.functions, &url);
    tasks.spawn(|shutdown| server::serve(listener, router, shutdown));
    Ok(url)
}

fn open_services(
    options: &Options,
    template: &Template,
    env: &Env,
) -> Result<Services, StartError> {
    let directory = options.data.as_deref();
    if let Some(directory) = directory {
        create_directory(directory)?;
    }
    let key_ring = options.key_ring.clone();
    Ok(Services {
        database: dynamodb::open(directory, &env.clock, &template.tables)?,
        inbox: Arc::new(Inbox::new(env.clock.clone(), options.announce)),
        secrets: SecretsManager::new(&template.key_ring, key_ring, directory, &env.random)?,
        kms: Kms::new(directory, &env.random),
        email_events: EventTopic::default(),
        publishes_deliveries: options.publishes_deliveries,
        clock: env.clock.clone(),
        written: watch::Sender::new(()),
        random: env.random.clone(),
    })
}

fn create_directory(directory: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(directory).map_err(|error| {
        StartError(format!(
            "Could not create the directory {}: {error}.",
            directory.display()
        ))
    })
}

async fn start_functions(
    options: &Options,
    template: &Template,
    services: &Arc<Services>,
    calls: &Arc<CallRecorder>,
    env: &Env,
) -> Result<BTreeMap<String, Lambda>, StartError> {
    let mut lambdas = BTreeMap::new();
    for function in &template.functions {
        let env = env_with(env, lambda::environment(function));
        let mut instances = vec![];
        for index in 0..options.instances.max(1) {
            let stub = AwsStub::for_instance(&function.name, index, services, calls);
            instances.push(start_instance(function, stub, &env).await?);
        }
        let lambda = Lambda::new(function, instances, env.random);
        lambdas.insert(function.name.clone(), lambda);
    }
    Ok(lambdas)
}

async fn start_instance(
    function: &Function,
    stub: AwsStub,
    env: &Env,
) -> Result<functions::Instance, StartError> {
    let name = &function.name;
    let aws = Aws::new(env, stub)?;
    functions::start(name, &aws, env)
        .await
        .map_err(|error| StartError(format!("Could not start {name}: {error}")))
}

fn routes(template: &Template, functions: &BTreeMap<String, Lambda>) -> Routes<Lambda> {
    let mut routes = Routes::new();
    for function in &template.functions {
        let Some(lambda) = functions.get(&function.name) else {
            continue;
        };
        for route in &function.routes {
            routes.add(route, lambda.clone());
        }
    }
    routes
}
