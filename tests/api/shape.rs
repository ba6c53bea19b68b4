//! Names, addresses, `next` and user agents are text on every page and in every email: whatever is
//! in them, the elements are the same.

use kit::routes::{
    ACCOUNT, CHECK_EMAIL, CONFIRM, CONTINUE, FORGOT_PASSWORD, ICON, SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{World, mins, parameters};
use local::Options;

/// Texts that strangers, users and operators choose.
struct Texts {
    portal: &'static str,
    name: &'static str,
    address: &'static str,
    typed: &'static str,
    next: &'static str,
    agent: &'static str,
}

const HARMLESS: Texts = Texts {
    portal: "Partner",
    name: "Ada",
    address: "ada.l@example.com",
    typed: "ada",
    next: "/reports",
    agent: "Mozilla/5.0",
};

const HOSTILE: [Texts; 3] = [
    Texts {
        portal: "</title><script>alert(1)</script>",
        name: "<img src=x onerror=alert(1)>",
        address: "o'{{7*7}}&b@example.com",
        typed: "\"><script>alert(1)</script>",
        next: "/\"><script>alert(1)</script>",
        agent: "</p><script>alert(1)</script>",
    },
    Texts {
        portal: "\" onload=\"alert(1)' {{7*7}}",
        name: "\"' autofocus onfocus=alert(1) {portal} [x]",
        address: "'onfocus=alert'@example.com",
        typed: "' onfocus='alert(1)' {address}",
        next: "/'onclick='x'?a=\"b\"&next=//evil#]</a>",
        agent: "\" onclick=\"x {% if %} ${x} [y]",
    },
    Texts {
        portal: "\u{202e}lairetrap\u{2066}{portal}[x]",
        name: "<!-- {address} -->]]>",
        address: "{address}@example.com",
        typed: "\u{202e}moc.elpmaxe\u{2066}<!--",
        next: "/\u{202e}%22%3E%3Cb%3E</script>",
        agent: "Firefox/1 Windows <!--",
    },
];

/// Returns the elements of a page with the names of their attributes, in order.
fn elements(html: &str) -> Vec<String> {
    let mut found = vec![];
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let mut element = String::new();
        let mut quote = None;
        let mut end = after.len();
        for (at, c) in after.char_indices() {
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if c == '>' => {
                    end = at;
                    break;
                }
                None if c == '"' || c == '\'' => quote = Some(c),
                None => element.push(c),
            }
        }
        rest = &after[end..];
        // What is in these two is not markup. A hash in the policy allows nothing else there.
        for raw in ["script", "style"] {
            if element.starts_with(raw) {
                rest = rest
                    .split_once(&format!("</{raw}"))
                    .map_or("", |(_, rest)| rest);
            }
        }
        found.push(element);
    }
    found
}

/// Opens every page and reads every email, and returns the elements of each.
async fn shapes(texts: &Texts) -> Vec<(String, Vec<String>)> {
    let world = World::of(Options {
        parameters: parameters(&[("PortalName", texts.portal), ("SelfSignUp", "on")]),
        ..Options::default()
    })
    .await;
    let client = world.client();
    let mut found = vec![];
    let add = async |found: &mut Vec<_>, name: &str, path: &str| {
        let page = client.open(path).header("user-agent", texts.agent);
        let page = page.query("next", texts.next);
        let page = page.header("accept", "text/html").await;
        assert!([200, 404].contains(&page.status), "{name}: {page:?}");
        found.push((name.to_owned(), elements(&page.body)));
    };
    let created = client.create_user(texts.address, texts.name);
    created.status("active").await.assert("201");
    for page in [SIGN_IN, CONTINUE, FORGOT_PASSWORD, SIGN_UP, CHECK_EMAIL] {
        let typed = client.sign_up(texts.typed, texts.name).next(texts.next);
        typed.form().await;
        for query in [
            "",
            "?error=used-token",
            "?error=too-many-attempts&retry_after=9",
        ] {
            let path = format!("{page}{query}");
            add(&mut found, &path, &path).await;
        }
    }
    let request = client.request_login(texts.address).next(texts.next);
    let request = request.header("user-agent", texts.agent).form();
    let sent = request.await;
    assert!(sent.location().contains(CHECK_EMAIL), "{sent:?}");
    add(&mut found, "check email", CHECK_EMAIL).await;
    let login = world.latest_email().await;
    found.push(("email".to_owned(), elements(&login.html)));
    add(&mut found, "link", login.path()).await;
    let verified = client.verify_link(&login.token());
    let verified = verified.header("user-agent", texts.agent).await;
    verified.assert("200");
    for page in [ACCOUNT, CONFIRM, SIGN_IN, VERIFY, ICON] {
        add(&mut found, page, page).await;
    }
    world.clock.advance(mins(2));
    client.forgot_password(texts.address).await.assert("200");
    let reset = world.latest_email().await;
    add(&mut found, "reset", reset.path()).await;
    world.clock.advance(mins(2));
    let invited = client.create_user("eve@example.com", texts.name).await;
    invited.assert("201");
    let invitation = world.latest_email().await;
    found.push(("invitation".to_owned(), elements(&invitation.html)));
    add(&mut found, "invitation page", invitation.path()).await;
    found
}

#[tokio::test]
async fn no_text_changes_the_elements_of_a_page_or_an_email() {
    let expected = shapes(&HARMLESS).await;
    assert!(expected.len() > 20 && expected.iter().all(|(_, found)| found.len() > 2));
    for texts in HOSTILE {
        for (found, expected) in shapes(&texts).await.iter().zip(&expected) {
            assert_eq!(found, expected, "{}", texts.portal);
        }
    }
}

#[test]
fn the_elements_of_a_text_are_found() {
    let html = "<p class=\"a>b\" id='x'>1 &#60; 2<br></p><style>a<b</style><script>1<2</script>";
    let expected = ["p class= id=", "br", "/p", "style", "script"];
    assert_eq!(elements(html), expected);
    assert_ne!(elements("<p>x</p>"), elements("<p><b>x</b></p>"));
}
