//! Runs the session with curl that `docs/api.md` shows.

use std::process::Stdio;
use tests::World;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_curl_session_signs_in_and_out() {
    let page = include_str!("../../docs/api.md");
    let script = page
        .split("```sh\n")
        .map(|rest| rest.split("```").next().unwrap())
        .find(|block| block.contains("localhost"));
    let world = World::start().await;
    let script = script
        .unwrap()
        .replace("http://localhost:8787", &world.portal.url());
    assert!(script.contains(&world.portal.url()));
    let output = Command::new("bash")
        .arg("-euc")
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .await;
    let output = output.expect("bash and curl are on every machine that has rustup");
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = said.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines.len(),
        5,
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = [
        "we'll send it a sign-in link",
        "expires_at",
        "Ada Lovelace",
        r#"{"success":true}"#,
        "not-authenticated",
    ];
    for (line, words) in lines.iter().zip(expected) {
        assert!(line.contains(words), "{words} is not in {line}");
    }
}
