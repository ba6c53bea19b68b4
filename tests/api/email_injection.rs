//! Nothing that anybody chooses becomes markup, a header or a second recipient of an email: one
//! recipient, unchanged headers, and the same elements as with harmless values.

use html5gum::{Token, Tokenizer};
use kit::{Email, World};
use serde_json::json;
use shared::config::Brand;
use shared::domain::language::Language;
use shared::email::{Frame, MessageKind, Rendered, Template, Values, shipped};
use std::collections::BTreeSet;

/// Texts that are markup, a header, a template or an address to a program that takes them for it.
const CORPUS: [&str; 30] = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p></td></tr></table><h1>Pay here",
    "\"><a href=\"https://evil.example\">Click</a>",
    "' onmouseover='alert(1)",
    "\" style=\"display:none",
    "<!--",
    "-->",
    "<![endif]-->",
    "<!--[if mso]>",
    "<![CDATA[",
    "<style>*{display:none}</style>",
    "</style>",
    "</title><script>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&",
    "a\r\nBcc: eve@example.com",
    "a\nSubject: other",
    "a\r\n\r\n<html>",
    "a\u{2028}Bcc: eve@example.com",
    "a\u{85}Bcc: eve@example.com",
    "a, eve@example.com",
    "a <eve@example.com>",
    "=?UTF-8?Q?=0D=0ABcc:_eve@example.com?=",
    "{{link}}{{#code}}x{{/code}}{{nobody}}",
    "{{content}}{{brand}}",
    "\u{202e}moc.elpmaxe\u{202c}",
    "javascript:alert(1)",
];

/// Returns the elements of a document, with the attributes of each. Only targets, pictures and
/// their descriptions may have other values.
fn elements(html: &str) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let tokens = Tokenizer::new(html).map(Result::unwrap);
    let tokens = tokens.filter_map(|token| match token {
        Token::StartTag(tag) => {
            let mut shown = text(&tag.name);
            for (name, value) in &tag.attributes {
                let name = text(name);
                let value = match name.as_str() {
                    "href" | "src" | "alt" => String::new(),
                    _ => text(value),
                };
                shown += &format!(" {name}={value}");
            }
            Some(shown)
        }
        Token::EndTag(tag) => Some(format!("/{}", text(&tag.name))),
        Token::Comment(comment) => Some(format!("!{}", text(&comment))),
        Token::Doctype(_) => Some("!doctype".to_owned()),
        Token::String(_) => None,
        Token::Error(error) => Some(format!("error {error:?}")),
    });
    tokens.collect()
}

/// Returns all targets of links.
fn targets(html: &str) -> BTreeSet<String> {
    let parts = html.split("href=\"").skip(1);
    parts
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect()
}

fn brand(name: &str) -> Brand {
    Brand {
        name: name.to_owned(),
        accent: "#0b5cad".to_owned(),
        logo: None,
        logo_dark: None,
        support: None,
    }
}

fn render(kind: MessageKind, language: Language, values: &Values, name: &str) -> Rendered {
    let template = Template::parse(kind, &shipped(kind, language)).unwrap();
    let brand = brand(name);
    let frame = Frame {
        brand: &brand,
        language,
    };
    template.render(values, &frame)
}

/// Returns harmless values of all variables.
fn harmless(kind: MessageKind) -> Values {
    let variables = kind.variables().iter();
    variables.fold(Values::default(), |values, variable| {
        let value = if variable.is_url {
            "https://example.com/x"
        } else {
            "x"
        };
        values.with(variable.name, value)
    })
}

#[test]
fn no_value_of_any_variable_changes_the_elements_or_adds_a_line() {
    for kind in MessageKind::ALL {
        for language in Language::ALL {
            let plain = render(kind, language, &harmless(kind), "x");
            for (variable, hostile) in kind
                .variables()
                .iter()
                .flat_map(|variable| CORPUS.map(|hostile| (variable, hostile)))
            {
                let values = harmless(kind).with(variable.name, hostile);
                let email = render(kind, language, &values, hostile);
                let what = format!("{} {}: {hostile:?}", kind.as_str(), variable.name);
                assert_eq!(elements(&email.html), elements(&plain.html), "{what}");
                assert!(!email.subject.contains(char::is_control), "{what}");
                let is_sent_text = |c: char| c == '\n' || !c.is_control();
                assert!(email.text.chars().all(is_sent_text), "{what}");
                assert!(!email.text.contains(['\u{2028}', '\u{202e}']), "{what}");
                for target in targets(&email.html) {
                    let is_safe = target == "#" || target.starts_with("https://example.com/");
                    assert!(is_safe, "{what}: {target}");
                }
            }
        }
    }
}

/// Returns the parts of an email that must be the same, whoever chose what.
fn shape(email: &Email) -> (Vec<String>, Vec<String>) {
    let headers = email.headers.keys().cloned();
    (elements(&email.html), headers.collect())
}

#[tokio::test]
async fn no_name_address_browser_or_portal_changes_an_email() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let plain = world.client();
    plain
        .sign_up("plain@example.com", "Eve")
        .await
        .assert("200");
    let plain = world.latest_email().await;
    for hostile in CORPUS {
        let in_portal: String = hostile.chars().filter(|c| !c.is_control()).collect();
        let parameters = [("SelfSignUp", "on"), ("PortalName", in_portal.as_str())];
        let world = World::with(&parameters).await;
        let in_header: String = hostile.chars().filter(char::is_ascii).collect();
        let in_header = in_header.replace(['\r', '\n'], " ");
        let agent = format!("Mozilla/5.0 (Windows) Firefox/140.0 {in_header}");
        let client = world.client();
        let sign_up = client.sign_up("eve@example.com", hostile);
        let sign_up = sign_up.header("user-agent", &agent).await;
        if sign_up.status == 400 {
            // Not printable, so not a name.
            let sign_up = client.sign_up("eve@example.com", "Eve");
            sign_up.header("user-agent", &agent).await.assert("200");
        }
        let emails = world.emails().await;
        assert_eq!(emails.len(), 1, "{hostile:?}");
        assert_eq!(emails[0].to, "eve@example.com");
        assert_eq!(shape(&emails[0]), shape(&plain), "{hostile:?}");
        assert!(!emails[0].subject.contains(char::is_control), "{hostile:?}");
        // An address that is more than one is none.
        let address = format!("{hostile}eve@example.com");
        let other = client.sign_up(&address, "Eve").await;
        let emails = world.emails().await;
        if other.status == 200 {
            assert_eq!(
                emails.last().unwrap().to.matches('@').count(),
                1,
                "{address:?}"
            );
            assert_eq!(shape(emails.last().unwrap()), shape(&plain), "{address:?}");
        }
    }
}

#[tokio::test]
async fn no_support_contact_changes_an_email() {
    let contacts = ["https://help.example.com/x", "help@example.com"];
    for (plain, hostile) in [
        (contacts[0], "https://help.example.com/?a=&amp;b&lt;c&#x22;"),
        (contacts[0], "https://help.example.com/%22%3E$(link)//*"),
        (contacts[1], "o-hara+co_x@example.com"),
    ] {
        let mut shapes = vec![];
        for contact in [plain, hostile] {
            let world = World::with(&[("SupportContact", contact)]).await;
            let email = world.client().receive_login_email(kit::ADA).await;
            assert_eq!(email.to, kit::ADA);
            shapes.push(shape(&email));
        }
        assert_eq!(shapes[0], shapes[1], "{hostile}");
    }
}

#[tokio::test]
async fn an_operators_text_is_one_email_to_one_recipient() {
    let world = World::start().await;
    let admin = world.client();
    for hostile in CORPUS {
        let texts = json!({
            "subject": format!("{hostile} a"),
            "text": format!("{hostile}\n{{{{link}}}}\n{{{{code}}}}\n"),
            "html": "<p>{{code}}</p><a class=\"button\" href=\"{{link}}\">Go</a>",
        });
        let saved = admin.save_template("sign-in", "en").body(texts).await;
        world.clock.advance(kit::hours(1));
        let email = world.client().receive_login_email(kit::ADA).await;
        assert_eq!(email.to, kit::ADA, "{hostile:?}");
        assert!(!email.subject.contains(char::is_control), "{hostile:?}");
        let is_own = email.subject == format!("{hostile} a");
        assert_eq!(
            saved.status == 200,
            is_own,
            "{hostile:?}: {}",
            email.subject
        );
        admin.revert_template("sign-in", "en").await.assert("204");
    }
}
