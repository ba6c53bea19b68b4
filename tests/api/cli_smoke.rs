//! `vestibule smoke`, run against a local portal through a real socket.

use clap::Parser;
use cli::Arguments;
use cli::error::Error;
use kit::World;
use local::aws_stub::Fault;
use serde_json::{Value, json};
use shared::domain::paths::REQUEST_LOGIN;

/// Returns the portal's origin, which is also the issuer of its access tokens.
fn origin(world: &World) -> String {
    world.portal.url().replace("127.0.0.1", "localhost")
}

async fn smoke(world: &World, options: &[&str]) -> Result<String, Error> {
    let url = origin(world);
    let all = ["vestibule", "smoke", "--api", &url].into_iter();
    let all = all.chain(options.iter().copied());
    let arguments = Arguments::try_parse_from(all).unwrap_or_else(|error| unreachable!("{error}"));
    cli::run(arguments, &world.clock.clock()).await
}

#[tokio::test]
async fn nothing_is_wrong_with_portals_of_every_kind() {
    let kinds: [&[(&str, &str)]; 4] = [
        &[],
        &[("FrontendUrl", "")],
        &[("Activation", "link"), ("SelfSignUp", "on")],
        &[("AccessTokens", "on")],
    ];
    for parameters in kinds {
        let world = World::with(parameters).await;
        for _ in 0..2 {
            let report = smoke(&world, &[]).await;
            let expected = format!("{}: found nothing wrong.", origin(&world));
            assert_eq!(report, Ok(expected), "{parameters:?}");
        }
        world.settle().await;
        assert!(world.emails().await.is_empty(), "smoke sends no email");
        assert!(world.rows("sessions").is_empty());
    }
}

#[tokio::test]
async fn a_database_that_is_down_is_found() {
    let world = World::start().await;
    world.inject(Fault::FailBefore, |call| call.service == "dynamodb");
    let report = smoke(&world, &["--json"]).await;
    let Err(Error::Found(report)) = report else {
        unreachable!("{report:?}");
    };
    let report: Value = serde_json::from_str(&report).unwrap();
    let problem = format!("{REQUEST_LOGIN} responds with the status 503, and not with 200.");
    let problems = report["findings"].as_array().unwrap().iter();
    let problems: Vec<_> = problems.map(|finding| &finding["problem"]).collect();
    assert!(problems.contains(&&json!(problem)), "{problems:?}");
}

#[tokio::test]
async fn a_portal_that_is_not_there_is_one_finding() {
    let world = World::start().await;
    let all = ["vestibule", "smoke", "--api", "http://127.0.0.1:9"];
    let arguments = Arguments::try_parse_from(all).unwrap();
    let report = cli::run(arguments, &world.clock.clock()).await;
    let Err(Error::Found(report)) = report else {
        unreachable!("{report:?}");
    };
    assert!(
        report.contains("found one thing that is wrong."),
        "{report}"
    );
    assert!(report.contains("Could not reach 127.0.0.1:9: "), "{report}");
}
