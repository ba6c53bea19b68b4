//! The template's parameters: defaults, overrides, and the bounds that CloudFormation checks.

use crate::json::at;
use serde_json::Value;
use std::collections::BTreeMap;

/// A parameter of the template, and its value in this portal.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub value: String,
    /// The value without an override. Required parameters have none.
    pub default: Option<String>,
    pub description: String,
}

impl Parameter {
    /// Returns whether the value differs from the default.
    pub fn is_set(&self) -> bool {
        self.default.as_ref() != Some(&self.value)
    }
}

/// Returns the parameters by name. `AllowedPattern` is not checked, because the functions check the
/// same values again.
///
/// # Errors
/// A sentence that names a parameter that is unknown, missing or out of its bounds.
pub(super) fn read(
    declared: &Value,
    overrides: &BTreeMap<String, String>,
) -> Result<Vec<Parameter>, String> {
    let empty = serde_json::Map::new();
    let declared = declared.as_object().unwrap_or(&empty);
    if let Some(unknown) = overrides.keys().find(|name| !declared.contains_key(*name)) {
        return Err(format!("it has no parameter {unknown}"));
    }
    declared
        .iter()
        .map(|(name, declaration)| {
            let default = text_of(at(declaration, "/Default"));
            let given = overrides.get(name).or(default.as_ref());
            let value = given.ok_or_else(|| format!("the parameter {name} needs a value"))?;
            check(declaration, value).map_err(|rule| {
                format!("the parameter {name} is '{value}', but it must be {rule}")
            })?;
            Ok(Parameter {
                name: name.clone(),
                value: value.clone(),
                description: text_of(at(declaration, "/Description")).unwrap_or_default(),
                default,
            })
        })
        .collect()
}

/// Fails with the rule that the value breaks, such as `at least 1`.
fn check(declaration: &Value, value: &str) -> Result<(), String> {
    if let Some(allowed) = at(declaration, "/AllowedValues").as_array() {
        let allowed: Vec<_> = allowed.iter().filter_map(text_of).collect();
        if !allowed.iter().any(|one| one == value) {
            return Err(format!("one of {}", allowed.join(", ")));
        }
    }
    let number = |bound: &str| declaration.get(bound)?.as_f64();
    if at(declaration, "/Type") == "Number" {
        let value: f64 = value.parse().map_err(|_| "a number".to_owned())?;
        check_bounds(value, number("MinValue"), number("MaxValue"), "")?;
    }
    let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
    check_bounds(
        f64::from(length),
        number("MinLength"),
        number("MaxLength"),
        " characters long",
    )
}

fn check_bounds(value: f64, min: Option<f64>, max: Option<f64>, unit: &str) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if value < min => Err(format!("at least {min}{unit}")),
        (_, Some(max)) if value > max => Err(format!("at most {max}{unit}")),
        _ => Ok(()),
    }
}

/// Returns a scalar as CloudFormation writes it into a string.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
