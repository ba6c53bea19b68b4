//! A template: parsed and checked, then filled.

use super::error::{Part, Reason, TemplateError};
use super::frame::Frame;
use super::kind::{MessageKind, Variable};
use super::node::{Element, Href, Node};
use super::values::Values;
use super::{html, parser, plain};

/// The files of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSource {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl TemplateSource {
    /// Creates a source with Unix line ends, and without those after the subject.
    pub fn new(subject: &str, text: &str, html: &str) -> Self {
        let unix = |text: &str| text.replace("\r\n", "\n");
        Self {
            subject: unix(subject).trim_end_matches('\n').to_owned(),
            text: unix(text),
            html: unix(html),
        }
    }
}

/// A template that fits its message.
#[derive(Debug)]
pub struct Template {
    subject: Vec<Node>,
    pub(super) text: Vec<Node>,
    html: Vec<Node>,
}

/// A message, ready to be sent.
#[derive(Debug)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Template {
    /// Parses and checks a template.
    ///
    /// # Errors
    /// Every error that could be found, with its place.
    pub fn parse(kind: MessageKind, source: &TemplateSource) -> Result<Self, Vec<TemplateError>> {
        let mut errors = vec![];
        let mut file = |part, source: &str| {
            let nodes = parser::parse(part, source, kind.variables());
            let nodes = nodes.and_then(|nodes| {
                let missing = missing(part, &nodes, kind.variables());
                if missing.is_empty() {
                    return Ok(nodes);
                }
                let end = source.trim_end().len();
                let place = |name| parser::place(part, source, end, Reason::MissingVariable(name));
                Err(missing.into_iter().map(place).collect())
            });
            nodes.unwrap_or_else(|found| {
                errors.extend::<Vec<TemplateError>>(found);
                vec![]
            })
        };
        let template = Self {
            subject: file(Part::Subject, &source.subject),
            text: file(Part::Text, &source.text),
            html: file(Part::Html, &source.html),
        };
        if errors.is_empty() && plain::subject(&template.subject, &Values::default()).is_empty() {
            errors.push(parser::place(Part::Subject, "", 0, Reason::Empty));
        }
        if errors.is_empty() {
            Ok(template)
        } else {
            Err(errors)
        }
    }

    /// Fills the template, and puts its HTML body into the frame.
    pub fn render(&self, values: &Values, frame: &Frame<'_>) -> Rendered {
        let subject = plain::subject(&self.subject, values);
        let preheader = html::first_paragraph(&self.html, values);
        let content = html::content(&self.html, values, frame.brand);
        Rendered {
            text: plain::text(&self.text, values),
            html: frame.around(&subject, &preheader, &content),
            subject,
        }
    }
}

/// Returns the required variables that a body does not always show: the link in an `href`, and the
/// others as text. One that may be empty may be in its own optional part.
fn missing(part: Part, nodes: &[Node], variables: &[Variable]) -> Vec<&'static str> {
    if part == Part::Subject {
        return vec![];
    }
    let required = variables.iter().filter(|variable| variable.required);
    let is_missing = |variable: &&Variable| !shows(part, nodes, variable);
    required
        .filter(is_missing)
        .map(|variable| variable.name)
        .collect()
}

fn shows(part: Part, nodes: &[Node], variable: &Variable) -> bool {
    let name = variable.name;
    nodes.iter().any(|node| match node {
        Node::Text(_) => false,
        Node::Variable(shown) => *shown == name && (part == Part::Text || !variable.is_url),
        Node::Optional(condition, inside) => *condition == name && shows(part, inside, variable),
        Node::Element(Element::Link(href) | Element::Button(href), inside) => {
            *href == Href::Variable(name) || shows(part, inside, variable)
        }
        Node::Element(_, inside) => shows(part, inside, variable),
    })
}
