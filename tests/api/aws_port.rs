//! `local --aws-port`: functions that run as processes of their own use the portal's AWS.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use kit::{ADA, World, parameters};
use local::template::REGION;
use local::{Options, Portal};
use reqwest::StatusCode;
use shared::app::App;
use shared::aws::{Aws, Https};
use shared::domain::address::EmailAddress;
use shared::env::Env;
use shared::lambda::Bootstrap;
use shared::random::Random;
use shared::store::Store;
use std::fs;

/// Returns a portal with these parameters, and the URL of its AWS.
pub(crate) async fn world_with_aws(pairs: &[(&str, &str)]) -> (World, String) {
    let world = World::of(Options {
        aws_port: Some(0),
        parameters: parameters(pairs),
        ..Options::default()
    });
    let world = world.await;
    let url = aws_url(&world.portal);
    (world, url)
}

/// Returns the address of a portal's AWS.
fn aws_url(portal: &Portal) -> String {
    let greeting = portal.greeting();
    let line = greeting.lines().find(|line| line.contains(" AWS "));
    line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// Returns a function's environment in lines that `cargo lambda watch --env-file` can read.
async fn env_file(url: &str, function: &str) -> String {
    let lines = reqwest::get(format!("{url}/environment/{function}"));
    let lines = lines.await.unwrap().text().await.unwrap();
    let pairs = lines.lines().map(|line| line.split_once('=').unwrap());
    // cargo-lambda refuses a file with values such as `#0b5cad` without quotes.
    pairs
        .map(|(name, value)| format!("{name}=\"{value}\"\n"))
        .collect::<String>()
        .replace(url, "http://127.0.0.1:4566")
}

#[tokio::test]
async fn the_env_file_of_cargo_lambda_fits_every_function_of_the_template() {
    let public_url = ("PublicUrl".to_owned(), "http://localhost:9000".to_owned());
    let options = Options {
        aws_port: Some(0),
        parameters: [public_url].into(),
        ..Options::default()
    };
    let portal = Portal::start(options).await.unwrap();
    let url = aws_url(&portal);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let file = fs::read_to_string(format!("{root}/infra/local/cargo-lambda.env")).unwrap();
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let committed: String = lines.map(|line| format!("{line}\n")).collect();
    for function in fs::read_dir(format!("{root}/functions")).unwrap() {
        let name = function.unwrap().file_name().into_string().unwrap();
        let expected = env_file(&url, &name).await;
        assert!(
            committed == expected,
            "the variables in infra/local/cargo-lambda.env should be, for {name}:\n{expected}"
        );
    }
}

/// Returns what the function `me` starts with outside the portal.
pub(crate) async fn function(world: &World, url: &str) -> (Aws, Env) {
    let lines = reqwest::get(format!("{url}/environment/me")).await.unwrap();
    let lines = lines.text().await.unwrap();
    let pairs = lines.lines().map(|line| line.split_once('=').unwrap());
    let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = Env::new(variables.collect(), world.clock.clock(), Random::system());
    let aws = Aws::new(&env, Https::trusting_amazon().unwrap()).unwrap();
    (aws, env)
}

/// Returns the configuration of the operator's command for a portal's AWS.
pub(crate) async fn operator(url: &str) -> SdkConfig {
    let http = SharedHttpConnector::new(Https::trusting_amazon().unwrap());
    let http = http_client_fn(move |_settings, _components| http.clone());
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(url)
        .http_client(http)
        .load()
        .await
}

#[tokio::test]
async fn a_function_outside_the_portal_starts_with_its_keys_and_reads_its_tables() {
    let (world, url) = world_with_aws(&[]).await;
    let _of_its_own_functions = world.portal.take_calls();
    let (aws, env) = function(&world, &url).await;
    App::start(&aws, &env).await.unwrap();

    let store = Store::new(&aws, env.get("TABLE_PREFIX").unwrap(), Random::system());
    let ada = EmailAddress::parse(ADA).unwrap();
    let user = store.find_user_by_address(&ada).await.unwrap();
    assert_eq!(user.unwrap().name, "Ada Lovelace");
    assert_eq!(world.portal.take_calls(), [], "nothing is recorded");
}

#[tokio::test]
async fn a_request_without_a_signature_or_for_an_unknown_function_is_refused() {
    let (_world, url) = world_with_aws(&[]).await;
    let unsigned = reqwest::get(&url).await.unwrap();
    assert_eq!(unsigned.status(), StatusCode::BAD_REQUEST);
    let unknown = reqwest::get(format!("{url}/environment/nothing")).await;
    assert_eq!(unknown.unwrap().status(), StatusCode::NOT_FOUND);
}
