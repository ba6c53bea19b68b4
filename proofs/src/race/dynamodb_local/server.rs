//! AWS's own DynamoDB Local: fetched once into `target/`, started on a free port in memory, stopped
//! with the proof.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Where it comes from: an npm package that carries it whole. npm checks what it downloads against
/// the registry's hash.
const PACKAGE: &str = "amplify-dynamodb-simulator@2.9.30";
/// How long fetching or starting may take, in tenths of a second.
const PATIENCE: usize = 3000;
/// DynamoDB Local keeps tables by access key and region, and checks no signature.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                             SignedHeaders=host, Signature=0";

/// It, running. Dropping it stops it.
pub(super) struct Server {
    process: Child,
    client: reqwest::Client,
    /// Where it listens.
    pub(super) url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _stopped = self.process.kill();
        let _reaped = self.process.wait();
    }
}

impl Server {
    /// Fetches it if need be, starts it, and waits until it answers.
    pub(super) async fn start() -> Result<Self, String> {
        let folder = PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../target/dynamodb-local"
        ));
        let emulator = fetched(&folder)?;
        let log = folder.join("log.txt");
        let port = free_port().map_err(|error| format!("there is no free port: {error}"))?;
        let (out, errors) = (create(&log)?, create(&log)?);
        let process = Command::new("java")
            .args([
                "-Djava.library.path=DynamoDBLocal_lib",
                "-jar",
                "DynamoDBLocal.jar",
                "-inMemory",
                "-port",
            ])
            .arg(port.to_string())
            .current_dir(emulator)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(|error| {
                format!("DynamoDB Local needs Java 17 or later, but `java` does not start: {error}")
            })?;
        let url = format!("http://127.0.0.1:{port}");
        let mut server = Self {
            process,
            client: reqwest::Client::new(),
            url,
        };
        for _ in 0..PATIENCE {
            if server.call("ListTables", &json!({})).await.is_ok() {
                return Ok(server);
            }
            if !matches!(server.process.try_wait(), Ok(None)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let said = fs::read_to_string(&log).unwrap_or_default();
        Err(format!(
            "DynamoDB Local does not answer (Java 17 or later is needed). It said: {said}"
        ))
    }

    /// Calls it as its JSON protocol has it.
    pub(super) async fn call(&self, operation: &str, body: &Value) -> Result<Value, String> {
        let request = self.client.post(&self.url).timeout(Duration::from_secs(10));
        let request = request
            .header("authorization", AUTHORIZATION)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .body(body.to_string());
        let answer = request
            .send()
            .await
            .map_err(|error| format!("{operation}: {error}"))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .map_err(|error| format!("{operation}: {error}"))?;
        if !status.is_success() {
            return Err(format!("{operation} was answered {status} {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{operation}: {error}"))
    }
}

/// The folder that holds `DynamoDBLocal.jar`.
fn fetched(folder: &Path) -> Result<PathBuf, String> {
    let package = folder.join("package");
    if !package.exists() {
        say(&format!(
            "fetching {PACKAGE} (57 MB) into target/dynamodb-local"
        ));
        let (archives, unpacking) = (folder.join("archive"), folder.join("unpacking"));
        for folder in [&archives, &unpacking] {
            let _old = fs::remove_dir_all(folder);
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        run(
            Command::new("npm")
                .args(["pack", "--silent", PACKAGE])
                .current_dir(&archives),
            "npm, to fetch it",
        )?;
        let archive = fs::read_dir(&archives)
            .ok()
            .and_then(|mut files| files.next()?.ok());
        let archive = archive.ok_or("npm fetched nothing")?.path();
        run(
            Command::new("tar")
                .arg("xzf")
                .arg(&archive)
                .arg("-C")
                .arg(&unpacking),
            "tar, to unpack it",
        )?;
        // Only what is whole gets the name.
        fs::rename(unpacking.join("package"), &package)
            .map_err(|error| format!("{}: {error}", package.display()))?;
        let _done = (fs::remove_dir_all(archives), fs::remove_dir_all(unpacking));
    }
    Ok(package.join("emulator"))
}

/// Runs a tool to its end, within patience.
fn run(command: &mut Command, what: &str) -> Result<(), String> {
    let failed = |why: String| format!("DynamoDB Local cannot be had: {what}: {why}");
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    for _ in 0..PATIENCE {
        match process
            .try_wait()
            .map_err(|error| failed(error.to_string()))?
        {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed(status.to_string())),
            None => sleep(Duration::from_millis(100)),
        }
    }
    let _stopped = (process.kill(), process.wait());
    Err(failed("it took more than five minutes".to_owned()))
}

fn create(path: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| format!("{}: {error}", path.display()))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[expect(
    clippy::disallowed_macros,
    reason = "this is for the person at the terminal, not a log"
)]
pub(super) fn say(what: &str) {
    eprintln!("{what}");
}
