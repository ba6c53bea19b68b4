//! `docs/openapi.yaml` describes the routes and problems of the code, and is consistent in itself.
//! The responses are compared with it by `kit::contract`.

use crate::docs::rows;
use crate::names::{is_for_people, routes_of_code};
use crate::sources::text;
use kit::contract::{DOCUMENT, validate};
use serde_json::Value;
use std::collections::BTreeSet;

/// Returns each operation of the document: its route and its description.
fn operations() -> Vec<(String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_path = |(path, item): (&'static String, &'static Value)| {
        let operations = item.as_object().unwrap().iter();
        let operations = operations.filter(|(key, _)| *key != "parameters");
        operations
            .map(|(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Calls `visit` with each value inside `value`, and with the place of each.
fn walk<'a>(value: &'a Value, place: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(place, value);
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(value, &format!("{place}/{key}"), visit);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(value, &format!("{place}/{index}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn routes_are_the_same_in_code_and_openapi() {
    let function = |operation: &Value| operation["x-function"].as_str().unwrap().to_owned();
    let documented: BTreeSet<_> = operations()
        .into_iter()
        .map(|(route, operation)| (route, function(operation)))
        .collect();
    let mut routes = routes_of_code();
    routes.retain(|(route, _)| !is_for_people(route));
    assert_eq!(documented, routes);
}

#[test]
fn every_operation_has_a_name_a_summary_and_the_authentication_of_its_route() {
    let mut names = BTreeSet::new();
    for (route, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "two operations are named {name}");
        assert!(operation["summary"].is_string(), "{route}");
        let is_signed = operation["security"].to_string().contains("sigv4");
        assert_eq!(is_signed, route.contains(kit::routes::ADMIN), "{route}");
        let responses = &operation["responses"];
        assert!(responses["default"].is_object(), "{route}");
        let needs_session = !is_signed && !operation["security"].to_string().contains("{}");
        assert!(!needs_session || responses["401"].is_object(), "{route}");
    }
}

#[test]
fn problem_types_are_the_same_in_api_page_and_openapi() {
    let page = text("docs/api.md");
    let (_, table) = page.split_once("\n## Problem types\n").unwrap();
    let on_page: BTreeSet<_> = rows(table)
        .iter()
        .map(|cells| {
            let name = cells[0].trim_matches('`').to_owned();
            (name, cells[1].parse::<u64>().unwrap())
        })
        .collect();
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let documented: BTreeSet<_> = schemas
        .values()
        .filter_map(|schema| {
            let kind = schema["properties"]["type"]["const"].as_str()?;
            let name = kind.strip_prefix("urn:vestibule:problem:")?;
            assert!(schema["examples"].is_array(), "{name} has no example");
            let status = schema["properties"]["status"]["const"].as_u64()?;
            Some((name.to_owned(), status))
        })
        .collect();
    assert_eq!(documented, on_page);
}

#[test]
fn objects_have_only_the_fields_of_the_document_and_examples_are_valid() {
    let (mut objects, mut examples) = (0, 0);
    walk(&DOCUMENT, "", &mut |place, value| {
        if value["type"] == "object" {
            objects += 1;
            let others = &value["additionalProperties"];
            let is_map = value["properties"].is_null() && others.is_object();
            assert!(others == false || is_map, "{place} allows other fields");
        }
        for example in value["examples"].as_array().into_iter().flatten() {
            examples += 1;
            validate(place, example).unwrap_or_else(|error| panic!("{place}: {error}"));
        }
    });
    assert!(objects > 50 && examples > 30, "{objects} {examples}");
}

#[test]
fn every_reference_has_a_target_and_every_component_is_referred_to() {
    let mut targets = BTreeSet::new();
    walk(&DOCUMENT, "", &mut |place, value| {
        if let Some(target) = value["$ref"].as_str() {
            let target = target.strip_prefix('#').unwrap();
            assert!(DOCUMENT.pointer(target).is_some(), "{place}: {target}");
            targets.insert(target.to_owned());
        }
    });
    for (kind, components) in DOCUMENT["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys() {
            let place = format!("/components/{kind}/{name}");
            let is_used = kind == "securitySchemes" || targets.contains(&place);
            assert!(is_used, "{place} is unused");
        }
    }
}
