//! Tests of the parser and the renderer. Tests over the API are in `tests/api/templates.rs`.

use super::values::Values;
use super::{MessageKind, Part, Template, TemplateError, TemplateSource, shipped};
use crate::domain::language::Language::{self, English};
use crate::email::plain;

/// Returns the shipped sign-in message with another HTML body.
fn with_html(html: &str) -> Result<Template, Vec<TemplateError>> {
    let source = shipped(MessageKind::SignIn, English);
    let html = html.to_owned();
    Template::parse(MessageKind::SignIn, &TemplateSource { html, ..source })
}

/// Returns `line:column message` of each error of an HTML body.
fn errors(html: &str) -> Vec<String> {
    let errors = with_html(html).err().unwrap_or_default();
    let shown = |error: &TemplateError| {
        assert_eq!(error.part, Part::Html);
        format!("{}:{} {}", error.line, error.column, error.message(English))
    };
    errors.iter().map(shown).collect()
}

/// The parts that every body must have.
const REST: &str = "<p class=\"code\">{{code}}</p><a class=\"button\" href=\"{{link}}\">Go</a>";

#[test]
fn every_shipped_file_fits_its_message() {
    for kind in MessageKind::ALL {
        for language in Language::ALL {
            let source = shipped(kind, language);
            let errors = Template::parse(kind, &source).err();
            assert_eq!(errors, None, "{} {}", kind.as_str(), language.tag());
        }
    }
}

#[test]
fn every_error_of_a_body_has_its_place() {
    for (html, error) in [
        ("<p>{{nobody}}</p>", "1:4 {{nobody}} is not a variable"),
        ("<p>\n é {{#x}}a{{/x}}</p>", "2:4 {{x}} is not a variable"),
        ("<p>{{code</p>", "1:4 Double braces"),
        ("<p>{{co{de}}</p>", "1:4 Double braces"),
        ("<p>code}}</p>", "1:8 Double braces"),
        ("<p>{{#code}}</p>", "1:13 </p> closes nothing"),
        ("<p>a\n<strong>b", "2:1 <strong> is not closed"),
        ("<p>a</strong></p>", "1:5 </strong> closes nothing"),
        ("{{#code}}<p>a</p>", "1:1 {{#code}} is not closed"),
        ("<p>a</p>{{/code}}", "1:9 {{/code}} closes nothing"),
        ("<script>a</script>", "1:1 <script> is not an element"),
        ("<p>a<img src=\"x\"></p>", "1:10 The attribute src"),
        ("<p onclick=\"x\">a</p>", "1:4 The attribute onclick"),
        ("<p style=\"x\">a</p>", "1:4 The attribute style"),
        ("<p class=\"big\">a</p>", "1:1 The attribute class"),
        ("<p class='small'>a</p>", "1:4 The attribute class"),
        ("<p href=\"{{link}}\">a</p>", "1:1 The attribute href"),
        ("</p >", "1:1 </p> closes nothing"),
        ("<P>a</P>", "1:1 <P> is not an element"),
        ("<!-- a -->", "1:"),
        ("<!doctype html>", "1:"),
        ("a", "1:1 Text must be in"),
        ("{{portal}}", "1:1 Text must be in"),
        ("<ul>a</ul>", "1:5 Text must be in"),
        ("<p><p>a</p></p>", "1:4 <p> is not allowed"),
        ("<li>a</li>", "1:1 <li> is not allowed"),
        (
            "<p><a class=\"button\" href=\"{{link}}\">a</a></p>",
            "1:4 <a> is not allowed",
        ),
        ("<a href=\"{{link}}\">a</a>", "1:1 <a> is not allowed"),
        ("<p>1 < 2</p>", "1:6 `<` must begin"),
        ("<p>&copy;</p>", "1:4 &copy; is not known"),
        ("<p>a&#60;b</p>", "1:5 &#60; is not known"),
        ("<p>a\u{202e}b</p>", "1:5 This character"),
        ("<p>a\0b</p>", "1:5 This character"),
        ("<p>a\tb</p>", "1:5 This character"),
    ] {
        let found = errors(html);
        assert!(
            found.first().is_some_and(|found| found.starts_with(error)),
            "{html}: {found:?}"
        );
    }
}

#[test]
fn a_link_leads_to_a_url_variable_or_an_https_or_mailto_url() {
    let link = |href: &str| errors(&format!("{REST}<p><a href=\"{href}\">a</a></p>"));
    for href in [
        "{{link}}",
        "{{support_url}}",
        "https://example.com/a?b=c&d",
        "mailto:help@example.com",
    ] {
        assert_eq!(link(href), [""; 0], "{href}");
    }
    for href in [
        "",
        "/path",
        "//example.com",
        "http://example.com",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "https://",
        "https://user@example.com",
        "https://example.com/{{link}}",
        "https://example.com/a b",
        "https://exa<mple.com",
        "https:\\\\example.com",
        "{{portal}}",
        "{{link}}x",
        "&#106;avascript:alert(1)",
        "vbscript:x",
        "file:///etc",
    ] {
        let found = link(href);
        assert!(
            found.iter().any(|found| found.contains("`href`")),
            "{href}: {found:?}"
        );
    }
    let found = link("{{nobody}}");
    assert!(
        found[0].contains("{{nobody}} is not a variable"),
        "{found:?}"
    );
}

#[test]
fn what_users_need_must_be_shown_outside_of_optional_parts() {
    let missing = |html: &str| errors(html).join(" ");
    for html in [
        "<p class=\"code\">{{code}}</p><p>{{link}}</p>",
        "<p>{{code}}</p>{{#client}}<a class=\"button\" href=\"{{link}}\">Go</a>{{/client}}",
        "<p>{{code}}</p>",
    ] {
        assert!(missing(html).contains("{{link}} is required"), "{html}");
    }
    let hidden =
        "<a class=\"button\" href=\"{{link}}\">Go</a>{{#client}}<p>{{code}}</p>{{/client}}";
    assert!(missing(hidden).contains("{{code}} is required"));
    let own = "<a class=\"button\" href=\"{{link}}\">Go</a>{{#code}}<p>{{code}}</p>{{/code}}";
    assert_eq!(missing(own), "");
}

#[test]
fn sizes_and_depth_are_limited() {
    let long = format!("{REST}<p>{}</p>", "a".repeat(20_000));
    assert!(errors(&long)[0].contains("at most 20000 characters"));
    let deep = format!(
        "{REST}<p>{}a{}</p>",
        "<em>".repeat(5000),
        "</em>".repeat(5000)
    );
    let deep = deep.chars().take(19_000).collect::<String>();
    assert!(errors(&deep)[0].contains("nested too deeply"));
    let source = shipped(MessageKind::Reset, English);
    for subject in [
        "",
        "  ",
        "a\nb",
        "a\rb",
        "{{client}}",
        "{{#client}}a{{/client}}",
        "Your link: {{link}}",
        "{{#link}}a{{/link}}",
        "a\u{2028}b",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["a".repeat(201)])
    {
        let source = TemplateSource {
            subject,
            ..source.clone()
        };
        let errors = Template::parse(MessageKind::Reset, &source).err();
        let errors = errors.unwrap_or_default();
        assert_eq!(
            errors.first().map(|error| error.part),
            Some(Part::Subject),
            "{source:?}"
        );
    }
}

#[test]
fn text_is_wrapped_at_72_columns_and_a_url_keeps_its_line() {
    let url = format!("https://example.com/{}", "a".repeat(100));
    let long = "word ".repeat(40);
    let values = Values::default()
        .with("link", &url)
        .with("code", "1234 5678");
    let mut source = shipped(MessageKind::SignIn, English);
    let end = "{{#client}}\nno\n{{/client}}\n{{link}}\n\n{{code}}\n";
    source.text = format!("A {long}\n\n\n\n  B {long}\n{end}");
    let template = Template::parse(MessageKind::SignIn, &source).unwrap();
    let text = plain::text(&template.text, &values);
    for line in text.lines() {
        assert!(line.chars().count() <= 72 || line == url, "{line}");
    }
    assert!(
        text.starts_with("A word") && !text.contains("\n\n\n"),
        "{text}"
    );
    let indented = text.lines().filter(|line| line.starts_with("  ")).count();
    assert_eq!(indented, 3, "{text}");
    assert!(
        text.ends_with(&format!("word\n{url}\n\n1234 5678\n")),
        "{text}"
    );
}

#[test]
fn windows_line_ends_are_unix_ones() {
    let source = TemplateSource::new("a\r\n", "b\r\nc\r\n", "<p>\r\n</p>");
    assert_eq!(
        (&*source.subject, &*source.text, &*source.html),
        ("a", "b\nc\n", "<p>\n</p>")
    );
}
