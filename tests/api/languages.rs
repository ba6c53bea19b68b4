//! The language of pages, problem documents and emails, and where users get help.

use kit::routes::{
    ACTIVATE, CHECK_EMAIL, CONTINUE, FORGOT_PASSWORD, RESET_PASSWORD, SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{ADA, ApiRequest, GRACE, World, hours, mins};
use shared::domain::language::Language::{self, English, German};
use shared::email::{MessageKind, shipped};

/// The `Accept-Language` headers of browsers, on a portal in English and on one in German.
const HEADERS: [(Option<&str>, [Language; 2]); 6] = [
    (None, [English, German]),
    (Some("de-AT,de;q=0.9,en;q=0.8"), [German, German]),
    (Some("en-GB,en;q=0.9"), [English, English]),
    (Some("fr-FR,fr;q=0.9"), [English, German]),
    (Some("fr, de;q=0.2, en;q=0.1"), [German, German]),
    (Some("\u{0}<b>;;q=,"), [English, German]),
];

fn prefer<'c>(request: ApiRequest<'c>, header: Option<&str>) -> ApiRequest<'c> {
    match header {
        // A header cannot hold a null character.
        Some(header) => request.header("accept-language", header.replace('\0', "")),
        None => request,
    }
}

/// Returns the subject of a shipped message.
fn subject(kind: MessageKind, language: Language) -> String {
    let subject = shipped(kind, language).subject;
    subject.replace("{{portal}}", "Partner")
}

#[tokio::test]
async fn a_browser_chooses_the_language_of_pages_problems_and_emails() {
    for (column, portal) in [English, German].into_iter().enumerate() {
        let world = World::with(&[("Language", portal.tag()), ("SelfSignUp", "on")]).await;
        for (header, languages) in HEADERS {
            let language = languages[column];
            let client = world.client();
            let lang = format!("<html lang=\"{}\">", language.tag());
            let t = language.pages();
            for (page, sentence) in [
                (SIGN_IN, t.continue_button),
                (CONTINUE, t.password_label),
                (SIGN_UP, t.sign_up),
                (FORGOT_PASSWORD, t.forgot_title),
                (CHECK_EMAIL, t.check_email_title),
                (VERIFY, t.link_unsupported),
            ] {
                let page = prefer(client.open(page), header).await;
                page.assert_contains(&lang).assert_contains(sentence);
            }
            let problem = prefer(client.request_login("x"), header).await;
            let problem = problem.assert("400 invalid-request").json();
            assert_eq!(problem["title"], language.api().invalid_request);
            assert_eq!(problem["detail"], language.api().email_invalid);
            world.clock.advance(mins(5));
            let sent = prefer(client.request_login(ADA), header).await;
            let message = sent.assert("200").json()["message"].clone();
            assert_eq!(message, language.api().request_login_message);
            let email = world.latest_email().await;
            assert_eq!(email.subject, subject(MessageKind::SignIn, language));
            let advice = match language {
                English => "You can ignore this email.",
                German => "Dann können Sie diese E-Mail ignorieren.",
            };
            assert!(email.text.contains(advice), "{}", email.text);
            let lang = lang.trim_end_matches('>');
            assert!(email.html.contains(lang), "{}", email.html);
        }
    }
}

#[tokio::test]
async fn an_administrators_call_chooses_the_language_of_the_emails_that_it_causes() {
    for portal in [English, German] {
        let world = World::with(&[("Language", portal.tag())]).await;
        for (name, header, language) in [
            ("a", None, portal),
            ("b", Some("en"), English),
            ("c", Some("de"), German),
        ] {
            let admin = world.client();
            let create = admin.create_user(&format!("{name}@example.com"), "Eve");
            let id = prefer(create, header).await.assert("201").id();
            let invited = subject(MessageKind::Activation, language);
            assert_eq!(world.latest_email().await.subject, invited);
            world.clock.advance(mins(5));
            let resend = prefer(admin.resend_invitation(&id), header).await;
            resend.assert("202");
            assert_eq!(world.latest_email().await.subject, invited);
            admin.update_user(&id).status("active").await.assert("200");
            let address = format!("{name}{name}@example.com");
            let update = admin.update_user(&id).with("email", address);
            prefer(update, header).await.assert("200");
            let moved = subject(MessageKind::AddressChanged, language);
            assert_eq!(world.latest_email().await.subject, moved);
        }
    }
}

#[tokio::test]
async fn a_reset_and_its_notice_are_in_the_language_of_the_browser() {
    let world = World::start().await;
    let client = world.client();
    let german = |request| prefer(request, Some("de"));
    german(client.forgot_password(ADA)).await.assert("200");
    let email = world.latest_email().await;
    assert_eq!(email.subject, subject(MessageKind::Reset, German));
    let new = "three quiet otters paint";
    let set = german(client.reset_password(&email.token(), new)).await;
    set.assert("200");
    let notice = world.latest_email().await;
    let changed = subject(MessageKind::PasswordChanged, German);
    assert_eq!(notice.subject, changed);
    let used = german(client.reset_password(&email.token(), new)).await;
    assert_eq!(used.json()["title"], German.api().used_token);
}

#[tokio::test]
async fn pages_and_emails_say_where_users_get_help() {
    for (contact, url, reply_to) in [
        ("help@example.com", "mailto:help@example.com", true),
        (
            "https://help.example.com/a;b",
            "https://help.example.com/a;b",
            false,
        ),
    ] {
        let world = World::with(&[("SupportContact", contact)]).await;
        let client = world.client();
        let link = format!("<a href=\"{url}\">Contact support</a></p>");
        let login = client.receive_login_email(ADA).await;
        let invitation = world.client().receive_login_email(GRACE).await;
        for page in [SIGN_IN, CONTINUE, login.path(), invitation.path()] {
            client.open(page).await.assert_contains(&link);
        }
        for email in [login, invitation] {
            assert!(email.text.contains(contact), "{}", email.text);
            assert!(email.html.contains(url), "{}", email.html);
            let header = email.headers.get("Reply-To").map(String::as_str);
            assert_eq!(header, reply_to.then_some(contact), "{:?}", email.headers);
        }
    }
    let world = World::start().await;
    let page = world.client().open(SIGN_IN).await;
    page.assert_lacks("Contact support").assert_lacks("<footer");
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_a_page_for_a_browser_and_a_problem_for_a_program() {
    let world = World::with(&[("Activation", "link")]).await;
    let client = world.client();
    for page in [SIGN_UP, FORGOT_PASSWORD] {
        client.open(page).await.assert("404 not-found");
        let browser = client.open(page).header("accept", "text/html,*/*;q=0.8");
        let shown = prefer(browser.clone(), Some("de")).await.assert("404");
        shown
            .assert_contains("<html lang=\"de\">")
            .assert_contains(German.pages().not_found);
        let shown = browser.await.assert_contains("Page not found");
        assert_eq!(shown.headers["content-type"], "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn a_link_that_no_longer_works_says_so_before_a_password_is_typed() {
    let world = World::start().await;
    let client = world.client();
    let password = "three quiet otters paint";
    let invitation = client.receive_login_email(GRACE).await;
    assert!(invitation.path().starts_with(ACTIVATE));
    client
        .activate(&invitation.token(), password)
        .await
        .assert("200");
    let stranger = world.client();
    let page = stranger.open(invitation.path()).await.assert("200");
    page.assert_contains("This invitation has already been used")
        .assert_lacks("type=\"password\"");
    client.forgot_password(GRACE).await.assert("200");
    let reset = world.latest_email().await;
    assert!(reset.path().starts_with(RESET_PASSWORD));
    client
        .reset_password(&reset.token(), password)
        .await
        .assert("200");
    let used = stranger.open(reset.path()).await;
    used.assert("303 /auth/forgot-password?error=used-token");
    world.clock.advance(hours(80));
    let expired = stranger.open(reset.path()).await;
    expired.assert("303 /auth/forgot-password?error=expired-token");
}
