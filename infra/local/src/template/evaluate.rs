//! CloudFormation's intrinsic functions: Ref, Sub, GetAtt, If, Join, Split, and those that
//! conditions are made of.

use super::parameters::text_of;
use crate::json::at;
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeMap;

/// How far names may lead to names: what goes further, most likely goes round in a circle.
const DEEPEST: usize = 100;
/// How many values may be looked at, and how many characters of text made, in all: a few lines that
/// each name the one above twice would otherwise run for ever. Ours takes less than a fiftieth of
/// it.
const MOST: usize = 1_000_000;

/// The pseudo parameters of the one stack there is.
const PSEUDO: [(&str, &str); 5] = [
    ("AWS::StackName", super::STACK),
    ("AWS::Region", super::REGION),
    ("AWS::AccountId", super::ACCOUNT),
    ("AWS::Partition", "aws"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

/// What names mean in a template.
pub(super) struct Scope<'a> {
    parameters: BTreeMap<String, String>,
    conditions: &'a Value,
    resources: &'a Value,
    depth: Cell<usize>,
    left: Cell<usize>,
}

impl<'a> Scope<'a> {
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
            left: Cell::new(MOST),
        }
    }
}

impl Scope<'_> {
    /// What `value` stands for; `None` is `AWS::NoValue`.
    ///
    /// # Errors
    /// A function or a name that is not known here, named; or there is no end to it.
    pub(super) fn evaluate(&self, value: &Value) -> Result<Option<Value>, String> {
        self.deeper(|| self.evaluate_here(value))
    }

    fn evaluate_here(&self, value: &Value) -> Result<Option<Value>, String> {
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

    /// One step further from where the evaluation began.
    fn deeper<T>(&self, step: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        self.spend(1)?;
        let depth = self.depth.get();
        if depth == DEEPEST {
            return Err("a value refers to itself or is nested too deeply".to_owned());
        }
        self.depth.set(depth + 1);
        let done = step();
        self.depth.set(depth);
        done
    }

    fn spend(&self, n: usize) -> Result<(), String> {
        self.left.set(
            self.left
                .get()
                .checked_sub(n)
                .ok_or("its values become too many or too long")?,
        );
        Ok(())
    }

    fn object(&self, map: &Map<String, Value>) -> Result<Value, String> {
        let mut whole = Map::new();
        for (key, value) in map {
            if let Some(value) = self.evaluate(value)? {
                whole.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(whole))
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
                [Value::String(between), list] => {
                    let list = self.list(list)?;
                    self.spend(between.len().saturating_mul(list.len()))?;
                    Ok(Some(list.join(between).into()))
                }
                _ => Err("Fn::Join needs a separator and a list".to_owned()),
            },
            ("Fn::Split", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(between), text] => {
                    let text = self.text(text)?;
                    Ok(Some(text.split(between.as_str()).collect()))
                }
                _ => Err("Fn::Split needs a separator and a string".to_owned()),
            },
            (other, _) => Err(format!(
                "{other} is not supported here, at least not in this form"
            )),
        }
    }

    /// A text; numbers and booleans become theirs.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        let value = self.evaluate(value)?.unwrap_or_default();
        text_of(&value).ok_or_else(|| format!("{value} is not a string"))
    }

    /// A text, or a list of texts.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn texts(&self, value: &Value) -> Result<Vec<String>, String> {
        if value.is_array() {
            self.list(value)
        } else {
            Ok(vec![self.text(value)?])
        }
    }

    fn list(&self, value: &Value) -> Result<Vec<String>, String> {
        match self.evaluate(value)? {
            Some(Value::Array(items)) => items.iter().map(|item| self.text(item)).collect(),
            other => Err(format!("{} is not a list", other.unwrap_or_default())),
        }
    }

    fn reference(&self, name: &str) -> Result<String, String> {
        self.spend(name.len())?;
        if let Some((_, value)) = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name) {
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
        match kind(resource) {
            "AWS::DynamoDB::Table" => self.text(at(resource, "/Properties/TableName")),
            "AWS::SecretsManager::Secret" => self.attribute(name, "Arn"),
            "AWS::Serverless::HttpApi" => Ok(super::API.to_owned()),
            _ => Ok(name.to_owned()),
        }
    }

    /// An ARN; no other attribute is known before a deployment.
    fn attribute(&self, of: &str, attribute: &str) -> Result<String, String> {
        self.spend(of.len())?;
        let resource = self
            .resources
            .get(of)
            .ok_or_else(|| format!("there is no resource named {of}"))?;
        let (region, account) = (super::REGION, super::ACCOUNT);
        match (kind(resource), attribute) {
            ("AWS::DynamoDB::Table", "Arn" | "StreamArn") => {
                let stream = if attribute == "StreamArn" {
                    "/stream/local"
                } else {
                    ""
                };
                Ok(format!(
                    "arn:aws:dynamodb:{region}:{account}:table/{}{stream}",
                    self.reference(of)?
                ))
            }
            ("AWS::SecretsManager::Secret", "Arn") => Ok(format!(
                "arn:aws:secretsmanager:{region}:{account}:secret:{of}-local"
            )),
            (_, "Arn") => Ok(format!("arn:aws:local:{region}:{account}:{of}")),
            (kind, other) => Err(format!(
                "the attribute {other} of {of} ({kind}) is not supported here"
            )),
        }
    }

    /// `${Name}`, `${Name.Attribute}`, and `${!Literal}`.
    fn substitute(&self, text: &str) -> Result<String, String> {
        self.spend(text.len())?;
        let (mut done, mut rest) = (String::new(), text);
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

    fn holds(&self, condition: &Value) -> Result<bool, String> {
        self.deeper(|| self.holds_here(condition))
    }

    fn holds_here(&self, condition: &Value) -> Result<bool, String> {
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

fn kind(resource: &Value) -> &str {
    at(resource, "/Type").as_str().unwrap_or_default()
}
