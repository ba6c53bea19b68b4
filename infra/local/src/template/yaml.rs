//! YAML with CloudFormation's tags, read as the equivalent JSON: `!Sub x` is `{"Fn::Sub": "x"}`.

use saphyr::{LoadableYamlNode, Scalar, Tag, Yaml};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value, json};

/// The limit of nested levels, as everything that walks a document is recursive. Our template has
/// less than a quarter of them.
const MAX_DEPTH: usize = 64;

/// Returns the first document in `text`.
///
/// # Errors
/// A sentence that says what is wrong with the document.
pub fn parse(text: &str) -> Result<Value, String> {
    check_events(text)?;
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents
        .first()
        .map_or_else(|| Err("it is empty".to_owned()), json_of)
}

/// Checks the depth, and that there is no alias, before the document is built in memory.
fn check_events(text: &str) -> Result<(), String> {
    let mut depth = 0;
    for event in Parser::new_from_str(text) {
        match event.map_err(|error| error.to_string())?.0 {
            Event::SequenceStart(..) | Event::MappingStart(..) if depth == MAX_DEPTH => {
                return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
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
