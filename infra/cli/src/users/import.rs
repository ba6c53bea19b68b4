//! `vestibule users import` adds the users of a file in JSON lines.

use super::pretty;
use crate::api::Api;
use crate::error::Error;
use crate::problem;
use serde::Serialize;
use serde_json::{Value, json};
use shared::domain::address::EmailAddress;
use shared::domain::paths::IMPORT_USERS;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};
use tokio::time::sleep;

/// The most users of one call.
const BATCH: usize = 25;
/// Waits before a batch is sent again that the portal could not take.
const PAUSES: [u64; 4] = [1, 2, 4, 8];

#[derive(Default, Serialize)]
struct Report {
    created: usize,
    existed: usize,
    refused: Vec<Refused>,
}

/// A line that was not imported. Its contents are not repeated, as they may be a hash.
#[derive(Serialize)]
struct Refused {
    line: usize,
    reason: String,
}

/// A user, and the number of their line.
struct Entry {
    line: usize,
    user: Value,
}

/// Imports a file, and tells the progress on the standard error.
///
/// # Errors
/// [`Error::Found`] with the report if a line was refused, [`Error::Failed`] if the portal did not
/// take a batch.
pub(super) async fn run(api: &Api, file: &Path, as_json: bool) -> Result<String, Error> {
    let mut report = Report::default();
    let entries = parse(&read(file)?, &mut report);
    let mut done = 0;
    for batch in entries.chunks(BATCH) {
        import(api, batch, &mut report).await?;
        done += batch.len();
        let progress = format!("{done} of {} users\n", entries.len());
        let _shown = io::stderr().write_all(progress.as_bytes());
    }
    report.refused.sort_by_key(|refused| refused.line);
    let output = if as_json {
        pretty(&json!(report))
    } else {
        report.text()
    };
    if report.refused.is_empty() {
        Ok(output)
    } else {
        Err(Error::Found(output))
    }
}

impl Report {
    fn refuse(&mut self, line: usize, reason: impl Into<String>) {
        let reason = reason.into();
        self.refused.push(Refused { line, reason });
    }

    fn text(&self) -> String {
        let counts = format!(
            "{} created, {} existed already, {} refused.",
            self.created,
            self.existed,
            self.refused.len()
        );
        let refused = self.refused.iter();
        let lines = refused.map(|refused| format!("line {}: {}", refused.line, refused.reason));
        lines.chain([counts]).collect::<Vec<_>>().join("\n")
    }
}

fn read(file: &Path) -> Result<String, Error> {
    let text = if file == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(file)
    };
    text.map_err(|error| Error::Failed(format!("Could not read {}: {error}.", file.display())))
}

/// Returns the users of the lines that have one, each address once. Empty lines are left out.
fn parse(text: &str, report: &mut Report) -> Vec<Entry> {
    let (mut entries, mut seen) = (vec![], HashMap::new());
    for (index, text) in text.lines().enumerate() {
        let line = index + 1;
        if text.trim().is_empty() {
            continue;
        }
        let user = match serde_json::from_str::<Value>(text) {
            Ok(user) if user.is_object() => user,
            _ => {
                report.refuse(line, "This is not a JSON object on one line.");
                continue;
            }
        };
        let email = user.get("email").and_then(Value::as_str);
        if let Some(address) = email.and_then(EmailAddress::parse) {
            let first = *seen.entry(address.to_string()).or_insert(line);
            if first != line {
                report.refuse(line, format!("Line {first} has the same address."));
                continue;
            }
        }
        entries.push(Entry { line, user });
    }
    entries
}

/// Imports a batch. One line that cannot be read fails the call, so each is then sent alone.
async fn import(api: &Api, batch: &[Entry], report: &mut Report) -> Result<(), Error> {
    if !send(api, batch, report).await? {
        for entry in batch.chunks(1) {
            send(api, entry, report).await?;
        }
    }
    Ok(())
}

/// Sends users until each is created, exists or is refused. Returns false if the call as a whole
/// was refused, for more users than one.
async fn send(api: &Api, batch: &[Entry], report: &mut Report) -> Result<bool, Error> {
    let mut waiting: Vec<&Entry> = batch.iter().collect();
    let mut pauses = PAUSES.iter();
    loop {
        let users: Vec<_> = waiting.iter().map(|entry| &entry.user).collect();
        let response = api
            .send("POST", IMPORT_USERS, Some(&json!({ "users": users })))
            .await?;
        match (response.status, waiting.as_slice()) {
            (200, _) => waiting = take(&response.json(), waiting, report),
            (400 | 413, [entry]) => {
                report.refuse(entry.line, reason(&response.json()));
                return Ok(true);
            }
            (400 | 413, _) => return Ok(false),
            (429 | 500..=599, _) => {}
            (status, _) => return Err(problem::explain(status, &response.body)),
        }
        if waiting.is_empty() {
            return Ok(true);
        }
        let Some(pause) = pauses.next() else {
            let line = waiting.first().map_or(0, |entry| entry.line);
            return Err(Error::Failed(format!(
                "The portal did not take line {line}. Run the same command again later: it goes on \
                 where it stopped."
            )));
        };
        sleep(Duration::from_secs(*pause)).await;
    }
}

/// Counts the results of a call, and returns the users that are to be sent again.
fn take<'a>(response: &Value, sent: Vec<&'a Entry>, report: &mut Report) -> Vec<&'a Entry> {
    let mut again = vec![];
    let results = response.get("results").and_then(Value::as_array);
    let results = results.into_iter().flatten().map(Some);
    let results = results.chain(std::iter::repeat(None));
    for (entry, result) in sent.into_iter().zip(results) {
        let problem = result.and_then(|result| result.get("problem"));
        match (result, problem.and_then(Value::as_str)) {
            (Some(_), None) => report.created += 1,
            (Some(_), Some("already-exists")) => report.existed += 1,
            (None, _) | (_, Some("unavailable")) => again.push(entry),
            (Some(result), Some(_)) => report.refuse(entry.line, reason(result)),
        }
    }
    again
}

/// Returns the sentence of a problem, after the field unless the sentence names it.
fn reason(problem: &Value) -> String {
    let text = |name| problem.get(name).and_then(Value::as_str);
    let sentence = text("detail").or_else(|| text("title"));
    let sentence = sentence.unwrap_or("The portal refused the line.");
    let field = text("field").map(|field| field.trim_start_matches("users[0]."));
    match field {
        Some(field) if !sentence.contains(field) => format!("`{field}`: {sentence}"),
        _ => sentence.to_owned(),
    }
}
