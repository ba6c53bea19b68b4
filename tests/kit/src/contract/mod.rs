//! The contract of the API, `docs/openapi.yaml`. Every response that a test receives is compared
//! with it.

mod routes;

use jsonschema::{Draft, Registry, Validator};
use local::template::yaml;
use reqwest::header::HeaderMap;
use routes::{Route, find_route};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The URI of the document among the schemas.
const URI: &str = "urn:openapi";
/// The place of the response to requests that no function has a route for.
const NOT_FOUND: &str = "/components/responses/PageNotFound";
/// The headers that no response has unless it is documented.
const HEADERS: [&str; 5] = [
    "cache-control",
    "location",
    "retry-after",
    "set-cookie",
    "www-authenticate",
];

/// The document, read once.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../../docs/openapi.yaml");
    yaml::parse(text).expect("docs/openapi.yaml is valid YAML")
});

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let registry = Registry::new().draft(Draft::Draft202012);
    let registry = registry.add(URI, &*DOCUMENT).expect("a valid URI");
    registry.prepare().expect("the schemas refer to each other")
});

/// The schemas that were compiled so far, by their place in the document.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// A response to a request.
pub struct Answer<'a> {
    pub method: &'a str,
    /// The path as it was sent, with its query.
    pub path: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a str,
}

impl Answer<'_> {
    /// Compares the response with the document.
    ///
    /// # Errors
    /// A sentence that names the route, the status and the place that differs.
    pub fn check(&self) -> Result<(), String> {
        if self.path.starts_with("/_local/") {
            return Ok(());
        }
        let Some(route) = find_route(&DOCUMENT, self.method, self.path) else {
            return self.check_without_route();
        };
        let wrong = |what| format!("{} {}: {what}", route.name, self.status);
        let (place, response) = self.response(&route).map_err(wrong)?;
        self.check_headers(&place, response)
            .and_then(|()| self.check_body(&place, response))
            .map_err(wrong)
    }

    /// Checks the answer of API Gateway, or of a greedy route, which OpenAPI has no form for.
    fn check_without_route(&self) -> Result<(), String> {
        let is_right = match (self.method, self.status) {
            ("OPTIONS", 204) | ("HEAD", _) | ("GET", 308) => self.body.is_empty(),
            ("GET", 404) => {
                let response = DOCUMENT.pointer(NOT_FOUND).unwrap_or(&Value::Null);
                self.check_body(NOT_FOUND, response).is_ok()
            }
            (_, status) => [400, 404].contains(&status) && self.is_gateway_message(),
        };
        if is_right {
            return Ok(());
        }
        let (method, path, status) = (self.method, self.path, self.status);
        Err(format!(
            "{method} {path} is not in docs/openapi.yaml, and was answered with {status}"
        ))
    }

    fn is_gateway_message(&self) -> bool {
        let body = serde_json::from_str(self.body).unwrap_or_default();
        validate("/components/schemas/GatewayMessage", &body).is_ok()
    }

    /// Returns the place of the response in the document, and the response.
    fn response(&self, route: &Route) -> Result<(String, &'static Value), String> {
        let status = self.status.to_string();
        let responses = &route.operation["responses"];
        let name = if responses[&status].is_object() {
            &status
        } else {
            "default"
        };
        let response = &responses[name];
        if let Some(place) = response["$ref"].as_str() {
            let place = place.trim_start_matches('#');
            return DOCUMENT
                .pointer(place)
                .map(|response| (place.to_owned(), response))
                .ok_or_else(|| format!("{place} is not in the document"));
        }
        if response.is_null() {
            return Err("this status is not in the document".to_owned());
        }
        Ok((format!("{}/responses/{name}", route.place), response))
    }

    fn check_headers(&self, place: &str, response: &Value) -> Result<(), String> {
        let documented = response["headers"].as_object();
        let named = |wanted: &str| {
            let mut headers = documented.into_iter().flatten();
            headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        for name in HEADERS {
            let values = self.headers.get_all(name);
            let Some((key, header)) = named(name) else {
                if values.iter().next().is_some() {
                    return Err(format!("the header {name} is not in the document"));
                }
                continue;
            };
            let place = header["$ref"].as_str().map_or_else(
                || format!("{place}/headers/{}", escape(key)),
                |place| place.trim_start_matches('#').to_owned(),
            );
            let header = DOCUMENT.pointer(&place).unwrap_or(&Value::Null);
            if header["required"] == true && values.iter().next().is_none() {
                return Err(format!("the header {name} is missing"));
            }
            for value in values {
                let value = json!(value.to_str().unwrap_or_default());
                validate(&format!("{place}/schema"), &value)
                    .map_err(|error| format!("the header {name}: {error}"))?;
            }
        }
        Ok(())
    }

    fn check_body(&self, place: &str, response: &Value) -> Result<(), String> {
        let Some(content) = response["content"].as_object() else {
            return if self.body.is_empty() {
                Ok(())
            } else {
                Err(format!("the body is not empty: {:.500}", self.body))
            };
        };
        let media_type = self.headers.get("content-type");
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next());
        let media_type = media_type.unwrap_or_default();
        let is_problem = content.contains_key("application/problem+json");
        if is_problem && self.status >= 400 && media_type == "text/html" {
            // For a browser.
            return Ok(());
        }
        if !content.contains_key(media_type) {
            let body = self.body;
            return Err(format!(
                "the content type {media_type:?} is not in the document\n{body:.500}"
            ));
        }
        let body = if media_type.ends_with("json") {
            serde_json::from_str(self.body).map_err(|error| error.to_string())?
        } else {
            json!(self.body)
        };
        let place = format!("{place}/content/{}/schema", escape(media_type));
        validate(&place, &body).map_err(|error| format!("{error}\n{:.1000}", self.body))
    }
}

/// Validates a value against the schema at a place of the document.
///
/// # Errors
/// Everything that is wrong, each with its place in the value.
pub fn validate(place: &str, value: &Value) -> Result<(), String> {
    let wrong: Vec<_> = validator(place)
        .iter_errors(value)
        .map(|error| format!("at `{}`: {error}", error.instance_path()))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

fn validator(place: &str) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = validators.entry(place.to_owned()).or_insert_with(|| {
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&REGISTRY)
            .should_validate_formats(true);
        // The fragment of a URI has no braces.
        let pointer = place.replace('{', "%7B").replace('}', "%7D");
        let schema = json!({"$ref": format!("{URI}#{pointer}")});
        Arc::new(options.build(&schema).expect("a valid schema"))
    });
    Arc::clone(compiled)
}

/// Escapes a key for a JSON pointer (RFC 6901).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
