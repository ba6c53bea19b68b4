//! The parser of templates: text with variables and optional parts, and for the HTML body the
//! elements of [`markup`].

mod markup;

use super::error::{Part, Reason, TemplateError};
use super::kind::Variable;
use super::node::Node;
use crate::domain::characters::is_printable;
use markup::Context;

/// The most optional parts and elements inside of each other.
const MAX_DEPTH: usize = 12;

/// The variables that no subject may show.
const CREDENTIALS: [&str; 2] = ["link", "code"];

/// An error with the byte that it is at.
type Failure = (usize, Reason);

/// Where a list of nodes ends.
#[derive(Clone)]
enum End {
    File,
    /// `{{/name}}`, for the optional part that starts at this byte.
    Optional(String, usize),
    /// `</name>`, for the element that starts at this byte.
    Element(String, usize),
}

struct Parser<'a> {
    part: Part,
    source: &'a str,
    variables: &'static [Variable],
    at: usize,
    depth: usize,
    failures: Vec<Failure>,
}

/// Parses one file of a template.
pub(super) fn parse(
    part: Part,
    source: &str,
    variables: &'static [Variable],
) -> Result<Vec<Node>, Vec<TemplateError>> {
    let mut parser = Parser {
        part,
        source,
        variables,
        at: 0,
        depth: 0,
        failures: vec![],
    };
    let nodes = parser.file().unwrap_or_else(|failure| {
        parser.failures.push(failure);
        vec![]
    });
    if parser.failures.is_empty() {
        return Ok(nodes);
    }
    let failures = parser.failures.into_iter();
    Err(failures
        .map(|(at, reason)| place(part, source, at, reason))
        .collect())
}

/// Returns the error at a byte of `source`.
pub(super) fn place(part: Part, source: &str, at: usize, reason: Reason) -> TemplateError {
    let before = source.get(..at).unwrap_or(source);
    let line = before.rsplit('\n').next().unwrap_or_default();
    TemplateError {
        part,
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        reason,
    }
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<Vec<Node>, Failure> {
        if self.source.trim().is_empty() {
            return Err((0, Reason::Empty));
        }
        let limit = self.part.limit();
        if let Some((at, _)) = self.source.char_indices().nth(limit) {
            return Err((at, Reason::TooLong(limit)));
        }
        let is_allowed = |c: char| match self.part {
            Part::Subject => is_printable(c.encode_utf8(&mut [0; 4])),
            Part::Text | Part::Html => c == '\n' || is_printable(c.encode_utf8(&mut [0; 4])),
        };
        if let Some(at) = self.source.find(|c| !is_allowed(c)) {
            return Err((at, Reason::Character));
        }
        self.nodes(Context::Top, &End::File)
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Parses up to `end`, which is read as well.
    fn nodes(&mut self, context: Context, end: &End) -> Result<Vec<Node>, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((self.at, Reason::TooDeep));
        }
        let mut nodes = vec![];
        loop {
            let start = self.at;
            if self.rest().is_empty() {
                match end {
                    End::File => break,
                    End::Optional(name, at) => {
                        return Err((*at, Reason::Unclosed(format!("{{{{#{name}}}}}"))));
                    }
                    End::Element(name, at) => {
                        return Err((*at, Reason::Unclosed(format!("<{name}>"))));
                    }
                }
            }
            if self.rest().starts_with("{{") {
                let tag = self.braces()?;
                if let Some(name) = tag.strip_prefix('/') {
                    if matches!(end, End::Optional(open, _) if open == name) {
                        break;
                    }
                    return Err((start, Reason::Unopened(format!("{{{{/{name}}}}}"))));
                }
                nodes.extend(self.variable(tag, start, context)?);
            } else if self.part == Part::Html && self.rest().starts_with('<') {
                let tag = markup::Tag::read(self)?;
                if let Some(name) = tag.closes() {
                    if matches!(end, End::Element(open, _) if open == name) {
                        break;
                    }
                    return Err((start, Reason::Unopened(format!("</{name}>"))));
                }
                nodes.push(tag.element(self, start, context)?);
            } else {
                nodes.extend(self.text(context)?);
            }
        }
        self.depth -= 1;
        Ok(nodes)
    }

    /// Reads `{{...}}` and returns what is inside.
    fn braces(&mut self) -> Result<&'a str, Failure> {
        let inside = self.rest().get(2..).unwrap_or_default();
        let (tag, _) = inside
            .split_once("}}")
            .filter(|(tag, _)| !tag.contains(['{', '\n']))
            .ok_or((self.at, Reason::Braces))?;
        let start = self.at;
        self.at += tag.len() + 4;
        if self.part != Part::Html && tag.starts_with(['#', '/']) {
            self.skip_line_end(start);
        }
        Ok(tag)
    }

    /// Skips the end of a line that has only the tag starting at `start`.
    fn skip_line_end(&mut self, start: usize) {
        let before = self.source.get(..start).unwrap_or_default();
        let is_alone = before.is_empty() || before.ends_with('\n');
        if is_alone && self.rest().starts_with('\n') {
            self.at += 1;
        }
    }

    /// Parses a variable or an optional part, whose tag has been read. An unknown one is recorded,
    /// and parsing goes on.
    fn variable(
        &mut self,
        tag: &str,
        start: usize,
        context: Context,
    ) -> Result<Option<Node>, Failure> {
        let is_optional = tag.starts_with('#');
        let name = tag.trim_start_matches('#');
        let known = self.find(name).map(|variable| variable.name);
        if known.is_none() {
            let unknown = Reason::UnknownVariable(name.to_owned());
            self.failures.push((start, unknown));
        }
        // Subjects are shown on locked screens, and repeated in the events of the provider.
        if self.part == Part::Subject && CREDENTIALS.contains(&name) {
            let misplaced = Reason::Misplaced(format!("{{{{{tag}}}}}"));
            self.failures.push((start, misplaced));
        }
        if is_optional {
            let end = End::Optional(name.to_owned(), start);
            let inside = self.nodes(context, &end)?;
            return Ok(known.map(|known| Node::Optional(known, inside)));
        }
        if self.part == Part::Html && !context.has_text() {
            return Err((start, Reason::Bare));
        }
        Ok(known.map(Node::Variable))
    }

    fn find(&self, name: &str) -> Option<&'static Variable> {
        self.variables.iter().find(|known| known.name == name)
    }

    /// Parses text up to the next tag. Returns `None` for space between blocks.
    fn text(&mut self, context: Context) -> Result<Option<Node>, Failure> {
        let stops: &[&str] = match self.part {
            Part::Subject | Part::Text => &["{{", "}}"],
            Part::Html => &["{{", "}}", "<"],
        };
        let rest = self.rest();
        let ends = stops.iter().filter_map(|stop| rest.find(stop));
        let end = ends.min().unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        if after.starts_with("}}") {
            return Err((self.at + end, Reason::Braces));
        }
        let start = self.at;
        self.at += end;
        if self.part != Part::Html {
            return Ok(Some(Node::Text(text.to_owned())));
        }
        if !context.has_text() {
            let bare = text.find(|c: char| !c.is_whitespace());
            return bare.map_or(Ok(None), |bare| Err((start + bare, Reason::Bare)));
        }
        markup::decode(text, start).map(|text| Some(Node::Text(text)))
    }
}
