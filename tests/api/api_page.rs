//! Runs the commands of docs/api.md.

use kit::World;
use std::process::Stdio;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_api_page_sign_in_and_out() {
    let page = include_str!("../../docs/api.md");
    let mut scripts = page
        .split("```sh\n")
        .map(|rest| rest.split("```").next().unwrap());
    let script = scripts.find(|script| script.contains("localhost")).unwrap();
    let world = World::start().await;
    let script = script.replace("http://localhost:8787", &world.portal.url());
    assert!(script.contains(&world.portal.url()));
    let output = Command::new("bash")
        .arg("-euc")
        .arg(script)
        .stdin(Stdio::null())
        .output();
    let output = output.await.expect("bash and curl are installed");
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(lines.len(), 5, "{printed} {errors}");
    let expected = [
        "we’ll send a link and a code to it",
        "expires_at",
        "Ada Lovelace",
        r#"{"success":true}"#,
        "null",
    ];
    for (line, text) in lines.iter().zip(expected) {
        assert!(line.contains(text), "{text} is not in {line}");
    }
}
