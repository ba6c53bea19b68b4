//! Answers of the portal as lines of text.

use serde_json::Value;
use std::fmt::Write;

/// Returns a line for each email in each language.
pub(super) fn list(list: &Value) -> String {
    let entries = list.get("templates").and_then(Value::as_array);
    let lines = entries.into_iter().flatten().map(|entry| {
        let text = |name| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let is = |name| entry.get(name).and_then(Value::as_bool).unwrap_or_default();
        let state = match (is("overridden"), is("fits")) {
            (false, _) => "shipped".to_owned(),
            (true, true) => format!("saved at {}", text("saved_at")),
            (true, false) => format!(
                "saved at {}, does not fit this release: the shipped text is sent",
                text("saved_at")
            ),
        };
        format!("{:<18}{:<4}{state}", text("message"), text("language"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the texts that are sent, and the variables.
pub(super) fn show(shown: &Value) -> String {
    let text = |name| shown.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut output = format!("Subject: {}\n\n", text("subject"));
    let _ = write!(
        output,
        "{}\n\n{}\n\nVariables:",
        text("text").trim_end(),
        text("html")
    );
    let variables = shown.get("variables").and_then(Value::as_array);
    for variable in variables.into_iter().flatten() {
        let text = |name| {
            variable
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let is_required = variable.get("required") == Some(&Value::Bool(true));
        let required = if is_required { " (required)" } else { "" };
        let _ = write!(
            output,
            "\n  {:<15}{}{required}",
            text("name"),
            text("about")
        );
    }
    output
}
