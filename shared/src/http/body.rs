//! Strict reading of request bodies and queries.

use crate::domain::language::sentences::fill;
use crate::domain::origin::Origin;
use crate::domain::site::Site;
use crate::http::body_error::{fill_in, invalid_body, invalid_json, plain};
use crate::http::origin;
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

/// Size in KiB of the largest body of a visitor that is read.
const MAX_KIB: usize = 16;
/// Size in KiB of the largest body of an administrator that is read. A user's item in DynamoDB,
/// which may have 400 KB, is not larger than the body that sets its fields.
const MAX_ADMIN_KIB: usize = 256;

#[derive(serde::Deserialize, Default, Debug)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Request {
    /// Reads a request that changes something without input: from an allowed origin, with no body
    /// or a body without fields.
    ///
    /// # Errors
    /// The errors of [`Request::body`].
    pub fn empty_body(&self, site: &Site, origin: &Origin) -> Result<(), Problem> {
        self.body_or_default(site, origin).map(|Nothing {}| ())
    }

    /// Reads the body of a request whose fields are all optional: like [`Request::body`], or no
    /// body.
    ///
    /// # Errors
    /// The errors of [`Request::body`].
    pub fn body_or_default<T: DeserializeOwned + Default>(
        &self,
        site: &Site,
        origin: &Origin,
    ) -> Result<T, Problem> {
        if self.raw_body().is_empty() {
            return origin::check(self, site, origin).map(|()| T::default());
        }
        self.body(site, origin)
    }

    /// Reads the body of a request that changes something: from an allowed origin, JSON or a form,
    /// UTF-8, every field known and sent once.
    ///
    /// # Errors
    /// 403, 415, 413 or 400, in that order.
    pub fn body<T: DeserializeOwned>(&self, site: &Site, origin: &Origin) -> Result<T, Problem> {
        origin::check(self, site, origin)?;
        if self.is_form() {
            return read_form(self.body_text(MAX_KIB)?);
        }
        self.json_up_to(MAX_KIB)
    }

    /// Reads the body of a request that API Gateway has authorized: JSON, UTF-8, every field known
    /// and sent once.
    ///
    /// # Errors
    /// 415, 413 or 400, in that order.
    pub fn json_body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.json_up_to(MAX_ADMIN_KIB)
    }

    fn json_up_to<T: DeserializeOwned>(&self, max_kib: usize) -> Result<T, Problem> {
        if !self.is_json() {
            return Err(Problem::new(ProblemType::UnsupportedMediaType, |t| {
                t.send_json
            }));
        }
        read_json(self.body_text(max_kib)?)
    }

    /// Reads a request that API Gateway has authorized and that has no input: no body, or a JSON
    /// object without fields.
    ///
    /// # Errors
    /// The errors of [`Request::json_body`].
    pub fn empty_json(&self) -> Result<(), Problem> {
        if self.raw_body().is_empty() {
            return Ok(());
        }
        self.json_body::<Nothing>().map(|Nothing {}| ())
    }

    /// Returns the query parameters with these names.
    ///
    /// # Errors
    /// 400 for a parameter with another name, or one that was sent twice.
    pub fn query_params<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<&str>; N], Problem> {
        let mut values = [None; N];
        for (name, value) in self.queries() {
            let known = names
                .iter()
                .zip(&mut values)
                .find(|(known, _)| **known == name);
            let detail = match known {
                Some((_, slot)) if slot.is_none() => {
                    *slot = Some(value);
                    continue;
                }
                Some((known, _)) => Problem::invalid_request({
                    let values = [("name", (*known).to_owned())];
                    move |t| fill_in(t.duplicate_parameter, &values)
                }),
                None if names.is_empty() => Problem::invalid_request(|t| t.no_parameters),
                None => Problem::invalid_request({
                    let values = [("known", names.join("`, `"))];
                    move |t| fill_in(t.unknown_parameter, &values)
                }),
            };
            return Err(detail.with_field(plain(name)));
        }
        Ok(values)
    }

    fn body_text(&self, max_kib: usize) -> Result<&str, Problem> {
        let body = self.raw_body();
        if body.len() > max_kib * 1024 {
            return Err(Problem::new(ProblemType::PayloadTooLarge, move |t| {
                fill(t.body_too_large, &[("kib", &max_kib.to_string())])
            }));
        }
        std::str::from_utf8(body).map_err(|_| Problem::invalid_request(|t| t.not_utf8))
    }
}

/// Reads a JSON object. Rejects an array of the fields, which serde would accept.
fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if !text.trim_start().starts_with('{') {
        return Err(Problem::invalid_request(|t| t.not_an_object));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| invalid_body(text, error.path(), error.inner()))?;
    json.end().map_err(|error| invalid_json(&error))?;
    Ok(value)
}

/// Reads `application/x-www-form-urlencoded` (WHATWG URL, 5.1). Rejects bytes that are not UTF-8,
/// where browsers would replace them.
fn read_form<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(|text| serde_json::Value::from(text.as_ref()))
            .map_err(|_| Problem::invalid_request(|t| t.form_not_utf8))
    };
    let mut fields = Vec::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        fields.push(format!("{}:{}", decode(name)?, decode(value)?));
    }
    // As JSON text rather than as a map, so that a repeated field is reported as one.
    read_json(&format!("{{{}}}", fields.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        email: String,
        next: Option<String>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only their types matter")]
    struct Body {
        name: String,
        kind: Option<Kinds>,
        items: Option<Vec<Form>>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Kinds {
        One,
        Two,
    }

    #[test]
    fn a_form_is_read_strictly() {
        let form = |email: &str, next: Option<&str>| Form {
            email: email.into(),
            next: next.map(Into::into),
        };
        assert_eq!(
            read_form::<Form>("email=a%2Bb%40c.de").unwrap(),
            form("a+b@c.de", None)
        );
        assert_eq!(
            read_form::<Form>("email=a+b&next=%2Fx").unwrap(),
            form("a b", Some("/x"))
        );
        for (wrong, detail) in [
            ("", "Missing field `email`."),
            ("email=a&email=b", "Field `email` was sent twice."),
            (
                "email=a&other=b",
                "The body has an unknown field. Known fields: `email`, `next`.",
            ),
            ("email=%ff", "The form is not valid UTF-8."),
            ("next=/x", "Missing field `email`."),
        ] {
            let problem = read_form::<Form>(wrong).unwrap_err();
            assert_eq!(problem.detail(Language::English), detail);
        }
    }

    #[test]
    fn an_error_of_a_body_is_described_in_words_of_its_schema() {
        for (wrong, detail) in [
            ("{}", "Missing field `name`."),
            ("[\"a\"]", "The body must be a JSON object."),
            (
                "{\"name\":\"a\"",
                "The body is not valid JSON (line 1, column 11).",
            ),
            (
                "{\"name\":\"a\"} x",
                "The body is not valid JSON (line 1, column 14).",
            ),
            (
                "{\"name\":\"a\",\"name\":\"b\"}",
                "Field `name` was sent twice.",
            ),
            ("{\"name\":1}", "`name` must be a string."),
            ("{\"name\":{\"evil\":1}}", "`name` must be a string."),
            (
                "{\"evil, expected `x`\":1}",
                "The body has an unknown field. Known fields: `name`, `kind`, `items`.",
            ),
            ("{\"kind\":\"evil\"}", "`kind` must be `one` or `two`."),
            ("{\"kind\":5}", "`kind` must be a string."),
            ("{\"items\":\"evil\"}", "`items` must be an array."),
            ("{\"items\":[5]}", "`items[0]` must be an object."),
            (
                "{\"items\":[{\"email\":5}]}",
                "`items[0].email` must be a string.",
            ),
            ("{\"items\":[{}]}", "Missing field `items[0].email`."),
            (
                "{\"items\":[{\"email\":\"a\"},{\"evil\":1}]}",
                "The body has an unknown field. Known fields: `email`, `next`.",
            ),
        ] {
            let problem = read_json::<Body>(wrong).unwrap_err();
            assert_eq!(problem.detail(Language::English), detail, "{wrong}");
        }
        let problem = read_json::<Nothing>("{\"evil\":1}").unwrap_err();
        let detail = problem.detail(Language::English);
        assert_eq!(detail, "The body must have no fields.");
    }
}
