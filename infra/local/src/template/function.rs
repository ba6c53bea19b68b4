//! The functions: environment, permissions, routes, streams and schedules.

use super::evaluate::Evaluator;
use super::mapping::MappingSettings;
use super::role;
use crate::json::at;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A function as the template declares it.
#[derive(Debug)]
pub struct Function {
    /// The name of its package, binary and directory, such as `request-login`.
    pub name: String,
    /// The variables in the template, without those that Lambda adds.
    pub environment: BTreeMap<String, String>,
    /// The actions and resources that the function's role allows for its own calls.
    pub grants: Vec<(String, String)>,
    /// The actions and resources that the role allows for what Lambda does in its name.
    pub runtime_grants: Vec<(String, String)>,
    pub timeout: Duration,
    pub routes: Vec<Route>,
    pub streams: Vec<MappingSettings>,
    pub schedules: Vec<Schedule>,
}

/// A route of the HTTP API.
#[derive(Clone, Debug)]
pub struct Route {
    /// The HTTP method in capitals, or `ANY`.
    pub method: String,
    /// The path with its variable parts, such as `/auth/verify/{token}`. A last part such as
    /// `{proxy+}` stands for one part and more.
    pub path: String,
    /// Set if calls must be signed (`AWS_IAM`).
    pub signed: bool,
}

impl Route {
    /// Returns the route's key, such as `POST /auth/verify`.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns whether the last part of the path stands for one part and more.
    pub fn is_greedy(&self) -> bool {
        self.path.ends_with("+}")
    }
}

/// A schedule on which a function is invoked.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The time between two invocations.
    pub interval: Duration,
    /// The event that the function receives.
    pub input: Value,
}

pub(super) fn read(
    evaluator: &Evaluator<'_>,
    resource: &Value,
    globals: &Value,
) -> Result<Function, String> {
    let properties = at(resource, "/Properties");
    let timeout = at(properties, "/Timeout")
        .as_u64()
        .or(at(globals, "/Timeout").as_u64())
        .unwrap_or(3);
    let (runtime_grants, grants) = role::grants(evaluator, at(properties, "/Role"))?;
    let mut function = Function {
        name: evaluator.text(at(resource, "/Metadata/BuildProperties/Binary"))?,
        environment: BTreeMap::new(),
        grants,
        runtime_grants,
        timeout: Duration::from_secs(timeout),
        routes: vec![],
        streams: vec![],
        schedules: vec![],
    };
    for variables in [
        at(globals, "/Environment/Variables"),
        at(properties, "/Environment/Variables"),
    ] {
        for (name, value) in variables.as_object().into_iter().flatten() {
            function
                .environment
                .insert(name.clone(), evaluator.text(value)?);
        }
    }
    for (name, event) in at(properties, "/Events").as_object().into_iter().flatten() {
        let properties = at(event, "/Properties");
        match at(event, "/Type").as_str().unwrap_or_default() {
            "HttpApi" => function.routes.push(route(evaluator, name, properties)?),
            "DynamoDB" => function.streams.push(evaluator.typed(properties)?),
            "Schedule" => function.schedules.push(schedule(evaluator, properties)?),
            // Topics and queues have no source here. Tests invoke the function instead.
            _ => {}
        }
    }
    Ok(function)
}

fn route(evaluator: &Evaluator<'_>, event: &str, properties: &Value) -> Result<Route, String> {
    let signed = match at(properties, "/Auth/Authorizer").as_str() {
        Some("AWS_IAM") => true,
        None => false,
        Some(other) => {
            return Err(format!(
                "the event {event} uses {other}, which is not supported here"
            ));
        }
    };
    Ok(Route {
        method: evaluator.text(at(properties, "/Method"))?.to_uppercase(),
        path: evaluator.text(at(properties, "/Path"))?,
        signed,
    })
}

/// Reads `rate(<n> minutes)`. Other units and cron expressions are not supported.
fn schedule(evaluator: &Evaluator<'_>, properties: &Value) -> Result<Schedule, String> {
    let text = evaluator.text(at(properties, "/Schedule"))?;
    let rate = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rate| rate.split_once(' '));
    let minutes = rate
        .filter(|(_, unit)| unit.starts_with("minute"))
        .and_then(|(number, _)| number.parse::<u64>().ok())
        .ok_or_else(|| format!("the schedule {text} is not a rate in minutes"))?;
    let input = evaluator.text(at(properties, "/Input"))?;
    Ok(Schedule {
        interval: Duration::from_secs(60 * minutes),
        input: serde_json::from_str(&input)
            .map_err(|_| format!("the input of the schedule {text} is not JSON"))?,
    })
}
