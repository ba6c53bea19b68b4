//! `vestibule keys`, run against a local portal's AWS.

use crate::aws_port::{function, operator, world_with_aws};
use aws_config::SdkConfig;
use clap::Parser;
use cli::error::Error;
use cli::keys;
use cli::stack::Stack;
use kit::{ADA, ApiClient, World, mins, parameters};
use serde_json::{Value, json};
use shared::app::App;
use shared::domain::portal::PortalName;
use shared::domain::time::{DAY, HOUR};
use shared::lambda::Bootstrap;
use std::collections::BTreeSet;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: keys::Command,
}

/// Returns the stack of a portal whose sessions last two hours.
pub(crate) fn stack(world: &World, key_ring: &str) -> Stack {
    Stack {
        name: local::template::STACK.to_owned(),
        portal: PortalName::parse("partner").unwrap(),
        api_url: world.portal.url(),
        admin_url: world.portal.url(),
        key_ring: key_ring.to_owned(),
        access_token_key: None,
        parameters: parameters(&[
            ("SessionHours", "2"),
            ("LinkMinutes", "15"),
            ("ActivationHours", "72"),
            ("AuditDays", "400"),
            ("TableMaximumUnits", "1000"),
        ]),
        tags: parameters(&[("team", "portal")]),
    }
}

/// An operator of a portal whose sessions last two hours.
struct Operator<'w> {
    world: &'w World,
    url: String,
    aws: SdkConfig,
    stack: Stack,
}

async fn world() -> (World, String) {
    world_with_aws(&[
        ("SessionHours", "2"),
        ("RequestsPerNetworkHour", "100000"),
        ("EmailsPerHour", "1000"),
        ("EmailsPerDay", "10000"),
    ])
    .await
}

impl<'w> Operator<'w> {
    async fn new(world: &'w World, url: String) -> Self {
        let (_, env) = function(world, &url).await;
        Self {
            world,
            aws: operator(&url).await,
            url,
            stack: stack(world, env.get("KEY_RING_SECRET").unwrap()),
        }
    }

    /// Runs `vestibule keys` with these arguments.
    async fn run(&self, arguments: &[&str]) -> Result<Value, Error> {
        let arguments = [&["keys"], arguments, &["--stack", "vestibule", "--json"]].concat();
        let command = Arguments::try_parse_from(arguments).unwrap().command;
        let now = self.world.clock.now();
        let printed = keys::run(&command, &self.aws, &self.stack, now).await?;
        let ring: Value = serde_json::from_str(&self.world.portal.key_ring().unwrap()).unwrap();
        for secret in ring["keys"].as_array().unwrap().iter().chain([&ring]) {
            let secret = secret["secret"]
                .as_str()
                .or(secret["root"].as_str())
                .unwrap();
            assert!(!printed.contains(secret), "{printed}");
        }
        Ok(serde_json::from_str(&printed).unwrap())
    }

    /// Starts a function with the key ring as it is now.
    async fn start_function(&self) {
        let (aws, env) = function(self.world, &self.url).await;
        App::start(&aws, &env).await.unwrap();
    }
}

fn kids(view: &Value) -> Vec<String> {
    let keys = view["ring"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn refusal(result: Result<Value, Error>) -> String {
    assert!(matches!(result, Err(Error::Refused(_))), "{result:?}");
    result.unwrap_err().to_string()
}

#[tokio::test]
async fn twenty_rotations_under_traffic_sign_nobody_out_and_stop_no_cold_start() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    let mut clients: Vec<ApiClient<'_>> = vec![];
    let mut used = BTreeSet::from(["1".to_owned()]);
    let mut retired = 0;
    for rotation in 0..20 {
        let requester = world.client();
        let email = requester.receive_login_email(ADA).await;
        let added = kids(&operator.run(&["rotate", "--ring"]).await.unwrap());
        assert!(used.insert(added.last().unwrap().clone()), "{added:?}");
        operator.start_function().await;
        let again = refusal(operator.run(&["rotate", "--ring"]).await);
        assert!(again.starts_with("A rotation is under way"), "{again}");

        // Links of the old key work while the new one waits, and sessions when it signs.
        world.clock.advance(mins(14));
        requester.verify_link(&email.token()).await.assert("200");
        clients.push(requester);
        world.clock.advance(mins(5));
        let late = world.client();
        late.sign_in_by_link(ADA).await;
        let token = late.session().unwrap();
        let kid = jsonwebtoken::decode_header(token).unwrap().kid;
        assert_eq!(kid.as_ref(), added.last(), "rotation {rotation}");
        clients.push(late);
        for client in &clients {
            client.me().await.assert("200");
        }
        world.clock.advance(mins(30));
        if operator.run(&["retire", "--ring"]).await.is_ok() {
            retired += 1;
            operator.start_function().await;
        }
        for client in &clients {
            client.me().await.assert("200");
        }
        // Those of the last rotation but one are about to expire. Every fifth time, weeks pass.
        let keep = if rotation % 5 == 4 { 0 } else { 2 };
        world
            .clock
            .advance(mins(if keep == 0 { 60 * 24 * 9 } else { 30 }));
        clients.drain(..clients.len().saturating_sub(keep));
    }
    assert!(retired >= 3, "{retired}");
}

#[tokio::test]
async fn an_id_is_never_used_twice() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    let mut used = BTreeSet::new();
    for command in ["rotate", "rotate", "retire", "rotate", "revert", "rotate"] {
        let ring: &[&str] = if command == "revert" {
            &[]
        } else {
            &["--ring"]
        };
        let view = operator.run(&[&[command], ring].concat()).await.unwrap();
        if command == "rotate" {
            let kid = kids(&view).pop().unwrap();
            assert!(used.insert(kid.clone()), "{kid} again");
        }
        operator.start_function().await;
        world
            .clock
            .advance(if command == "rotate" && used.len() < 3 {
                DAY * 8
            } else {
                mins(1)
            });
    }
    assert_eq!(used.len(), 4);
}

#[tokio::test]
async fn a_key_is_retired_when_nothing_that_it_signed_lives() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    let nothing = refusal(operator.run(&["retire", "--ring"]).await);
    assert!(nothing.starts_with("No key is superseded"), "{nothing}");
    let first = kids(&operator.run(&["rotate", "--ring"]).await.unwrap())[1].clone();
    world.clock.advance(mins(15));
    operator.run(&["rotate", "--ring"]).await.unwrap();
    // The second one takes over after 15 minutes. An hour later every instance must know, and the
    // links of notices live for 7 days.
    world.clock.advance(mins(15));
    world.clock.advance(HOUR + DAY * 7 - mins(1));
    let early = refusal(operator.run(&["retire", "--ring"]).await);
    let until = format!("the key {first} has signed may work until 28 November 2026 at 15:30 UTC");
    assert!(early.contains(&until), "{early}");
    world.clock.advance(mins(1));
    let left = kids(&operator.run(&["retire", "--ring"]).await.unwrap());
    assert_eq!((left.len(), left.contains(&first)), (2, false));
}

#[tokio::test]
async fn a_session_and_the_invitation_that_began_it_may_outlive_a_notice() {
    let (world, url) = world().await;
    let mut operator = Operator::new(&world, url).await;
    for (session, invitation, days) in [("24", "72", 7), ("720", "72", 33), ("720", "720", 60)] {
        let hours = [("SessionHours", session), ("ActivationHours", invitation)];
        operator.stack.parameters.extend(parameters(&hours));
        assert_eq!(operator.stack.token_lifetime(), Ok(DAY * days));
    }
    operator.stack.parameters.remove("LinkMinutes");
    assert!(operator.stack.token_lifetime().is_err());
}

#[tokio::test]
async fn a_ring_is_reverted_unless_that_signs_somebody_out() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    assert!(
        operator.run(&["revert"]).await.is_err(),
        "nothing to return to"
    );
    let before = world.portal.key_ring();
    operator.run(&["rotate", "--ring"]).await.unwrap();
    operator.run(&["revert"]).await.unwrap();
    assert_eq!(world.portal.key_ring(), before);
    operator.run(&["revert"]).await.unwrap();
    world.clock.advance(mins(15));
    let late = refusal(operator.run(&["revert"]).await);
    assert!(late.contains("would end"), "{late}");

    // A ring that was damaged by hand stops every function, and is reverted.
    let good = world.portal.key_ring();
    let mut twice: Value = serde_json::from_str(good.as_deref().unwrap()).unwrap();
    twice["keys"] = json!([twice["keys"][0], twice["keys"][0]]);
    world.portal.set_key_ring(Some(twice.to_string()));
    let invalid = operator.run(&["rotate", "--ring"]).await;
    assert!(matches!(invalid, Err(Error::Failed(_))), "{invalid:?}");
    operator.run(&["revert"]).await.unwrap();
    assert_eq!(world.portal.key_ring(), good);
    operator.start_function().await;
}

#[tokio::test]
async fn only_one_of_two_rotations_at_the_same_time_is_written() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    let one = operator.run(&["rotate", "--ring"]);
    let other = operator.run(&["rotate", "--ring"]);
    let (one, other) = tokio::join!(one, other);
    assert_eq!([one, other].iter().filter(|run| run.is_ok()).count(), 1);
    let view = operator.run(&["status"]).await.unwrap();
    assert_eq!(kids(&view).len(), 2);
    assert_eq!(view["ring"][0]["state"], "signing");
    assert_eq!(view["ring"][1]["state"], "next");
    operator.start_function().await;
}

#[tokio::test]
async fn a_leaked_ring_is_replaced_and_never_reverted_to() {
    let (world, url) = world().await;
    let operator = Operator::new(&world, url).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let leaked = world.portal.key_ring();
    let why = refusal(operator.run(&["replace"]).await);
    assert!(why.contains("signs everybody out"), "{why}");
    assert_eq!(world.portal.key_ring(), leaked);
    let view = operator.run(&["replace", "--yes"]).await.unwrap();
    assert_eq!(kids(&view), ["1"]);
    assert_ne!(world.portal.key_ring(), leaked);
    operator.start_function().await;
    world.clock.advance(mins(5));
    client.me().await.assert("401 not-authenticated");
    world.client().sign_in_by_link(ADA).await;
    let back = refusal(operator.run(&["revert"]).await);
    assert!(back.contains("would end"), "{back}");
}
