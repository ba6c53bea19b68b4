//! The errors of templates, each with its place.

use crate::domain::language::Language;
use crate::domain::language::sentences::fill;

/// A file of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    /// Returns the name of the file in a folder.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Text => "text.txt",
            Self::Html => "body.html",
        }
    }

    /// Returns the most characters that the file may have.
    pub const fn limit(self) -> usize {
        match self {
            Self::Subject => 200,
            Self::Text | Self::Html => 20_000,
        }
    }
}

/// An error of a template, at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    pub part: Part,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    pub reason: Reason,
}

/// The reason why a template is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Empty,
    TooLong(usize),
    /// A control character, or another one that cannot be printed.
    Character,
    /// `{{` without `}}`, or the other way round.
    Braces,
    UnknownVariable(String),
    /// The text and the HTML body must show this variable.
    MissingVariable(&'static str),
    /// This tag is not closed.
    Unclosed(String),
    /// This tag closes nothing.
    Unopened(String),
    /// Optional parts and elements are too deep inside of each other.
    TooDeep,
    UnknownElement(String),
    /// An attribute that the element does not have.
    UnknownAttribute(String),
    /// A target that is neither a URL variable nor an https or mailto URL.
    Href,
    /// An element that does not belong where it is.
    Misplaced(String),
    /// Text outside of a paragraph, heading, item or link.
    Bare,
    /// A `<` that starts no element.
    Angle,
    UnknownEntity(String),
}

impl TemplateError {
    /// Describes the error to an operator.
    pub fn message(&self, language: Language) -> String {
        let t = language.api();
        let (sentence, what) = match &self.reason {
            Reason::Empty => (t.template_empty, String::new()),
            Reason::TooLong(limit) => (t.template_too_long, limit.to_string()),
            Reason::Character => (t.template_character, String::new()),
            Reason::Braces => (t.template_braces, String::new()),
            Reason::UnknownVariable(name) => (t.template_unknown_variable, braced(name)),
            Reason::MissingVariable(name) => (t.template_missing_variable, braced(name)),
            Reason::Unclosed(tag) => (t.template_unclosed, tag.clone()),
            Reason::Unopened(tag) => (t.template_unopened, tag.clone()),
            Reason::TooDeep => (t.template_too_deep, String::new()),
            Reason::UnknownElement(tag) => (t.template_unknown_element, tag.clone()),
            Reason::UnknownAttribute(name) => (t.template_unknown_attribute, name.clone()),
            Reason::Href => (t.template_href, String::new()),
            Reason::Misplaced(tag) => (t.template_misplaced, tag.clone()),
            Reason::Bare => (t.template_bare, String::new()),
            Reason::Angle => (t.template_angle, String::new()),
            Reason::UnknownEntity(name) => (t.template_unknown_entity, name.clone()),
        };
        fill(sentence, &[("what", &what)])
    }
}

fn braced(name: &str) -> String {
    format!("{{{{{name}}}}}")
}
