//! Passwords as a person meets them: the mails, the pages behind them, and their forms.

use serde_json::json;
use tests::{Answer, Browser, Mail, World, mins, secs};

const FIRST: &str = "three quiet otters paint";
const SECOND: &str = "a lantern under the bridge";
const EVE: &str = "eve@example.com";

/// A portal with Eve invited.
async fn invited() -> World {
    invited_to(&[]).await
}

async fn invited_to(parameters: &[(&str, &str)]) -> World {
    let world = World::with(parameters).await;
    let added = world
        .browser()
        .admin("local", &[], &json!({"email": EVE, "name": "Eve"}))
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    world
}

/// Gets a page, and sees that nothing changed and no table was so much as read.
async fn opened(world: &World, browser: &Browser<'_>, path: &str) -> Answer {
    world.settled().await;
    let (before, mails) = (world.everything(), world.mails().await.len());
    world.portal.take_calls();
    let page = browser.get(path).await;
    let calls = world.portal.take_calls();
    assert!(
        calls
            .iter()
            .all(|call| call.function != "pages" || call.service != "dynamodb"),
        "{calls:?}"
    );
    assert_eq!(
        (world.everything(), world.mails().await.len()),
        (before, mails),
        "{path}"
    );
    page
}

/// Fills in the page's form for a password.
async fn submitted(browser: &Browser<'_>, action: &str, page: &Answer, password: &str) -> Answer {
    assert!(
        page.body.contains(&format!("action=\"{action}\"")),
        "{}",
        page.body
    );
    let (token, attempt) = (page.field("token"), page.field("idempotency_key"));
    browser
        .post_form(
            action,
            &[
                ("token", &token),
                ("idempotency_key", &attempt),
                ("password", password),
            ],
        )
        .await
}

async fn signs_in(browser: &Browser<'_>, password: &str) -> Answer {
    browser
        .post_form("/auth/sign-in", &[("email", EVE), ("password", password)])
        .await
}

/// The invitation's mail, by asking for any.
async fn invitation(world: &World) -> Mail {
    let mail = world.browser().ask(EVE).await;
    assert!(
        mail.path().starts_with("/auth/activate/"),
        "{}",
        mail.path()
    );
    mail
}

/// Eve, with her first password.
async fn activated(world: &World) -> Browser<'_> {
    let browser = world.browser();
    let page = browser.get(&invitation(world).await.path()).await;
    assert_eq!(
        submitted(&browser, "/auth/activate", &page, FIRST)
            .await
            .status,
        303
    );
    browser
}

/// The mail with a link for another password.
async fn reset(world: &World) -> Mail {
    let asked = world
        .browser()
        .post_form("/auth/forgot-password", &[("email", EVE)])
        .await;
    assert_eq!(asked.location(), at(world, "/auth/check-email?for=reset"));
    let mail = world.mail().await;
    assert!(
        mail.path().starts_with("/auth/reset-password/"),
        "{}",
        mail.path()
    );
    mail
}

fn at(world: &World, path: &str) -> String {
    format!("{}{path}", world.portal.public_url())
}

/// The page that an answer leads to, seen in the same browser.
async fn follow(world: &World, browser: &Browser<'_>, answer: &Answer) -> Answer {
    let path = answer.location().replace(world.portal.public_url(), "");
    opened(world, browser, &path).await
}

#[tokio::test]
async fn an_invited_user_activates_signs_in_forgets_and_resets_by_forms_alone() {
    let world = invited().await;
    let (browser, phone) = (world.browser(), world.browser());
    let page = opened(&world, &browser, &invitation(&world).await.path()).await;
    assert!(
        page.body.contains("e••@example.com") && page.body.contains("Use at least 15 characters"),
        "{}",
        page.body
    );
    let set = submitted(&browser, "/auth/activate", &page, FIRST).await;
    assert_eq!(set.location(), at(&world, "/auth/signed-in"));
    assert_eq!(browser.me().await.json()["email"], EVE);
    browser.post_form("/auth/logout", &[]).await;
    assert_eq!(browser.me().await.status, 401);

    let page = opened(&world, &browser, "/auth/sign-in").await;
    assert!(
        page.body.contains("autocomplete=\"current-password\"")
            && page.body.contains("/auth/forgot-password")
    );
    assert_eq!(
        signs_in(&browser, FIRST).await.location(),
        at(&world, "/auth/signed-in")
    );
    assert_eq!(
        signs_in(&phone, FIRST).await.location(),
        at(&world, "/auth/signed-in")
    );

    let asked = opened(&world, &phone, "/auth/check-email?for=reset").await;
    assert!(
        !asked.body.contains("name=\"code\""),
        "no code is sent: {}",
        asked.body
    );
    let page = opened(&world, &phone, &reset(&world).await.path()).await;
    assert!(
        page.body.contains("e••@example.com")
            && page.body.contains("autocomplete=\"new-password\"")
    );
    let changed = submitted(&phone, "/auth/reset-password", &page, SECOND).await;
    assert_eq!(
        changed.location(),
        at(&world, "/auth/sign-in?notice=password_changed")
    );
    assert!(
        follow(&world, &phone, &changed)
            .await
            .body
            .contains("Your password was changed.")
    );
    for browser in [&browser, &phone] {
        assert_eq!(browser.me().await.status, 401, "a reset ends every session");
    }
    assert_eq!(
        signs_in(&browser, FIRST).await.location(),
        at(&world, "/auth/sign-in?error=invalid_credentials")
    );
    assert_eq!(
        signs_in(&browser, SECOND).await.location(),
        at(&world, "/auth/signed-in")
    );
    let notice = world.mail().await;
    assert_eq!(
        (&notice.0["to"], &notice.0["links"]),
        (&json!(EVE), &json!([]))
    );
    assert_eq!(notice.0["subject"], "Your Partner password was changed");
}

#[tokio::test]
async fn a_weak_password_leads_back_to_the_form_with_the_reason_and_the_link_still_works() {
    let world = invited().await;
    let browser = world.browser();
    for action in ["/auth/activate", "/auth/reset-password"] {
        let mail = if action == "/auth/activate" {
            invitation(&world).await
        } else {
            reset(&world).await
        };
        let page = browser.get(&mail.path()).await;
        world.settled().await;
        let before = (world.everything(), browser.cookie_header());
        for (password, reason, words) in [
            ("two otters", "too-short", "Use at least 15 characters."),
            (&*"x".repeat(257), "too-long", "Use at most 256 characters."),
        ] {
            let refused = submitted(&browser, action, &page, password).await;
            let form = format!(
                "{}?error=weak_password&reason={reason}",
                at(&world, &mail.path())
            );
            assert_eq!(refused.location(), form);
            let again = follow(&world, &browser, &refused).await;
            assert!(
                again
                    .body
                    .contains("role=\"alert\">Choose a different password.")
                    && again.body.contains(words)
            );
            assert_eq!(again.field("token"), mail.token());
            assert_ne!(
                again.field("idempotency_key"),
                page.field("idempotency_key")
            );
            assert!(
                !again.body.contains(password),
                "what was typed is nowhere on the page"
            );
        }
        assert_eq!((world.everything(), browser.cookie_header()), before);
        let set = submitted(&browser, action, &browser.get(&mail.path()).await, FIRST).await;
        assert!(!set.location().contains("error="), "{}", set.location());
    }
    assert_eq!(
        signs_in(&browser, FIRST).await.location(),
        at(&world, "/auth/signed-in")
    );
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_and_the_same_activation_and_reset() {
    let world = invited().await;
    let browser = world.browser();
    let page = browser.get(&invitation(&world).await.path()).await;
    for _ in 0..2 {
        let set = submitted(&browser, "/auth/activate", &page, FIRST).await;
        assert_eq!(set.location(), at(&world, "/auth/signed-in"));
    }
    assert_eq!(
        (
            browser.me().await.status.as_u16(),
            world.rows("sessions").len()
        ),
        (200, 1)
    );
    let page = browser.get(&reset(&world).await.path()).await;
    let mails = world.mails().await.len();
    for _ in 0..2 {
        let set = submitted(&browser, "/auth/reset-password", &page, SECOND).await;
        assert_eq!(
            set.location(),
            at(&world, "/auth/sign-in?notice=password_changed")
        );
    }
    assert_eq!(world.mails().await.len(), mails + 1, "one notice");
}

#[tokio::test]
async fn an_expired_invitation_is_one_step_away_from_a_new_one_at_the_invited_address() {
    let world = invited().await;
    let (browser, old) = (world.browser(), invitation(&world).await);
    let page = browser.get(&old.path()).await;
    world.time.pass(mins(72 * 60) - secs(1));
    assert!(
        opened(&world, &browser, &old.path())
            .await
            .body
            .contains("Welcome! Choose a password")
    );
    world.time.pass(secs(1));
    assert!(
        opened(&world, &browser, &old.path())
            .await
            .body
            .contains("This invitation has expired")
    );
    let late = submitted(&browser, "/auth/activate", &page, FIRST).await;
    let expired = follow(&world, &browser, &late).await;
    assert!(
        expired.body.contains("This invitation has expired")
            && expired.body.contains("e••@example.com")
    );
    assert!(
        !expired.body.contains("type=\"password\""),
        "{}",
        expired.body
    );
    assert_eq!(expired.field("email"), EVE);
    assert!(expired.body.contains("action=\"/auth/request-login\""));
    let asked = browser
        .post_form("/auth/request-login", &[("email", &expired.field("email"))])
        .await;
    assert_eq!(asked.location(), at(&world, "/auth/check-email"));
    let mail = world.mail().await;
    assert_eq!(mail.0["to"], EVE);
    let page = browser.get(&mail.path()).await;
    assert_eq!(
        submitted(&browser, "/auth/activate", &page, FIRST)
            .await
            .status,
        303
    );
    assert_eq!(browser.me().await.json()["email"], EVE);
}

#[tokio::test]
async fn an_invitation_that_was_used_leads_on_in_its_browser_and_to_the_sign_in_page_elsewhere() {
    let world = invited().await;
    let (browser, other) = (world.browser(), world.browser());
    let mail = invitation(&world).await;
    let page = other.get(&mail.path()).await;
    submitted(
        &browser,
        "/auth/activate",
        &browser.get(&mail.path()).await,
        FIRST,
    )
    .await;
    assert_eq!(
        opened(&world, &browser, &mail.path()).await.location(),
        at(&world, "/auth/signed-in")
    );
    let before = world.everything();
    let refused = submitted(&other, "/auth/activate", &page, SECOND).await;
    assert_eq!(world.everything(), before);
    let used = follow(&world, &other, &refused).await;
    assert!(
        used.body.contains("This invitation has already been used")
            && used.body.contains("/auth/forgot-password")
    );
    assert_eq!(other.me().await.status, 401);
}

#[tokio::test]
async fn an_invitation_whose_users_epoch_moved_says_so_and_offers_a_new_one() {
    let world = invited().await;
    let browser = world.browser();
    let page = browser.get(&invitation(&world).await.path()).await;
    world.move_epoch(EVE);
    let refused = submitted(&browser, "/auth/activate", &page, FIRST).await;
    let old = follow(&world, &browser, &refused).await;
    assert!(
        old.body.contains("This invitation no longer works") && old.field("email") == EVE,
        "{}",
        old.body
    );
    assert_eq!(browser.me().await.status, 401);
}

#[tokio::test]
async fn a_link_for_another_password_that_no_longer_works_leads_to_where_to_ask_again() {
    let world = invited().await;
    let browser = activated(&world).await;
    let forgot = |reason: &str| {
        at(
            &world,
            &format!("/auth/forgot-password?error=invalid_token&reason={reason}"),
        )
    };
    let mail = reset(&world).await;
    let page = browser.get(&mail.path()).await;
    submitted(&world.browser(), "/auth/reset-password", &page, SECOND).await;
    world.time.pass(secs(61));
    let refused = submitted(&browser, "/auth/reset-password", &page, FIRST).await;
    let used = follow(&world, &browser, &refused).await;
    assert_eq!(used.location(), forgot("used"));
    assert!(
        follow(&world, &browser, &used)
            .await
            .body
            .contains("This link has already been used.")
    );

    world.time.pass(mins(60));
    let expired = opened(&world, &browser, &mail.path()).await;
    assert_eq!(expired.location(), forgot("expired"));
    assert!(
        follow(&world, &browser, &expired)
            .await
            .body
            .contains("This link has expired.")
    );

    let mail = reset(&world).await;
    let page = browser.get(&mail.path()).await;
    world.move_epoch(EVE);
    let refused = submitted(&browser, "/auth/reset-password", &page, FIRST).await;
    assert_eq!(
        follow(&world, &browser, &refused).await.location(),
        forgot("invalid")
    );
    for token in ["broken", &invitation_token(&world).await] {
        let page = opened(&world, &browser, &format!("/auth/reset-password/{token}")).await;
        assert_eq!(
            (page.status.as_u16(), page.location()),
            (303, forgot("invalid"))
        );
    }
    assert_eq!(
        signs_in(&browser, FIRST).await.location(),
        at(&world, "/auth/sign-in?error=invalid_credentials")
    );
}

/// A good token, of another purpose.
async fn invitation_token(world: &World) -> String {
    let mail = world.browser().ask("grace@example.com").await;
    assert!(mail.path().starts_with("/auth/activate/"));
    mail.token()
}

#[tokio::test]
async fn forged_and_foreign_invitations_lead_to_the_sign_in_page_and_old_ones_say_so() {
    let world = invited().await;
    let browser = activated(&world).await;
    let other = reset(&world).await.token();
    for token in ["broken", &other, &"a".repeat(5000)] {
        let page = opened(&world, &browser, &format!("/auth/activate/{token}")).await;
        assert_eq!(
            page.location(),
            at(&world, "/auth/sign-in?error=invalid_token&reason=invalid")
        );
    }
    for page in ["activate", "reset-password"] {
        let page = opened(
            &world,
            &browser,
            &format!("/auth/{page}/{}", "0a".repeat(32)),
        )
        .await;
        assert!(
            page.body.contains("This link is no longer supported"),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn hostile_queries_get_our_own_sentences_and_nothing_else() {
    let world = invited().await;
    let browser = world.browser();
    let link = invitation(&world).await.path();
    let evil = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let pages = [
        "/auth/sign-in",
        "/auth/forgot-password",
        "/auth/check-email",
        &link,
    ];
    for page in pages {
        for query in [
            format!("error=weak_password&reason={evil}"),
            format!("error={evil}&reason=too-short"),
            format!("error=invalid_request&reason={evil}&for={evil}"),
            format!("error=invalid_token&reason={evil}"),
            format!("notice={evil}"),
            "error=weak_password&error=weak_password&reason=%ff&reason=%00".to_owned(),
        ] {
            let answer = opened(&world, &browser, &format!("{page}?{query}")).await;
            assert_eq!(answer.status, 200, "{page}?{query}");
            assert!(
                !answer.body.contains("alert(1)") && !answer.body.contains("&#60;script"),
                "{}",
                answer.body
            );
        }
    }
    let vague = browser
        .get(&format!("{link}?error=weak_password&reason={evil}"))
        .await;
    assert!(
        vague.body.contains("Choose a different password."),
        "{}",
        vague.body
    );
    let next = browser
        .get("/auth/sign-in?next=https%3A%2F%2Fevil.example")
        .await;
    assert!(!next.body.contains("evil"), "{}", next.body);
}

#[tokio::test]
async fn where_to_go_next_survives_in_both_forms_of_the_sign_in_page() {
    let world = World::start().await;
    let page = world
        .browser()
        .get("/auth/sign-in?next=%2Freports%3Fa%3D%22b")
        .await;
    let field = format!("name=\"next\" value=\"{}\"", at(&world, "/reports?a=%22b"));
    assert_eq!(page.body.matches(&field).count(), 2, "{}", page.body);
    assert!(
        page.body.contains("action=\"/auth/sign-in\"")
            && page.body.contains("action=\"/auth/request-login\"")
    );
}

#[tokio::test]
async fn a_portal_without_passwords_has_no_page_for_them() {
    let world = World::with(&[("Activation", "link")]).await;
    let browser = world.browser();
    let page = opened(&world, &browser, "/auth/sign-in").await;
    assert!(
        !page.body.contains("password\"") && !page.body.contains("/auth/forgot-password"),
        "{}",
        page.body
    );
    let forgot = opened(&world, &browser, "/auth/forgot-password").await;
    assert_eq!(
        (forgot.status.as_u16(), forgot.problem().as_str()),
        (404, "not-found")
    );
    for page in ["/auth/activate/x", "/auth/reset-password/x"] {
        let page = opened(&world, &browser, page).await;
        assert_eq!(
            page.location(),
            at(&world, "/auth/sign-in?error=invalid_token&reason=invalid")
        );
    }
}

#[tokio::test]
async fn the_page_to_sign_up_is_there_where_the_portal_allows_it() {
    let world = World::start().await;
    let page = opened(&world, &world.browser(), "/auth/sign-up").await;
    assert_eq!(
        (page.status.as_u16(), page.problem().as_str()),
        (404, "not-found")
    );
    assert!(
        !world
            .browser()
            .get("/auth/sign-in")
            .await
            .body
            .contains("/auth/sign-up")
    );

    let world = World::with(&[("SelfSignUp", "on")]).await;
    let browser = world.browser();
    assert!(
        browser
            .get("/auth/sign-in")
            .await
            .body
            .contains("href=\"/auth/sign-up\"")
    );
    let page = opened(&world, &browser, "/auth/sign-up").await;
    assert!(
        page.body.contains("action=\"/auth/sign-up\""),
        "{}",
        page.body
    );
    let wrong = browser
        .post_form("/auth/sign-up", &[("email", "eve"), ("name", "Eve")])
        .await;
    assert_eq!(
        wrong.location(),
        at(&world, "/auth/sign-up?error=invalid_request")
    );
    assert!(
        follow(&world, &browser, &wrong)
            .await
            .body
            .contains("Enter your name and a valid email address.")
    );
    let asked = browser
        .post_form("/auth/sign-up", &[("email", EVE), ("name", "Eve")])
        .await;
    assert_eq!(
        asked.location(),
        at(&world, "/auth/check-email?for=sign-up")
    );
    world.settled().await;
    let page = follow(&world, &browser, &asked).await;
    assert!(
        page.body.contains("<p>We’ve emailed you a link.")
            && page.body.contains("href=\"/auth/sign-up\"")
    );
    let page = browser.get(&world.mail().await.path()).await;
    assert_eq!(
        submitted(&browser, "/auth/activate", &page, FIRST)
            .await
            .status,
        303
    );
    assert_eq!(browser.me().await.json()["name"], "Eve");
}

#[tokio::test]
async fn the_frontends_own_pages_get_the_token_where_it_has_them() {
    let world = invited_to(&[
        ("ActivateUrl", "https://portal.example.com/welcome"),
        ("ResetUrl", "https://portal.example.com/another?x=1"),
    ])
    .await;
    let token = |mail: &Mail, page: &str| {
        let link = mail.0["links"][0].as_str().unwrap_or_default().to_owned();
        link.strip_prefix(&format!("{page}#token="))
            .map(str::to_owned)
            .unwrap_or_else(|| panic!("{link}"))
    };
    let mail = world.browser().ask(EVE).await;
    let (browser, token_of_mail) = (
        world.browser(),
        token(&mail, "https://portal.example.com/welcome"),
    );
    let body = json!({"token": token_of_mail, "password": FIRST});
    assert_eq!(browser.post("/auth/activate", body).await.status, 200);
    world
        .browser()
        .post("/auth/forgot-password", json!({"email": EVE}))
        .await;
    let body = json!({"token": token(&world.mail().await, "https://portal.example.com/another?x=1"), "password": SECOND});
    assert_eq!(browser.post("/auth/reset-password", body).await.status, 200);
    assert_eq!(browser.me().await.status, 401);
}
