//! YAML with CloudFormation's tags, as the JSON that CloudFormation means by it: `!Sub x` is
//! `{"Fn::Sub": "x"}`.

use saphyr::{LoadableYamlNode, Scalar, Tag, Yaml};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value, json};

/// How deep a document may go: no template goes a quarter as far, and everything that walks a
/// document calls itself.
const DEEPEST: usize = 64;

/// Reads one document.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    is_shallow(text)?;
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents
        .first()
        .map_or_else(|| Err("it is empty".to_owned()), json_of)
}

/// Goes through the document without building it. CloudFormation knows no aliases either.
fn is_shallow(text: &str) -> Result<(), String> {
    let mut depth = 0;
    for event in Parser::new_from_str(text) {
        match event.map_err(|error| error.to_string())?.0 {
            Event::SequenceStart(..) | Event::MappingStart(..) if depth == DEEPEST => {
                return Err(format!("it is nested deeper than {DEEPEST} levels"));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth -= 1,
            Event::Alias(_) => {
                return Err("it uses an alias, which CloudFormation does not support".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

fn json_of(node: &Yaml<'_>) -> Result<Value, String> {
    match node {
        Yaml::Value(scalar) => Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(value) => json!(value),
        }),
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| {
                let key = key
                    .as_str()
                    .ok_or_else(|| "a key is not a string".to_owned())?;
                Ok((key.to_owned(), json_of(value)?))
            })
            .collect::<Result<Map<_, _>, String>>()
            .map(Value::Object),
        Yaml::Tagged(tag, node) => Ok(tagged(tag, &json_of(node)?)),
        Yaml::Alias(_) | Yaml::BadValue | Yaml::Representation(..) => {
            Err("it contains an invalid value".to_owned())
        }
    }
}

fn tagged(tag: &Tag, value: &Value) -> Value {
    match (tag.suffix.as_str(), value) {
        ("Ref" | "Condition", _) => json!({ &tag.suffix: value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (name, _) => json!({ format!("Fn::{name}"): value }),
    }
}
