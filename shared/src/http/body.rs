//! The strict reading of a request that changes something.

use crate::domain::portal::{Origin, Site};
use crate::http::origin;
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The largest body that is read.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Request {
    /// A request that changes something and says nothing: from an allowed origin, with no body, or
    /// one without fields.
    ///
    /// # Errors
    /// As [`Request::input`].
    pub fn empty_body(&self, site: &Site, origin: &Origin) -> Result<(), Problem> {
        if self.raw_body().is_empty() {
            return origin::check(self, site, origin);
        }
        self.body::<Nothing>(site, origin).map(|Nothing {}| ())
    }

    /// The body of a request that changes something: from an allowed origin, JSON or a form, not
    /// too large, UTF-8, every field known and there once.
    ///
    /// # Errors
    /// 403, 415, 413 or 400, in that order.
    pub fn body<T: DeserializeOwned>(&self, site: &Site, origin: &Origin) -> Result<T, Problem> {
        origin::check(self, site, origin)?;
        if !self.is_form() {
            return self.json_body();
        }
        read_form(self.text()?)
            .ok_or_else(|| Problem::invalid_request("The form is not one of this endpoint's."))
    }

    /// The body of a request that API Gateway has authorised: JSON, not too large, UTF-8, every
    /// field known and there once.
    ///
    /// # Errors
    /// 415, 413 or 400, in that order.
    pub fn json_body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if !self.is_json() {
            return Err(Problem::new(
                ProblemType::UnsupportedMediaType,
                "Send application/json; pages may send a form.",
            ));
        }
        read_json(self.text()?)
    }

    /// A request that API Gateway has authorised and that says nothing: no body, or a JSON object
    /// without fields.
    ///
    /// # Errors
    /// As [`Request::json`].
    pub fn empty_json(&self) -> Result<(), Problem> {
        if self.raw_body().is_empty() {
            return Ok(());
        }
        self.json_body::<Nothing>().map(|Nothing {}| ())
    }

    /// The parameters of the query with these names, and no others.
    ///
    /// # Errors
    /// 400 for one with another name, or that is there twice.
    pub fn query_params<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<&str>; N], Problem> {
        let mut values = [None; N];
        for (name, value) in self.queries() {
            let slot = names
                .iter()
                .zip(&mut values)
                .find(|(known, _)| **known == name)
                .map(|(_, slot)| slot);
            match slot {
                Some(slot) if slot.is_none() => *slot = Some(value),
                _ => {
                    return Err(Problem::invalid_request(
                        "The query has a parameter that is unknown or there twice.",
                    ));
                }
            }
        }
        Ok(values)
    }

    fn text(&self) -> Result<&str, Problem> {
        let body = self.raw_body();
        if body.len() > MAX_BODY_BYTES {
            return Err(Problem::new(
                ProblemType::PayloadTooLarge,
                "Send at most 16 KiB.",
            ));
        }
        std::str::from_utf8(body).map_err(|_| Problem::invalid_request("The body is not UTF-8."))
    }
}

/// An object, and not an array that happens to hold the fields in order. What is wrong is told by
/// place only: serde's own words would repeat what was sent.
fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if !text.trim_start().starts_with('{') {
        return Err(Problem::invalid_request("The body is no JSON object."));
    }
    serde_json::from_str(text).map_err(|error| {
        let what = if error.is_data() {
            "has a field that is unknown, missing, there twice or of the wrong type"
        } else {
            "is no JSON"
        };
        Problem::invalid_request(format!(
            "The body {what} (line {}, column {}).",
            error.line(),
            error.column()
        ))
    })
}

/// `application/x-www-form-urlencoded` (WHATWG URL, 5.1), but strict: what is not UTF-8 is refused,
/// not replaced.
fn read_form<T: DeserializeOwned>(text: &str) -> Option<T> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(Cow::into_owned)
            .ok()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    let mut fields = serde_json::Map::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = pair(part)?;
        if fields.insert(name, value.into()).is_some() {
            return None;
        }
    }
    serde_json::from_value(fields.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        email: String,
        next: Option<String>,
    }

    #[test]
    fn a_form_is_read_strictly() {
        let form = |email: &str, next: Option<&str>| {
            Some(Form {
                email: email.into(),
                next: next.map(Into::into),
            })
        };
        assert_eq!(read_form("email=a%2Bb%40c.de"), form("a+b@c.de", None));
        assert_eq!(read_form("email=a+b&next=%2Fx"), form("a b", Some("/x")));
        for wrong in [
            "",
            "email=a&email=b",
            "email=a&other=b",
            "email=%ff",
            "next=/x",
        ] {
            assert_eq!(read_form::<Form>(wrong), None, "{wrong}");
        }
    }
}
