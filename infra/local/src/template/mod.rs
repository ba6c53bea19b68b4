//! `template.yaml`, evaluated: the resources that a deployment would create.

mod evaluate;
mod function;
mod mapping;
mod parameters;
mod role;
mod stack;
pub mod yaml;

pub use function::{Function, Route, Schedule};
pub use mapping::MappingSettings;
pub use parameters::Parameter;
pub(crate) use stack::API;
pub use stack::{ACCOUNT, REGION, STACK};

use crate::json::at;
use evaluate::Evaluator;
use parameters::text_of;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::config::StartError;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../../../template.yaml");

/// The resources that a template declares.
#[derive(Debug)]
pub struct Template {
    pub parameters: Vec<Parameter>,
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
    /// The API's CORS configuration, if it has any.
    pub cors: Option<Cors>,
    /// The secret that holds the key ring.
    pub key_ring: KeyRingSecret,
}

/// A DynamoDB table as the template declares it.
#[derive(Debug)]
pub struct Table {
    /// The table's full name, including the stack's.
    pub name: String,
    /// The body of the `CreateTable` request.
    pub create: Value,
    /// The attribute that holds an item's expiry time.
    pub ttl: Option<String>,
}

/// The CORS configuration of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Cors {
    pub allow_origins: Vec<String>,
    #[serde(default)]
    pub allow_credentials: bool,
    #[serde(default)]
    pub allow_methods: Vec<String>,
    #[serde(default)]
    pub allow_headers: Vec<String>,
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// The time for which browsers may cache a preflight response, in seconds.
    #[serde(default)]
    pub max_age: Option<u64>,
}

/// The secret that holds the key ring, and how it is generated.
#[derive(Debug)]
pub struct KeyRingSecret {
    pub arn: String,
    /// The JSON object into which the generated password is put.
    pub template: Map<String, Value>,
    /// The key of the generated password in the object.
    pub key: String,
    /// The length of the generated password, in characters.
    pub length: usize,
}

impl Template {
    /// Returns the value of a parameter, or an empty text if there is no such parameter.
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|one| one.name == name);
        found.map_or("", |parameter| &parameter.value)
    }

    /// Evaluates the repository's template with `overrides` in place of its parameters' defaults.
    ///
    /// # Errors
    /// A [`StartError`] that says what cannot be evaluated.
    pub fn read(overrides: &BTreeMap<String, String>) -> Result<Self, StartError> {
        // Parsed once, because tests start many portals in one process.
        static DOCUMENT: LazyLock<Result<Value, String>> = LazyLock::new(|| yaml::parse(TEXT));
        DOCUMENT
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|document| evaluate(document, overrides))
            .map_err(|why| StartError(format!("template.yaml is invalid: {why}.")))
    }

    /// Evaluates another template with `overrides` in place of its parameters' defaults.
    ///
    /// # Errors
    /// A [`StartError`] that says what cannot be read or evaluated.
    pub fn of(text: &str, overrides: &BTreeMap<String, String>) -> Result<Self, StartError> {
        yaml::parse(text)
            .and_then(|document| evaluate(&document, overrides))
            .map_err(|why| StartError(format!("The template is invalid: {why}.")))
    }
}

fn evaluate(document: &Value, overrides: &BTreeMap<String, String>) -> Result<Template, String> {
    let parameters = parameters::read(at(document, "/Parameters"), overrides)?;
    let resources = at(document, "/Resources");
    let values = parameters.iter().map(|parameter| {
        let Parameter { name, value, .. } = parameter.clone();
        (name, value)
    });
    let evaluator = Evaluator::new(values.collect(), at(document, "/Conditions"), resources);
    check_rules(&evaluator, at(document, "/Rules"))?;
    let globals = at(document, "/Globals/Function");
    let mut functions = vec![];
    let mut tables = vec![];
    let mut cors = None;
    let mut key_ring = None;
    for (name, resource) in resources.as_object().into_iter().flatten() {
        let properties = at(resource, "/Properties");
        match at(resource, "/Type").as_str().unwrap_or_default() {
            "AWS::Serverless::Function" => {
                functions.push(function::read(&evaluator, resource, globals)?);
            }
            "AWS::DynamoDB::Table" => tables.push(read_table(&evaluator, properties)?),
            "AWS::Serverless::HttpApi" => cors = read_cors(&evaluator, properties)?,
            "AWS::SecretsManager::Secret" => {
                key_ring = Some(read_key_ring(&evaluator, name, properties)?);
            }
            _ => {}
        }
    }
    Ok(Template {
        parameters,
        functions,
        tables,
        cors,
        key_ring: key_ring.ok_or("it declares no secret")?,
    })
}

/// Fails with the description of an assertion that the parameters do not meet.
fn check_rules(evaluator: &Evaluator<'_>, rules: &Value) -> Result<(), String> {
    for rule in rules.as_object().into_iter().flat_map(Map::values) {
        let applies = rule
            .get("RuleCondition")
            .map(|condition| evaluator.holds(condition));
        let assertions = at(rule, "/Assertions").as_array();
        for assertion in assertions.into_iter().flatten() {
            if applies.clone().unwrap_or(Ok(true))? && !evaluator.holds(at(assertion, "/Assert"))? {
                return Err(evaluator.text(at(assertion, "/AssertDescription"))?);
            }
        }
    }
    Ok(())
}

fn read_table(evaluator: &Evaluator<'_>, properties: &Value) -> Result<Table, String> {
    let all = evaluator.evaluate(properties)?.unwrap_or_default();
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

fn read_cors(evaluator: &Evaluator<'_>, properties: &Value) -> Result<Option<Cors>, String> {
    let cors = evaluator
        .evaluate(at(properties, "/CorsConfiguration"))?
        .unwrap_or_default();
    let is_empty = cors.as_object().is_none_or(Map::is_empty);
    if is_empty {
        Ok(None)
    } else {
        evaluator.typed(&cors).map(Some)
    }
}

fn read_key_ring(
    evaluator: &Evaluator<'_>,
    name: &str,
    properties: &Value,
) -> Result<KeyRingSecret, String> {
    let generate = at(properties, "/GenerateSecretString");
    if at(generate, "/ExcludePunctuation") != true {
        return Err(format!(
            "{name} needs punctuation, which is not supported here"
        ));
    }
    let template = evaluator.text(at(generate, "/SecretStringTemplate"))?;
    Ok(KeyRingSecret {
        arn: evaluator.text(&json!({ "Ref": name }))?,
        template: serde_json::from_str(&template)
            .map_err(|_| format!("the SecretStringTemplate of {name} is not a JSON object"))?,
        key: evaluator.text(at(generate, "/GenerateStringKey"))?,
        length: at(generate, "/PasswordLength")
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(32),
    })
}
