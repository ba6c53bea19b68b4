//! A parameter as the template declares it.

use super::values::{PUNYCODE, SEEDS, changes};
use crate::sources::text;
use fancy_regex::Regex;
use local::template::yaml;
use serde_json::Value;
use std::collections::BTreeSet;

/// A parameter as the template declares it.
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) properties: Value,
    pattern: Option<Regex>,
}

impl Declaration {
    /// Returns all parameters of the template.
    pub(super) fn all() -> Vec<Self> {
        let template = yaml::parse(&text("template.yaml")).unwrap();
        let declared = template["Parameters"].as_object().unwrap();
        let read = |(name, properties): (&String, &Value)| Self {
            name: name.clone(),
            properties: properties.clone(),
            pattern: properties["AllowedPattern"]
                .as_str()
                .map(|pattern| Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap()),
        };
        declared.iter().map(read).collect()
    }

    /// Returns whether CloudFormation accepts the value.
    pub(super) fn accepts(&self, value: &str) -> bool {
        let bound = |name: &str| self.properties[name].as_f64();
        let is_within = |value: f64, min: Option<f64>, max: Option<f64>| {
            min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
        };
        let allowed = self.properties["AllowedValues"].as_array();
        let is_allowed = |allowed: &Vec<Value>| {
            allowed
                .iter()
                .any(|one| one.as_str().map_or(one.to_string(), str::to_owned) == value)
        };
        let is_number = self.properties["Type"] != "Number"
            || value
                .parse()
                .is_ok_and(|number| is_within(number, bound("MinValue"), bound("MaxValue")));
        let length = u32::try_from(value.chars().count()).unwrap();
        is_number
            && is_within(length.into(), bound("MinLength"), bound("MaxLength"))
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(value).unwrap())
            && allowed.is_none_or(is_allowed)
    }

    /// Returns values at and around every rule of this parameter.
    pub(super) fn values(&self) -> BTreeSet<String> {
        if self.properties["Type"] == "Number" {
            let bounds =
                ["MinValue", "MaxValue"].map(|name| self.properties[name].as_i64().unwrap());
            let around = bounds
                .into_iter()
                .flat_map(|bound| [bound - 1, bound, bound + 1]);
            let ways = |n: i64| {
                [
                    n.to_string(),
                    format!("{n}.0"),
                    format!("{n}.5"),
                    format!("0{n}"),
                ]
            };
            let others = ["", "x", "1.x", "1,5", "1.5.2"].map(str::to_owned);
            return around
                .filter(|n| *n >= 0)
                .flat_map(ways)
                .chain(others)
                .collect();
        }
        let allowed = self.properties["AllowedValues"]
            .as_array()
            .into_iter()
            .flatten();
        let seeds = SEEDS.iter().filter(|(name, _)| *name == self.name);
        let seeds = seeds.flat_map(|(_, seeds)| seeds.iter().copied());
        let seeds: Vec<_> = seeds.chain(allowed.filter_map(Value::as_str)).collect();
        assert!(
            !seeds.is_empty(),
            "{} needs a value to start from",
            self.name
        );
        let punycode = PUNYCODE.iter().filter(|(name, _)| *name == self.name);
        let longest = self.properties["MaxLength"].as_u64();
        let longest = usize::try_from(longest.unwrap_or(255)).unwrap();
        let changed = seeds.into_iter().flat_map(|seed| changes(seed, longest));
        changed
            .chain(punycode.map(|(_, value)| (*value).to_owned()))
            .collect()
    }
}
