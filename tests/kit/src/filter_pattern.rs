//! Filter patterns of CloudWatch Logs, as far as the template uses them: comparisons of fields of
//! a JSON line, joined by `&&`, `||` and parentheses.

use serde_json::Value;

/// Returns the pattern of a metric filter of the template, which has it on one line.
pub fn of_filter(template: &str, name: &str) -> String {
    let start = format!("\n  {name}:\n    Type: AWS::Logs::MetricFilter\n");
    let (_, filter) = template.split_once(&start).expect("a metric filter");
    let (_, pattern) = filter.split_once("FilterPattern: '").expect("a pattern");
    pattern.split_once("'\n").expect("one line").0.to_owned()
}

/// Returns whether a pattern such as `{ ($.a = "x*") || ($.b IS TRUE) }` matches a line.
pub fn matches(pattern: &str, line: &Value) -> bool {
    let inner = pattern.trim().strip_prefix('{').expect("a brace");
    let inner = inner.strip_suffix('}').expect("a closing brace");
    let (holds, rest) = any(inner, line);
    assert_eq!(rest.trim(), "", "{pattern}");
    holds
}

fn any<'p>(text: &'p str, line: &Value) -> (bool, &'p str) {
    let (mut holds, mut rest) = all(text, line);
    while let Some(next) = rest.trim_start().strip_prefix("||") {
        let (other, after) = all(next, line);
        (holds, rest) = (holds || other, after);
    }
    (holds, rest)
}

fn all<'p>(text: &'p str, line: &Value) -> (bool, &'p str) {
    let (mut holds, mut rest) = one(text, line);
    while let Some(next) = rest.trim_start().strip_prefix("&&") {
        let (other, after) = one(next, line);
        (holds, rest) = (holds && other, after);
    }
    (holds, rest)
}

fn one<'p>(text: &'p str, line: &Value) -> (bool, &'p str) {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('(') {
        let (holds, rest) = any(inner, line);
        let rest = rest.trim_start().strip_prefix(')');
        return (holds, rest.expect("a closing parenthesis"));
    }
    let (field, rest) = text.split_once(' ').expect("a field and an operator");
    let path = field.strip_prefix("$.").expect("a field");
    let found = line.pointer(&format!("/{}", path.replace('.', "/")));
    if let Some(rest) = rest.strip_prefix("IS TRUE") {
        return (found == Some(&Value::Bool(true)), rest);
    }
    let (operator, rest) = rest.split_once(" \"").expect("a quoted value");
    let (value, rest) = rest.split_once('"').expect("a closing quote");
    // A comparison with a field that is missing never holds.
    let is_equal = found
        .and_then(Value::as_str)
        .map(|found| match value.strip_suffix('*') {
            Some(start) => found.starts_with(start),
            None => found == value,
        });
    match operator {
        "=" => (is_equal == Some(true), rest),
        "!=" => (is_equal == Some(false), rest),
        _ => panic!("an operator that is not known: {operator}"),
    }
}
