//! Problem documents (RFC 9457) as sentences.

use crate::error::Error;
use serde_json::Value;

const FORBIDDEN: &str = "Your AWS credentials may not call this portal's admin API. \
                         The stack's output AdminPolicy is a policy that allows it.";

/// Explains a response that reports a problem. 409 means that there is nothing to do.
pub(crate) fn explain(status: u16, body: &[u8]) -> Error {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name| problem.get(name).and_then(Value::as_str);
    // API Gateway refuses signatures itself, without a problem document.
    let sentence = match text("detail").or_else(|| text("title")) {
        None if status == 403 => FORBIDDEN.to_owned(),
        None => format!("The portal answered with the status {status}."),
        Some(sentence) => sentence.to_owned(),
    };
    let places = problem.get("errors").and_then(Value::as_array);
    let places = places.into_iter().flatten().map(place);
    let lines: Vec<_> = std::iter::once(sentence).chain(places).collect();
    let explained = lines.join("\n");
    if status == 409 {
        Error::Refused(explained)
    } else {
        Error::Failed(explained)
    }
}

/// Returns `  html:3:14: Unknown variable.` for an error in a file.
fn place(error: &Value) -> String {
    let part = |name| match error.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let [file, line, column, message] = ["file", "line", "column", "message"].map(part);
    format!("  {file}:{line}:{column}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_by_its_detail_and_the_places_of_its_errors() {
        let conflict = br#"{"type": "x", "title": "Conflict", "detail": "It was sent."}"#;
        let refused = Error::Refused("It was sent.".to_owned());
        assert_eq!(explain(409, conflict), refused);
        let invalid = br#"{"title": "Invalid template", "errors": [
            {"file": "html", "line": 3, "column": 14, "message": "Unknown variable."}]}"#;
        let lines = "Invalid template\n  html:3:14: Unknown variable.".to_owned();
        assert_eq!(explain(422, invalid), Error::Failed(lines));
    }

    #[test]
    fn responses_of_the_gateway_are_explained_too() {
        let refused = explain(403, br#"{"message": "Forbidden"}"#);
        assert!(refused.to_string().contains("AdminPolicy"), "{refused}");
        let broken = explain(502, b"<html>");
        assert!(broken.to_string().contains("502"), "{broken}");
    }
}
