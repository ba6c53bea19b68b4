//! Rendering of the subject and the text.

use super::node::Node;
use super::values::Values;

/// The longest line of a text, in characters. A longer word has a line of its own.
const WIDTH: usize = 72;

/// The most characters of a subject.
const SUBJECT_LENGTH: usize = 250;

/// Renders nodes as text. Elements are left out, and what is inside of them is not.
pub(super) fn plain(nodes: &[Node], values: &Values) -> String {
    let mut text = String::new();
    write_plain(&mut text, nodes, values);
    text
}

fn write_plain(text: &mut String, nodes: &[Node], values: &Values) {
    for node in nodes {
        match node {
            Node::Text(literal) => text.push_str(literal),
            Node::Variable(name) => text.push_str(values.get(name)),
            Node::Optional(name, inside) if !values.get(name).is_empty() => {
                write_plain(text, inside, values);
            }
            Node::Optional(..) => {}
            Node::Element(_, inside) => write_plain(text, inside, values),
        }
    }
}

/// Renders a subject: one line.
pub(super) fn subject(nodes: &[Node], values: &Values) -> String {
    let line = one_line(&plain(nodes, values));
    line.chars().take(SUBJECT_LENGTH).collect()
}

/// Returns the words of a text, on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Renders the text: wrapped lines, with at most one empty line between any two.
pub(super) fn text(nodes: &[Node], values: &Values) -> String {
    let mut wrapped = String::new();
    let mut is_after_gap = true;
    for line in plain(nodes, values).lines() {
        let is_empty = line.trim().is_empty();
        if !(is_empty && is_after_gap) {
            wrap(&mut wrapped, line);
        }
        is_after_gap = is_empty;
    }
    wrapped.truncate(wrapped.trim_end().len());
    wrapped.push('\n');
    wrapped
}

/// Writes a line as lines of at most [`WIDTH`] characters, each with its indentation.
fn wrap(wrapped: &mut String, line: &str) {
    let indent: String = line.chars().take_while(|c| *c == ' ').take(8).collect();
    let mut length = 0;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let characters = word.chars().count();
        if length > 0 && length + 1 + characters > WIDTH {
            wrapped.push('\n');
            length = 0;
        }
        if length == 0 {
            wrapped.push_str(&indent);
            length = indent.len();
        } else {
            wrapped.push(' ');
            length += 1;
        }
        wrapped.push_str(word);
        length += characters;
    }
    wrapped.push('\n');
}
