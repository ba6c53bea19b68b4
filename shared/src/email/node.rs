//! A template after it was parsed.

/// A piece of a template. Names of variables are those of the message: others do not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Variable(&'static str),
    /// Shown where the variable is not empty.
    Optional(&'static str, Vec<Self>),
    /// An element of the HTML body.
    Element(Element, Vec<Self>),
}

/// An element of the HTML body: all that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Heading,
    Paragraph,
    Small,
    Code,
    Button(Href),
    Rule,
    List,
    Item,
    Link(Href),
    Strong,
    Emphasis,
    LineBreak,
}

/// The target of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Href {
    Variable(&'static str),
    /// An https or mailto URL.
    Url(String),
}
