//! `template.yaml`, evaluated: what a deployment would create, as far as one process can be it.

mod evaluate;
mod parameters;
mod yaml;

use crate::json::at;
use evaluate::Scope;
use parameters::text_of;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::config::StartError;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

/// The stack's name, and with it the first part of the tables' names.
pub const STACK: &str = "vestibule";
/// The region everything seems to be in.
pub const REGION: &str = "us-east-1";
/// The account everything seems to belong to.
pub const ACCOUNT: &str = "000000000000";

/// The API's id.
pub(crate) const API: &str = "local";

const TEXT: &str = include_str!("../../../../template.yaml");

/// What the template declares.
#[derive(Debug)]
pub struct Template {
    /// The functions.
    pub functions: Vec<Function>,
    /// The tables.
    pub tables: Vec<Table>,
    /// What the API says to browsers; `None` where it says nothing.
    pub cors: Option<Cors>,
    /// The secret that holds the key ring.
    pub key_ring: KeyRingSecret,
}

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Package, binary and directory: `request-login`.
    pub name: String,
    /// Its environment as the template gives it, without what Lambda adds.
    pub environment: BTreeMap<String, String>,
    /// What its role allows: action and resource, as the function's own policies have them.
    pub grants: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Duration,
    /// What it answers.
    pub routes: Vec<Route>,
    /// The streams it reads.
    pub streams: Vec<Mapping>,
    /// When it is invoked by the clock.
    pub schedules: Vec<Schedule>,
}

/// A schedule: how often, and with what.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How long from one invocation to the next.
    pub every: Duration,
    /// The event.
    pub input: Value,
}

/// One route: `POST /auth/verify`.
#[derive(Debug)]
pub struct Route {
    /// `POST`, or `ANY`.
    pub method: String,
    /// `/auth/verify/{token}`.
    pub path: String,
    /// Whether calls must be signed: `AWS_IAM`.
    pub signed: bool,
}

/// An event source mapping of a table's stream, with the properties of SAM's `DynamoDB` event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Mapping {
    /// The stream's ARN.
    pub stream: String,
    /// `TRIM_HORIZON` or `LATEST`.
    pub starting_position: String,
    /// How many records go into an invocation at most.
    #[serde(default = "hundred")]
    pub batch_size: usize,
    /// Whether a batch that failed as a whole is halved.
    #[serde(default)]
    pub bisect_batch_on_function_error: bool,
    /// How often a batch that failed is tried again; less than 0 is for ever.
    #[serde(default = "for_ever")]
    pub maximum_retry_attempts: i64,
    /// How old a record may become; 0 and less is for ever.
    #[serde(default)]
    pub maximum_record_age_in_seconds: i64,
    /// Holds `ReportBatchItemFailures` where the answer says which records failed.
    #[serde(default)]
    pub function_response_types: Vec<String>,
    #[serde(default)]
    filter_criteria: FilterCriteria,
    /// Where the metadata of discarded records goes: nowhere here, they are counted.
    #[serde(default, rename = "DestinationConfig")]
    _destination_config: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its full name.
    pub name: String,
    /// The body of its `CreateTable`.
    pub create: Value,
    /// The attribute that says when an item may go.
    pub ttl: Option<String>,
}

/// The API's `CorsConfiguration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Cors {
    /// Whose pages may call.
    pub allow_origins: Vec<String>,
    /// Whether they may send cookies.
    #[serde(default)]
    pub allow_credentials: bool,
    /// The methods they may use.
    #[serde(default)]
    pub allow_methods: Vec<String>,
    /// The headers they may send.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// The headers they may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    #[serde(default)]
    pub max_age: Option<u64>,
}

/// How the secret comes about.
#[derive(Debug)]
pub struct KeyRingSecret {
    /// What functions ask Secrets Manager for.
    pub arn: String,
    /// The secret before its password is put in: an object.
    pub template: Map<String, Value>,
    /// Where the password is put in.
    pub key: String,
    /// How long the password is.
    pub length: usize,
}

impl Template {
    /// Evaluates the template with `overrides` in place of its parameters' defaults.
    ///
    /// # Errors
    /// What cannot be evaluated, in a sentence.
    pub fn read(overrides: &BTreeMap<String, String>) -> Result<Self, StartError> {
        // Tests start many portals in one process: the text is parsed once.
        static WHOLE: LazyLock<Result<Value, String>> = LazyLock::new(|| yaml::parse(TEXT));
        let read = WHOLE
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|whole| read(whole, overrides));
        read.map_err(|why| StartError(format!("template.yaml is invalid: {why}.")))
    }

    /// The same of another template's text.
    ///
    /// # Errors
    /// What cannot be read or evaluated, in a sentence.
    pub fn of(text: &str, overrides: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let read = yaml::parse(text).and_then(|whole| read(&whole, overrides));
        read.map_err(|why| StartError(format!("The template is invalid: {why}.")))
    }
}

impl Mapping {
    /// The table whose stream it is.
    pub fn table(&self) -> &str {
        self.stream.split('/').nth(1).unwrap_or_default()
    }

    /// The filters' patterns: a record that matches one goes through, and without any, every record
    /// does.
    ///
    /// # Errors
    /// A pattern that is not JSON.
    pub fn patterns(&self) -> Result<Vec<Value>, StartError> {
        let parse = |filter: &Filter| serde_json::from_str(&filter.pattern);
        let patterns = self
            .filter_criteria
            .filters
            .iter()
            .map(parse)
            .collect::<Result<_, _>>();
        patterns
            .map_err(|error| StartError(format!("A filter in template.yaml is not JSON: {error}.")))
    }
}

const fn hundred() -> usize {
    100
}

const fn for_ever() -> i64 {
    -1
}

fn read(whole: &Value, overrides: &BTreeMap<String, String>) -> Result<Template, String> {
    let parameters = parameters::read(at(whole, "/Parameters"), overrides)?;
    let scope = Scope::new(
        parameters,
        at(whole, "/Conditions"),
        at(whole, "/Resources"),
    );
    let globals = at(whole, "/Globals/Function");
    let (mut functions, mut tables, mut cors, mut key_ring) = (vec![], vec![], None, None);
    for (name, resource) in at(whole, "/Resources").as_object().into_iter().flatten() {
        let properties = at(resource, "/Properties");
        match at(resource, "/Type").as_str().unwrap_or_default() {
            "AWS::Serverless::Function" => functions.push(function(&scope, resource, globals)?),
            "AWS::DynamoDB::Table" => tables.push(table(&scope, properties)?),
            "AWS::Serverless::HttpApi" => cors = read_cors(&scope, properties)?,
            "AWS::SecretsManager::Secret" => {
                key_ring = Some(read_key_ring(&scope, name, properties)?)
            }
            _ => {}
        }
    }
    Ok(Template {
        functions,
        tables,
        cors,
        key_ring: key_ring.ok_or("it declares no secret")?,
    })
}

fn function(scope: &Scope<'_>, resource: &Value, globals: &Value) -> Result<Function, String> {
    let properties = at(resource, "/Properties");
    let mut function = Function {
        name: scope.text(at(resource, "/Metadata/BuildProperties/Binary"))?,
        environment: BTreeMap::new(),
        grants: grants(scope, at(properties, "/Policies"))?,
        timeout: Duration::from_secs(
            at(properties, "/Timeout")
                .as_u64()
                .or(at(globals, "/Timeout").as_u64())
                .unwrap_or(3),
        ),
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
                .insert(name.clone(), scope.text(value)?);
        }
    }
    for (name, event) in at(properties, "/Events").as_object().into_iter().flatten() {
        let properties = at(event, "/Properties");
        match at(event, "/Type").as_str().unwrap_or_default() {
            "HttpApi" => function.routes.push(Route {
                method: scope.text(at(properties, "/Method"))?.to_uppercase(),
                path: scope.text(at(properties, "/Path"))?,
                signed: match at(properties, "/Auth/Authorizer").as_str() {
                    Some("AWS_IAM") => true,
                    None => false,
                    Some(other) => {
                        return Err(format!(
                            "the event {name} uses {other}, which is not supported here"
                        ));
                    }
                },
            }),
            "DynamoDB" => function.streams.push(typed(scope, properties)?),
            "Schedule" => function.schedules.push(schedule(scope, properties)?),
            // Topics and queues have no source here: whoever tests them invokes the function.
            _ => {}
        }
    }
    Ok(function)
}

/// `rate(<n> minutes)`; cron expressions are more than is understood here.
fn schedule(scope: &Scope<'_>, properties: &Value) -> Result<Schedule, String> {
    let text = scope.text(at(properties, "/Schedule"))?;
    let rate = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rate| rate.split_once(' '));
    let minutes = rate
        .filter(|(_, unit)| unit.starts_with("minute"))
        .and_then(|(number, _)| number.parse::<u64>().ok());
    let every = minutes.map(|minutes| Duration::from_secs(60 * minutes));
    let input = scope.text(at(properties, "/Input"))?;
    Ok(Schedule {
        every: every.ok_or_else(|| format!("the schedule {text} is not a rate in minutes"))?,
        input: serde_json::from_str(&input)
            .map_err(|_| format!("the input of the schedule {text} is not JSON"))?,
    })
}

/// What policies allow. One that denies, or that is not written out, is more than is understood
/// here.
fn grants(scope: &Scope<'_>, policies: &Value) -> Result<Vec<(String, String)>, String> {
    let mut grants = vec![];
    let statements = policies
        .as_array()
        .into_iter()
        .flatten()
        .map(|policy| at(policy, "/Statement"));
    for statement in statements.flat_map(|statements| statements.as_array().into_iter().flatten()) {
        if at(statement, "/Effect") != "Allow" {
            return Err("a function's policy has a statement whose effect is not Allow".to_owned());
        }
        for action in scope.texts(at(statement, "/Action"))? {
            for resource in scope.texts(at(statement, "/Resource"))? {
                grants.push((action.clone(), resource));
            }
        }
    }
    Ok(grants)
}

fn table(scope: &Scope<'_>, properties: &Value) -> Result<Table, String> {
    let all = scope.evaluate(properties)?.unwrap_or_default();
    let mut create = Map::new();
    for name in [
        "TableName",
        "BillingMode",
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
    ] {
        if let Some(value) = all.get(name) {
            create.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(view) = at(&all, "/StreamSpecification").get("StreamViewType") {
        create.insert(
            "StreamSpecification".to_owned(),
            json!({ "StreamEnabled": true, "StreamViewType": view }),
        );
    }
    let ttl = at(&all, "/TimeToLiveSpecification");
    Ok(Table {
        name: text_of(at(&all, "/TableName")).ok_or("a table has no name")?,
        create: Value::Object(create),
        ttl: if at(ttl, "/Enabled") == true {
            text_of(at(ttl, "/AttributeName"))
        } else {
            None
        },
    })
}

fn read_cors(scope: &Scope<'_>, properties: &Value) -> Result<Option<Cors>, String> {
    let cors = scope
        .evaluate(at(properties, "/CorsConfiguration"))?
        .unwrap_or_default();
    let is_empty = cors.as_object().is_none_or(Map::is_empty);
    if is_empty {
        Ok(None)
    } else {
        typed(scope, &cors).map(Some)
    }
}

fn read_key_ring(
    scope: &Scope<'_>,
    name: &str,
    properties: &Value,
) -> Result<KeyRingSecret, String> {
    let generate = at(properties, "/GenerateSecretString");
    if at(generate, "/ExcludePunctuation") != true {
        return Err(format!(
            "{name} needs punctuation, which is not supported here"
        ));
    }
    let template = scope.text(at(generate, "/SecretStringTemplate"))?;
    Ok(KeyRingSecret {
        arn: scope.text(&json!({ "Ref": name }))?,
        template: serde_json::from_str(&template)
            .map_err(|_| format!("the SecretStringTemplate of {name} is not a JSON object"))?,
        key: scope.text(at(generate, "/GenerateStringKey"))?,
        length: at(generate, "/PasswordLength")
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(32),
    })
}

fn typed<T: DeserializeOwned>(scope: &Scope<'_>, value: &Value) -> Result<T, String> {
    let value = scope.evaluate(value)?.unwrap_or_default();
    serde_json::from_value(value).map_err(|error| error.to_string())
}
