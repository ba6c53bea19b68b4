//! Functions: memory, environment, and how many may run.

use super::Patient;
use super::template::{Resource, is_same};
use crate::error::Error;
use crate::findings::Findings;
use crate::services::LAMBDA_API;
use serde_json::Value;

/// The functions that hash passwords, by their logical ids.
const HASHING: [&str; 5] = ["SignIn", "Confirm", "ChangePassword", "Activate", "Reset"];
/// The memory that a function needs besides that of a hash, in MB.
const BESIDE_HASH_MB: u64 = 96;
/// The time of a hash with the default parameters on a whole processor, at worst, in ms.
const DEFAULT_HASH_MS: u64 = 40;
/// Memory with which Lambda allots a whole processor, in MB.
const WHOLE_PROCESSOR_MB: u64 = 1769;
/// The time from which users take a sign-in for broken, in ms.
const SLOW_MS: u64 = 500;
/// A new account begins with as few as ten concurrent invocations.
const FEW_INVOCATIONS: u64 = 100;

/// Compares each function with the template, and its memory with what a hash takes.
pub(super) async fn settings(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    for function in patient.template.resources("AWS::Lambda::Function") {
        let segments = ["functions", function.physical, "configuration"];
        match patient.services.lambda(LAMBDA_API, &segments).await {
            Ok(actual) => {
                sizes(&function, &actual, findings);
                environment(&function, &actual, findings);
                if HASHING.contains(&function.logical) {
                    hash(patient, &function, &actual, findings);
                }
            }
            Err(error) => findings.note(Err(error)),
        }
    }
    Ok(())
}

fn sizes(function: &Resource<'_>, actual: &Value, findings: &mut Findings) {
    for (name, option) in [("MemorySize", "--memory-size"), ("Timeout", "--timeout")] {
        let (Some(expected), Some(found)) = (function.property(&[name]), actual.get(name)) else {
            continue;
        };
        if !is_same(&expected, found) {
            let Resource {
                logical, physical, ..
            } = function;
            findings.add(
                format!(
                    "{name} of the function {logical} is {found}, and {expected} in the template."
                ),
                format!(
                    "aws lambda update-function-configuration --function-name {physical} {option} \
                     {expected}"
                ),
            );
        }
    }
}

/// Names the variables that are not as the template and the parameters say.
fn environment(function: &Resource<'_>, actual: &Value, findings: &mut Findings) {
    let expected = function.properties(&["Environment", "Variables"]);
    let found = actual.pointer("/Environment/Variables");
    let differs = |(name, value): &(&String, &Value)| {
        let found = found.and_then(|found| found.get(name.as_str()));
        !found.is_some_and(|found| is_same(value, found))
    };
    let names = expected.iter().filter(differs);
    let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let (logical, names) = (function.logical, names.join(", "));
        findings.add(
            format!("The environment of {logical} is not that of the parameters: {names}."),
            "Deploy with another AccentColor and then with yours, so that CloudFormation sets all \
             variables again.",
        );
    }
}

/// Compares the memory with the Argon2 parameters that are set now, and those before.
fn hash(patient: &Patient, function: &Resource<'_>, actual: &Value, findings: &mut Findings) {
    let current = [
        patient
            .stack
            .parameter("Argon2MemoryKib")
            .parse()
            .unwrap_or(19_456),
        patient.stack.parameter("Argon2Passes").parse().unwrap_or(2),
    ];
    let previous = previous(patient.stack.parameter("PreviousArgon2"));
    let hashes = || std::iter::once(current).chain(previous);
    let most_kib = hashes().map(|[kib, _]| kib).max().unwrap_or_default();
    let work: u64 = hashes().map(|[kib, passes]| kib * passes).sum();
    let memory = actual.get("MemorySize").and_then(Value::as_u64);
    let memory = memory.unwrap_or(WHOLE_PROCESSOR_MB);
    let needed = most_kib.div_ceil(1024) + BESIDE_HASH_MB;
    let share = memory.clamp(1, WHOLE_PROCESSOR_MB);
    let millis = work * DEFAULT_HASH_MS * WHOLE_PROCESSOR_MB / (19_456 * 2 * share);
    let Resource {
        logical, physical, ..
    } = function;
    let problem = if memory < needed {
        format!(
            "The function {logical} has {memory} MB, and a hash of {most_kib} KiB takes {needed} \
             MB: nobody can use a password."
        )
    } else if millis > SLOW_MS {
        format!("The hash of a password takes about {millis} ms with {memory} MB in {logical}.")
    } else {
        return;
    };
    let wanted = needed
        .max(share * millis / SLOW_MS + 1)
        .next_multiple_of(256);
    let fix = format!(
        "aws lambda update-function-configuration --function-name {physical} --memory-size \
         {wanted}, or lower Argon2MemoryKib and Argon2Passes"
    );
    findings.add(problem, fix);
}

/// Reads memory and passes from `m=19456,t=2,p=1`.
fn previous(text: &str) -> Option<[u64; 2]> {
    let mut parts = text.split(',').filter_map(|part| part.split_once('='));
    let mut next = |wanted| parts.find(|(name, _)| *name == wanted)?.1.parse().ok();
    Some([next("m")?, next("t")?])
}

/// Checks how many functions may run concurrently in the account.
pub(super) async fn concurrency(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let settings = patient
        .services
        .lambda("2016-08-19", &["account-settings"])
        .await?;
    let limit = settings.pointer("/AccountLimit/UnreservedConcurrentExecutions");
    if let Some(limit) = limit
        .and_then(Value::as_u64)
        .filter(|limit| *limit < FEW_INVOCATIONS)
    {
        findings.add(
            format!("Only {limit} functions may run at a time in this account and region."),
            "aws service-quotas request-service-quota-increase --service-code lambda --quota-code \
             L-B99A9384 --desired-value 1000",
        );
    }
    Ok(())
}
