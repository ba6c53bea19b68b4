//! CloudFormation's intrinsic functions: Ref, Sub, GetAtt, If, Join, Split, and those of
//! conditions.

use super::parameters::text_of;
use super::stack::{ACCOUNT, API, REGION, STACK};
use crate::json::at;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeMap;

/// The limit of references that lead to references. Beyond it, they most likely form a circle.
const MAX_DEPTH: usize = 100;
/// The limit of values evaluated plus characters of text produced. Without it, a few lines that
/// each name the previous one twice would run without end. Our template needs less than 2 % of it.
const BUDGET: usize = 1_000_000;

const PSEUDO_PARAMETERS: [(&str, &str); 5] = [
    ("AWS::StackName", STACK),
    ("AWS::Region", REGION),
    ("AWS::AccountId", ACCOUNT),
    ("AWS::Partition", "aws"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// Evaluates the values of one template.
pub(super) struct Evaluator<'a> {
    parameters: BTreeMap<String, String>,
    conditions: &'a Value,
    resources: &'a Value,
    depth: Cell<usize>,
    budget: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    pub(super) const fn new(
        parameters: BTreeMap<String, String>,
        conditions: &'a Value,
        resources: &'a Value,
    ) -> Self {
        Self {
            parameters,
            conditions,
            resources,
            depth: Cell::new(0),
            budget: Cell::new(BUDGET),
        }
    }
}

impl Evaluator<'_> {
    /// Returns the evaluated `value`, or `None` for `AWS::NoValue`.
    ///
    /// # Errors
    /// A sentence that names an unknown function or name, or says that the evaluation does not end.
    pub(super) fn evaluate(&self, value: &Value) -> Result<Option<Value>, String> {
        self.descend(|| self.evaluate_at_depth(value))
    }

    fn evaluate_at_depth(&self, value: &Value) -> Result<Option<Value>, String> {
        match value {
            Value::Array(items) => {
                let items = items
                    .iter()
                    .map(|item| self.evaluate(item))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Some(Value::Array(items.into_iter().flatten().collect())))
            }
            Value::Object(map) => match intrinsic(map) {
                Some((name, argument)) => self.call(name, argument),
                None => self.object(map).map(Some),
            },
            plain => {
                self.spend(plain.as_str().map_or(0, str::len))?;
                Ok(Some(plain.clone()))
            }
        }
    }

    /// Runs `step` one level deeper.
    fn descend<T>(&self, step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        self.spend(1)?;
        let depth = self.depth.get();
        if depth == MAX_DEPTH {
            return Err("a value refers to itself or is nested too deeply".to_owned());
        }
        self.depth.set(depth + 1);
        let result = step();
        self.depth.set(depth);
        result
    }

    fn spend(&self, n: usize) -> Result<(), String> {
        let left = self.budget.get().checked_sub(n);
        self.budget
            .set(left.ok_or("its values become too many or too long")?);
        Ok(())
    }

    fn object(&self, map: &Map<String, Value>) -> Result<Value, String> {
        let mut evaluated = Map::new();
        for (key, value) in map {
            if let Some(value) = self.evaluate(value)? {
                evaluated.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(evaluated))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, String> {
        match (name, argument) {
            ("Ref", Value::String(to)) if to == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(to)) => self.reference(to).map(|text| Some(text.into())),
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(of), Value::String(attribute)] => {
                    self.attribute(of, attribute).map(|arn| Some(arn.into()))
                }
                _ => Err("Fn::GetAtt needs a resource and an attribute".to_owned()),
            },
            ("Fn::Sub", Value::String(text)) => self.substitute(text).map(|text| Some(text.into())),
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    self.evaluate(if self.condition(condition)? { yes } else { no })
                }
                _ => Err("Fn::If needs a condition and two values".to_owned()),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(separator), list] => {
                    let list = self.list(list)?;
                    self.spend(separator.len().saturating_mul(list.len()))?;
                    Ok(Some(list.join(separator).into()))
                }
                _ => Err("Fn::Join needs a separator and a list".to_owned()),
            },
            ("Fn::Split", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(separator), text] => {
                    let text = self.text(text)?;
                    Ok(Some(text.split(separator.as_str()).collect()))
                }
                _ => Err("Fn::Split needs a separator and a string".to_owned()),
            },
            (other, _) => Err(format!(
                "{other} is not supported here, at least not in this form"
            )),
        }
    }

    /// Returns a string, number or boolean as text.
    ///
    /// # Errors
    /// A sentence if the value is anything else or cannot be evaluated.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        let value = self.evaluate(value)?.unwrap_or_default();
        text_of(&value).ok_or_else(|| format!("{value} is not a string"))
    }

    /// Returns a list of texts, or a single text as a list of one.
    ///
    /// # Errors
    /// A sentence if the value is anything else or cannot be evaluated.
    pub(super) fn texts(&self, value: &Value) -> Result<Vec<String>, String> {
        if value.is_array() {
            self.list(value)
        } else {
            Ok(vec![self.text(value)?])
        }
    }

    /// Returns the evaluated value as a `T`.
    ///
    /// # Errors
    /// A sentence if the value cannot be evaluated or is not a `T`.
    pub(super) fn typed<T: DeserializeOwned>(&self, value: &Value) -> Result<T, String> {
        let value = self.evaluate(value)?.unwrap_or_default();
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    fn list(&self, value: &Value) -> Result<Vec<String>, String> {
        match self.evaluate(value)? {
            Some(Value::Array(items)) => items.iter().map(|item| self.text(item)).collect(),
            other => Err(format!("{} is not a list", other.unwrap_or_default())),
        }
    }

    fn reference(&self, name: &str) -> Result<String, String> {
        self.spend(name.len())?;
        if let Some((_, value)) = PSEUDO_PARAMETERS.iter().find(|(pseudo, _)| *pseudo == name) {
            return Ok((*value).to_owned());
        }
        if let Some(value) = self.parameters.get(name) {
            self.spend(value.len())?;
            return Ok(value.clone());
        }
        let resource = self
            .resources
            .get(name)
            .ok_or_else(|| format!("there is no resource or parameter named {name}"))?;
        match type_of(resource) {
            "AWS::DynamoDB::Table" => self.text(at(resource, "/Properties/TableName")),
            "AWS::SecretsManager::Secret" => self.attribute(name, "Arn"),
            "AWS::Serverless::HttpApi" => Ok(API.to_owned()),
            _ => Ok(name.to_owned()),
        }
    }

    /// Returns a resource as the template declares it.
    pub(super) fn resource(&self, name: &str) -> Option<&Value> {
        self.resources.get(name)
    }

    /// Returns an ARN. Other attributes are only known after a deployment.
    fn attribute(&self, of: &str, attribute: &str) -> Result<String, String> {
        self.spend(of.len())?;
        let resource = self
            .resources
            .get(of)
            .ok_or_else(|| format!("there is no resource named {of}"))?;
        match (type_of(resource), attribute) {
            ("AWS::DynamoDB::Table", "Arn" | "StreamArn") => {
                let stream = match attribute {
                    "StreamArn" => "/stream/local",
                    _ => "",
                };
                Ok(format!(
                    "arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}{stream}",
                    self.reference(of)?
                ))
            }
            ("AWS::SecretsManager::Secret", "Arn") => Ok(format!(
                "arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{of}-local"
            )),
            ("AWS::KMS::Key", "Arn") => Ok(format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{of}")),
            (_, "Arn") => Ok(format!("arn:aws:local:{REGION}:{ACCOUNT}:{of}")),
            (resource_type, other) => Err(format!(
                "the attribute {other} of {of} ({resource_type}) is not supported here"
            )),
        }
    }

    /// Replaces `${Name}`, `${Name.Attribute}` and `${!Literal}`.
    fn substitute(&self, text: &str) -> Result<String, String> {
        self.spend(text.len())?;
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("'{text}' has an unclosed brace"))?;
            done.push_str(before);
            match (name.strip_prefix('!'), name.split_once('.')) {
                (Some(literal), _) => done.push_str(&format!("${{{literal}}}")),
                (None, Some((of, attribute))) => done.push_str(&self.attribute(of, attribute)?),
                (None, None) => done.push_str(&self.reference(name)?),
            }
            rest = after;
        }
        done.push_str(rest);
        Ok(done)
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        self.holds(
            self.conditions
                .get(name)
                .ok_or_else(|| format!("there is no condition named {name}"))?,
        )
    }

    /// Returns whether a condition holds.
    ///
    /// # Errors
    /// A sentence if it cannot be evaluated.
    pub(super) fn holds(&self, condition: &Value) -> Result<bool, String> {
        self.descend(|| self.holds_at_depth(condition))
    }

    fn holds_at_depth(&self, condition: &Value) -> Result<bool, String> {
        let map = condition
            .as_object()
            .ok_or_else(|| format!("{condition} is not a condition"))?;
        let all = |parts: &[Value]| {
            parts
                .iter()
                .map(|part| self.holds(part))
                .collect::<Result<Vec<_>, _>>()
        };
        match map.iter().next() {
            Some((name, Value::String(other))) if name == "Condition" => self.condition(other),
            Some((name, Value::Array(parts))) => match (name.as_str(), parts.as_slice()) {
                ("Fn::Equals", [one, other]) => Ok(self.text(one)? == self.text(other)?),
                ("Fn::Not", [one]) => Ok(!self.holds(one)?),
                ("Fn::Or", parts) => Ok(all(parts)?.contains(&true)),
                ("Fn::And", parts) => Ok(!all(parts)?.contains(&false)),
                (other, _) => Err(format!("{other} is not supported in conditions here")),
            },
            _ => Err(format!("{condition} is not a condition")),
        }
    }
}

fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next()?;
    (map.len() == 1 && (name == "Ref" || name.starts_with("Fn::"))).then_some((name, argument))
}

fn type_of(resource: &Value) -> &str {
    at(resource, "/Type").as_str().unwrap_or_default()
}
