//! Rendering of the HTML body: tables and inline styles, as email programs need them.

use super::node::{Element, Href, Node};
use super::plain::{one_line, plain};
use super::values::Values;
use crate::config::Brand;

/// The longest line that is written where it can be broken (RFC 5322, 2.1.1 allows 998 octets).
const LINE: usize = 200;

const INK: &str = "color:#1a1d23;";
const SOFT: &str = "color:#545c69;";
const SMALL: &str = "font-size:14px;line-height:21px;";
const DIGITS: &str = "font-family:Consolas,Menlo,'Courier New',monospace;font-size:36px;\
line-height:44px;font-weight:600;letter-spacing:3px;white-space:nowrap;";
const BUTTON: &str = "display:inline-block;padding:14px 36px;font-size:16px;line-height:20px;\
font-weight:600;text-decoration:none;border-radius:9px;";
/// The link as text: three lines in a window of 600 px.
const COPY: &str = "display:inline-block;margin-top:4px;font-size:10px;line-height:15px;\
letter-spacing:-0.1px;text-decoration:none;word-break:break-all;";

/// Returns the text of the first paragraph, for the preview in a list of emails.
pub(super) fn first_paragraph(nodes: &[Node], values: &Values) -> String {
    let blocks = blocks(nodes, values);
    let first = blocks
        .iter()
        .find(|(element, _)| **element == Element::Paragraph);
    first.map_or_else(String::new, |(_, inside)| one_line(&plain(inside, values)))
}

/// Returns the rows of the card.
pub(super) fn content(nodes: &[Node], values: &Values, brand: &Brand) -> String {
    let mut html = String::new();
    let mut previous = None;
    for (element, inside) in blocks(nodes, values) {
        let inside = inline(inside, values);
        let block = block(element, &inside, values, brand);
        let space = space(previous, element);
        html += &format!(
            "<tr>\n<td class=\"inner\" align=\"left\" style=\"padding:{space}px 32px 0;\
            \">{block}</td>\n</tr>\n"
        );
        previous = Some(element);
    }
    html
}

/// Returns the blocks that are shown, each with what is inside.
fn blocks<'n>(nodes: &'n [Node], values: &Values) -> Vec<(&'n Element, &'n [Node])> {
    let mut shown = vec![];
    for node in nodes {
        match node {
            Node::Element(element, inside) => shown.push((element, inside.as_slice())),
            Node::Optional(name, inside) if !values.get(name).is_empty() => {
                shown.extend(blocks(inside, values));
            }
            Node::Optional(..) | Node::Text(_) | Node::Variable(_) => {}
        }
    }
    shown
}

/// Returns the space between two blocks, in pixels.
const fn space(above: Option<&Element>, below: &Element) -> u8 {
    match (above, below) {
        (Some(Element::Small), Element::Small) => 10,
        (Some(Element::Rule), _) => 20,
        (_, Element::Button(_)) => 24,
        (Some(Element::Button(_) | Element::Code), _) | (_, Element::Heading | Element::Rule) => 28,
        (Some(_), Element::Small) => 20,
        (Some(_), _) => 12,
        (None, _) => 28,
    }
}

fn block(element: &Element, inside: &str, values: &Values, brand: &Brand) -> String {
    let table = "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"";
    match element {
        Element::Heading => format!(
            "<h1 class=\"ink\" style=\"margin:0;{INK}font-size:24px;line-height:31px;\
            font-weight:600;\">{inside}</h1>"
        ),
        Element::Small => {
            format!("<p class=\"soft\" style=\"margin:0;{SOFT}{SMALL}\">{inside}</p>")
        }
        Element::Code => format!(
            "{table} width=\"100%\" style=\"border-collapse:separate;\">\n<tr>\n\
            <td class=\"box ink digits\" align=\"center\" bgcolor=\"#f3f4f6\" \
            style=\"padding:18px 12px;background-color:#f3f4f6;border-radius:9px;{INK}{DIGITS}\">\
            {inside}</td>\n</tr>\n</table>"
        ),
        Element::Button(href) => {
            let (accent, on_accent) = (&brand.accent, brand.on_accent());
            let href = target(href, values);
            format!(
                "{table} style=\"border-collapse:separate;\">\n<tr>\n\
                <td class=\"button\" align=\"center\" bgcolor=\"{accent}\" \
                style=\"background-color:{accent};border:1px solid {accent};border-radius:9px;\
                mso-padding-alt:14px 36px;\"><a\nhref=\"{href}\"\ntarget=\"_blank\" \
                style=\"{BUTTON}color:{on_accent};\"><span style=\"color:{on_accent};\">\
                {inside}</span></a></td>\n</tr>\n</table>"
            )
        }
        Element::Rule => format!(
            "{table} width=\"100%\"><tr><td class=\"rule\" style=\"border-top:1px solid #e0e3e8;\
            font-size:0;line-height:0;\">&nbsp;</td></tr></table>"
        ),
        Element::List => format!(
            "<ul class=\"soft\" style=\"margin:0;padding:0 0 0 20px;{SOFT}font-size:16px;\
            line-height:25px;\">{inside}</ul>"
        ),
        _ => format!(
            "<p class=\"soft\" style=\"margin:0;{SOFT}font-size:16px;line-height:25px;\
            \">{inside}</p>"
        ),
    }
}

/// Renders what is inside of a block.
fn inline(nodes: &[Node], values: &Values) -> String {
    let mut html = String::new();
    for node in nodes {
        match node {
            Node::Text(text) => html += &escape(text),
            Node::Variable(name) => html += &escape(values.get(name)),
            Node::Optional(name, inside) if !values.get(name).is_empty() => {
                html += &inline(inside, values);
            }
            Node::Optional(..) => {}
            Node::Element(element, inside) => html += &span(element, inside, values),
        }
    }
    html
}

fn span(element: &Element, inside: &[Node], values: &Values) -> String {
    let shown = inline(inside, values);
    match element {
        Element::Strong => {
            format!("<strong class=\"ink\" style=\"{INK}font-weight:600;\">{shown}</strong>")
        }
        Element::Emphasis => format!("<em>{shown}</em>"),
        Element::LineBreak => "<br>".to_owned(),
        Element::Item => format!("<li style=\"margin:0 0 4px;\">{shown}</li>"),
        Element::Link(href) => {
            let is_copy = *href == Href::Variable("link") && inside == [Node::Variable("link")];
            let style = if is_copy { COPY } else { "" };
            let href = target(href, values);
            format!(
                "<a\nhref=\"{href}\"\n\
                target=\"_blank\" class=\"soft\" style=\"{SOFT}text-decoration:underline;\
                overflow-wrap:anywhere;{style}\"\n>{shown}</a>"
            )
        }
        _ => shown,
    }
}

/// Returns the target of a link as the value of an attribute. A variable holds an https or mailto
/// URL, or on this machine an http one: anything else becomes a link to nowhere.
fn target(href: &Href, values: &Values) -> String {
    let url = match href {
        Href::Variable(name) => values.get(name),
        Href::Url(url) => url,
    };
    let is_safe = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if is_safe {
        escape(url).replace('\n', "%0A")
    } else {
        "#".to_owned()
    }
}

/// Escapes a text for an element or an attribute, and breaks it into lines at spaces.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut length = 0;
    for c in text.chars() {
        length += c.len_utf8();
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            ' ' | '\n' if length > LINE => {
                escaped.push('\n');
                length = 0;
            }
            c => escaped.push(c),
        }
    }
    escaped
}
