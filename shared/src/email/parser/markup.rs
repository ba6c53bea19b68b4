//! The elements of an HTML body. Everything else is an error.
//!
//! | element | where |
//! |---|---|
//! | `<h1>`, `<p>`, `<p class="small">`, `<p class="code">`, `<ul>`, `<hr>` | top |
//! | `<a class="button" href="...">` | top |
//! | `<li>` | in `<ul>` |
//! | `<a href="...">` | in headings, paragraphs and items |
//! | `<strong>`, `<em>`, `<br>` | there, and in links |

use super::{End, Failure, Parser};
use crate::email::error::Reason;
use crate::email::node::{Element, Href, Node};

/// The surroundings of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Top,
    List,
    /// Inside of a heading, a paragraph or an item.
    Block,
    /// Inside of a link.
    Link,
}

impl Context {
    pub(super) const fn has_text(self) -> bool {
        matches!(self, Self::Block | Self::Link)
    }

    const fn allows(self, element: &Element) -> bool {
        match element {
            Element::Heading
            | Element::Paragraph
            | Element::Small
            | Element::Code
            | Element::Button(_)
            | Element::Rule
            | Element::List => matches!(self, Self::Top),
            Element::Item => matches!(self, Self::List),
            Element::Link(_) => matches!(self, Self::Block),
            Element::Strong | Element::Emphasis | Element::LineBreak => self.has_text(),
        }
    }

    /// Returns the context inside of `element`.
    const fn inside(self, element: &Element) -> Self {
        match element {
            Element::List => Self::List,
            Element::Link(_) | Element::Button(_) => Self::Link,
            Element::Strong | Element::Emphasis => self,
            _ => Self::Block,
        }
    }
}

/// A tag as it is written.
pub(super) struct Tag<'a> {
    /// With a leading `/` if the tag closes an element.
    name: &'a str,
    class: Option<&'a str>,
    href: Option<&'a str>,
    href_at: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag that starts here.
    pub(super) fn read(parser: &mut Parser<'a>) -> Result<Self, Failure> {
        let start = parser.at;
        let rest = parser.rest().get(1..).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '!' | '-');
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().trim_end_matches('/');
        if name.is_empty() {
            return Err((start, Reason::Angle));
        }
        parser.at += 1 + name.len();
        let mut tag = Self {
            name,
            class: None,
            href: None,
            href_at: start,
        };
        while !tag.ends(parser) {
            tag.attribute(parser, start)?;
        }
        Ok(tag)
    }

    /// Skips space, and the end of the tag if it is here.
    fn ends(&self, parser: &mut Parser<'a>) -> bool {
        let rest = parser.rest();
        let trimmed = rest.trim_start();
        parser.at += rest.len() - trimmed.len();
        let is_void = matches!(self.name, "br" | "hr");
        let length = match trimmed.as_bytes() {
            [b'>', ..] => 1,
            [b'/', b'>', ..] if is_void => 2,
            _ => return false,
        };
        parser.at += length;
        true
    }

    /// Reads one attribute: `name="value"`.
    fn attribute(&mut self, parser: &mut Parser<'a>, start: usize) -> Result<(), Failure> {
        let rest = parser.rest();
        let unclosed = || (start, Reason::Unclosed(format!("<{}", self.name)));
        let end = rest.find(['=', '>', '<', ' ', '\n']).ok_or_else(unclosed)?;
        let (name, after) = rest.split_at(end);
        let unknown = (parser.at, Reason::UnknownAttribute(name.to_owned()));
        let value = after.strip_prefix("=\"").and_then(|v| v.split_once('"'));
        let (Some((value, _)), false) = (value, self.name.starts_with('/')) else {
            return Err(unknown);
        };
        let slot = match name {
            "class" => &mut self.class,
            "href" => {
                self.href_at = parser.at + end + 2;
                &mut self.href
            }
            _ => return Err(unknown),
        };
        if slot.replace(value).is_some() {
            return Err(unknown);
        }
        parser.at += end + 3 + value.len();
        Ok(())
    }

    /// Returns the name of the element that the tag closes.
    pub(super) fn closes(&self) -> Option<&'a str> {
        self.name.strip_prefix('/')
    }

    /// Parses the element that the tag opens.
    pub(super) fn element(
        &self,
        parser: &mut Parser<'a>,
        start: usize,
        context: Context,
    ) -> Result<Node, Failure> {
        let element = self.kind(parser, start)?;
        let shown = || format!("<{}>", self.name);
        if !context.allows(&element) {
            return Err((start, Reason::Misplaced(shown())));
        }
        let inside = match element {
            Element::LineBreak | Element::Rule => vec![],
            _ => parser.nodes(
                context.inside(&element),
                &End::Element(self.name.to_owned(), start),
            )?,
        };
        Ok(Node::Element(element, inside))
    }

    fn kind(&self, parser: &Parser<'_>, start: usize) -> Result<Element, Failure> {
        let element = match (self.name, self.class, self.href) {
            ("h1", None, None) => Element::Heading,
            ("p", None, None) => Element::Paragraph,
            ("p", Some("small"), None) => Element::Small,
            ("p", Some("code"), None) => Element::Code,
            ("a", None, Some(href)) => Element::Link(self.target(parser, href)?),
            ("a", Some("button"), Some(href)) => Element::Button(self.target(parser, href)?),
            ("a", _, None) => return Err((start, Reason::Href)),
            ("strong", None, None) => Element::Strong,
            ("em", None, None) => Element::Emphasis,
            ("br", None, None) => Element::LineBreak,
            ("hr", None, None) => Element::Rule,
            ("ul", None, None) => Element::List,
            ("li", None, None) => Element::Item,
            ("h1" | "p" | "a" | "strong" | "em" | "br" | "hr" | "ul" | "li", class, href) => {
                let wrong = class.map_or("href", |_| "class");
                let wrong = if href.is_some() && self.name != "a" {
                    "href"
                } else {
                    wrong
                };
                return Err((start, Reason::UnknownAttribute(wrong.to_owned())));
            }
            (name, ..) => return Err((start, Reason::UnknownElement(format!("<{name}>")))),
        };
        Ok(element)
    }

    /// Parses the target of a link: a URL variable, or an https or mailto URL.
    fn target(&self, parser: &Parser<'_>, href: &str) -> Result<Href, Failure> {
        let wrong = || (self.href_at, Reason::Href);
        let variable = href.strip_prefix("{{").and_then(|h| h.strip_suffix("}}"));
        if let Some(name) = variable {
            let unknown = || Reason::UnknownVariable(name.to_owned());
            let known = parser.find(name).ok_or((self.href_at, unknown()))?;
            return if known.is_url {
                Ok(Href::Variable(known.name))
            } else {
                Err(wrong())
            };
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '<' | '>' | '\\');
        let url = url::Url::parse(href).ok().filter(|url| {
            let is_safe = url.scheme() == "mailto" || url.has_host() && url.scheme() == "https";
            is_safe && url.username().is_empty() && href.chars().all(is_plain)
        });
        url.map(|url| Href::Url(url.into())).ok_or_else(wrong)
    }
}

/// Decodes the entities of a text that starts at a byte of its file.
pub(super) fn decode(text: &str, start: usize) -> Result<String, Failure> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        let (name, tail) = after.split_at(end);
        let character = match (name, tail.starts_with(';')) {
            ("amp", true) => '&',
            ("lt", true) => '<',
            ("gt", true) => '>',
            ("quot", true) => '"',
            ("nbsp", true) => '\u{a0}',
            ("", _) | (_, false) => {
                decoded.push('&');
                rest = after;
                continue;
            }
            (name, true) => {
                let at = start + text.len() - after.len() - 1;
                return Err((at, Reason::UnknownEntity(format!("&{name};"))));
            }
        };
        decoded.push(character);
        rest = tail.get(1..).unwrap_or_default();
    }
    Ok(decoded + rest)
}
