//! The template of a stack after the SAM transform, evaluated with the stack's own values.

use crate::error::Error;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::TemplateStage;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The text that CloudFormation returns in place of a parameter with `NoEcho`.
const NOT_SHOWN: &str = "****";

pub(super) struct Template {
    template: Value,
    /// Values of parameters and pseudo parameters, and physical ids of resources.
    values: BTreeMap<String, String>,
}

/// A resource that the stack has.
pub(super) struct Resource<'a> {
    pub(super) logical: &'a str,
    pub(super) physical: &'a str,
    properties: Option<&'a Value>,
    template: &'a Template,
}

impl Template {
    pub(super) async fn read(aws: &SdkConfig, stack: &Stack) -> Result<Self, Error> {
        let client = Client::new(aws);
        let read = client.get_template().stack_name(&stack.name);
        let read = read.template_stage(TemplateStage::Processed).send().await;
        let read = read.map_err(|error| Error::of_call("read the stack's template", &error))?;
        let text = read.template_body().unwrap_or_default();
        let template = serde_json::from_str(text).map_err(|error| {
            Error::Failed(format!("The stack's template is not JSON: {error}."))
        })?;
        let mut values = stack.parameters.clone();
        values.retain(|_, value| value != NOT_SHOWN);
        values.insert("AWS::StackName".to_owned(), stack.name.clone());
        let region = aws.region().map(ToString::to_string).unwrap_or_default();
        values.insert("AWS::Region".to_owned(), region);
        values.insert("AWS::URLSuffix".to_owned(), "amazonaws.com".to_owned());
        let mut next = None;
        loop {
            let page = client.list_stack_resources().stack_name(&stack.name);
            let page = page.set_next_token(next).send().await;
            let page = page.map_err(|error| Error::of_call("list the resources", &error))?;
            for found in page.stack_resource_summaries() {
                let ids = (found.logical_resource_id(), found.physical_resource_id());
                if let (Some(logical), Some(physical)) = ids {
                    values.insert(logical.to_owned(), physical.to_owned());
                }
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(Self { template, values });
            }
        }
    }

    /// Returns the resources of a type that the stack has.
    pub(super) fn resources(&self, kind: &str) -> Vec<Resource<'_>> {
        let resources = self.template.get("Resources").and_then(Value::as_object);
        let of_kind = resources.into_iter().flatten().filter(|(_, resource)| {
            let found = resource.get("Type").and_then(Value::as_str);
            found == Some(kind)
        });
        of_kind
            .filter_map(|(logical, resource)| {
                Some(Resource {
                    logical,
                    physical: self.values.get(logical)?,
                    properties: resource.get("Properties"),
                    template: self,
                })
            })
            .collect()
    }

    /// Returns the physical id of a resource.
    pub(super) fn physical(&self, logical: &str) -> Option<&str> {
        self.values.get(logical).map(String::as_str)
    }

    /// Evaluates a value. Returns `None` if it has a function that is not known here, such as the
    /// attribute of a resource.
    fn evaluate(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(fields) => match fields.iter().next() {
                Some((name, inner)) if name == "Ref" => self.reference(inner),
                Some((name, inner)) if name == "Fn::If" => {
                    let [condition, yes, no] = inner.as_array()?.as_slice() else {
                        return None;
                    };
                    let holds = self.condition(condition.as_str()?)?;
                    self.evaluate(if holds { yes } else { no })
                }
                Some((name, inner)) if name == "Fn::Sub" => self.substitute(inner.as_str()?),
                Some((name, _)) if name.starts_with("Fn::") => None,
                _ => {
                    let field = |(name, inner): (&String, &Value)| {
                        Some((name.clone(), self.evaluate(inner)?))
                    };
                    let fields: Option<Map<_, _>> = fields.iter().map(field).collect();
                    fields.map(Value::Object)
                }
            },
            Value::Array(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| self.evaluate(item)).collect();
                items.map(Value::Array)
            }
            other => Some(other.clone()),
        }
    }

    fn reference(&self, name: &Value) -> Option<Value> {
        let value = self.values.get(name.as_str()?)?;
        Some(Value::String(value.clone()))
    }

    fn substitute(&self, text: &str) -> Option<Value> {
        let mut parts = text.split("${");
        let mut whole = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            whole.push_str(self.values.get(name)?);
            whole.push_str(rest);
        }
        Some(Value::String(whole))
    }

    fn condition(&self, name: &str) -> Option<bool> {
        let conditions = self.template.get("Conditions")?;
        self.holds(conditions.get(name)?)
    }

    fn holds(&self, condition: &Value) -> Option<bool> {
        let (function, inner) = condition.as_object()?.iter().next()?;
        let each = || inner.as_array().into_iter().flatten();
        match function.as_str() {
            "Condition" => self.condition(inner.as_str()?),
            "Fn::Not" => Some(!self.holds(inner.get(0)?)?),
            "Fn::And" => each().try_fold(true, |all, one| Some(self.holds(one)? && all)),
            "Fn::Or" => each().try_fold(false, |any, one| Some(self.holds(one)? || any)),
            "Fn::Equals" => {
                let [one, other] = inner.as_array()?.as_slice() else {
                    return None;
                };
                Some(is_same(&self.evaluate(one)?, &self.evaluate(other)?))
            }
            _ => None,
        }
    }
}

impl Resource<'_> {
    /// Returns the value of a property, whose path may have several names. `None` if it is not set
    /// or cannot be evaluated.
    pub(super) fn property(&self, path: &[&str]) -> Option<Value> {
        let property = path
            .iter()
            .try_fold(self.properties?, |at, name| at.get(name));
        self.template.evaluate(property?)
    }

    /// Returns the properties below a path that can be evaluated, by their names.
    pub(super) fn properties(&self, path: &[&str]) -> BTreeMap<String, Value> {
        let found = self.properties.and_then(|properties| {
            let mut path = path.iter();
            path.try_fold(properties, |at, name| at.get(name))
        });
        let fields = found.and_then(Value::as_object).into_iter().flatten();
        fields
            .filter_map(|(name, value)| Some((name.clone(), self.template.evaluate(value)?)))
            .collect()
    }
}

/// Compares two values as CloudFormation does, to which `300` and `"300"` are the same.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number = |value: &Value| text(value).parse::<f64>().ok();
    match (number(one), number(other)) {
        (Some(one), Some(other)) => (one - other).abs() < f64::EPSILON,
        _ => match (one, other) {
            (Value::Array(one), Value::Array(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len() && pairs.all(|(one, other)| is_same(one, other))
            }
            _ => text(one) == text(other),
        },
    }
}
