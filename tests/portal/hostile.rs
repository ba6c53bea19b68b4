//! Promise 10: bad input gets a clear 4xx, and nothing is written.

use reqwest::Method;
use serde_json::json;
use tests::{Answer, World};

async fn send(
    world: &World,
    path: &str,
    content_type: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let browser = world.browser();
    let request = browser.request(Method::POST, path);
    let request = content_type.into_iter().fold(request, |request, value| {
        request.header("content-type", value)
    });
    browser.send(request.body(body)).await
}

/// What `path` must refuse: content type, body, status, problem.
async fn refuses(path: &str, cases: Vec<(Option<&str>, Vec<u8>, u16, &str)>) {
    let world = World::start().await;
    let before = world.everything();
    for (content_type, body, status, problem) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = send(&world, path, content_type, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (status, problem),
            "{path} {content_type:?} {shown}"
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.cookies.is_empty());
    }
    assert_eq!(world.everything(), before);
}

fn padded(json: &str, to: usize) -> Vec<u8> {
    let mut body = json.as_bytes().to_vec();
    body.resize(to, b' ');
    body
}

#[tokio::test]
async fn bodies_that_cannot_be_meant_are_refused() {
    let routes = [
        (
            "/auth/request-login",
            r#"{"email":"ada@example.com"}"#,
            r#"{"email":"ada@example.com","email":"ada@example.com"}"#,
        ),
        (
            "/auth/verify",
            r#"{"token":"x"}"#,
            r#"{"token":"x","token":"x"}"#,
        ),
    ];
    let json = Some("application/json");
    let form = Some("application/x-www-form-urlencoded");
    for (path, good, twice) in routes {
        refuses(
            path,
            vec![
                (None, good.into(), 415, "unsupported-media-type"),
                (
                    Some("text/plain"),
                    good.into(),
                    415,
                    "unsupported-media-type",
                ),
                (
                    Some("multipart/form-data; boundary=x"),
                    good.into(),
                    415,
                    "unsupported-media-type",
                ),
                (
                    Some("application/json, application/json"),
                    good.into(),
                    415,
                    "unsupported-media-type",
                ),
                (json, twice.into(), 400, "invalid-request"),
                (
                    json,
                    good.replace('}', ",\"extra\":1}").into(),
                    400,
                    "invalid-request",
                ),
                (json, b"".to_vec(), 400, "invalid-request"),
                (json, b"null".to_vec(), 400, "invalid-request"),
                (json, b"[]".to_vec(), 400, "invalid-request"),
                (
                    json,
                    br#"["ada@example.com",null,"cookie"]"#.to_vec(),
                    400,
                    "invalid-request",
                ),
                (
                    json,
                    br#"["x",null,null,null,"cookie"]"#.to_vec(),
                    400,
                    "invalid-request",
                ),
                (json, b"{".to_vec(), 400, "invalid-request"),
                (json, format!("{good}{good}").into(), 400, "invalid-request"),
                (
                    json,
                    br#"{"email":1,"token":1}"#.to_vec(),
                    400,
                    "invalid-request",
                ),
                (
                    json,
                    b"{\"email\":\"\xff@example.com\"}".to_vec(),
                    400,
                    "invalid-request",
                ),
                (json, "[".repeat(10_000).into(), 400, "invalid-request"),
                (json, padded(good, 16 * 1024 + 1), 413, "payload-too-large"),
                (json, padded(good, 5_000_000), 413, "payload-too-large"),
                (form, format!("{good}&").into(), 400, "invalid-request"),
                (
                    form,
                    b"email=a@example.com&email=b@example.com".to_vec(),
                    400,
                    "invalid-request",
                ),
                (
                    form,
                    b"email=%ff%fe@example.com".to_vec(),
                    400,
                    "invalid-request",
                ),
                (form, b"token=x&token=y".to_vec(), 400, "invalid-request"),
            ],
        )
        .await;
    }
    refuses(
        "/auth/logout",
        vec![
            (json, br#"{"extra":1}"#.to_vec(), 400, "invalid-request"),
            (json, b"[]".to_vec(), 400, "invalid-request"),
            (json, padded("{}", 16 * 1024 + 1), 413, "payload-too-large"),
            (
                Some("text/plain"),
                b"x".to_vec(),
                415,
                "unsupported-media-type",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_body_of_exactly_16_kib_is_read() {
    let world = World::start().await;
    let body = padded(r#"{"email":"ada@example.com"}"#, 16 * 1024);
    assert_eq!(
        send(
            &world,
            "/auth/request-login",
            Some("application/json"),
            body
        )
        .await
        .status,
        200
    );
}

#[tokio::test]
async fn what_is_no_address_is_refused_and_nothing_written() {
    let world = World::start().await;
    let before = world.everything();
    for email in [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example.com\r\nBcc: x@evil.example",
        "ada@example.com,eve@evil.example",
        "Ada <ada@example.com>",
        "ada@[127.0.0.1]",
        "ädä@example.com",
        "ada@example.com\0",
        &format!("{}@example.com", "a".repeat(300)),
    ] {
        let answer = world
            .browser()
            .post("/auth/request-login", json!({"email": email}))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{email:?}"
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_next_that_leads_elsewhere_is_refused_and_nothing_written() {
    let world = World::start().await;
    let before = world.everything();
    let own = world.portal.public_url().replace("http://", "");
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "data:text/html,x",
        &format!("http://{own}@evil.example"),
        &format!("http://allowed@{own}/"),
        &"/a".repeat(600),
    ] {
        let answer = world
            .browser()
            .post(
                "/auth/request-login",
                json!({"email": "ada@example.com", "next": next}),
            )
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-request"),
            "{next}"
        );
        let page = world
            .browser()
            .get(&format!("/auth/sign-in?{}", tests::form(&[("next", next)])))
            .await;
        assert!(!page.body.contains("name=\"next\""), "{next}");
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn forged_headers_change_no_mail() {
    let world = World::start().await;
    let mut mails = vec![];
    for forged in [false, true] {
        let browser = world.browser();
        let mut request = browser
            .request(Method::POST, "/auth/request-login")
            .header("content-type", "application/json");
        if forged {
            for (name, value) in [
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-for", "6.6.6.6"),
                ("forwarded", "host=evil.example;for=6.6.6.6"),
                ("x-original-url", "https://evil.example/"),
                ("host", "evil.example"),
            ] {
                request = request.header(name, value);
            }
        }
        browser
            .send(request.body(r#"{"email":"ada@example.com"}"#))
            .await;
        let mail = world.mail().await;
        let ip = mail.0["text"]
            .as_str()
            .unwrap()
            .split("IP address ")
            .nth(1)
            .unwrap()
            .split(['\n', ','])
            .next()
            .unwrap()
            .to_owned();
        assert!(ip.starts_with("198."), "{ip}");
        let text = mail.0["text"]
            .as_str()
            .unwrap()
            .replace(&mail.token(), "TOKEN")
            .replace(&mail.code(), "CODE")
            .replace(&ip, "IP");
        assert!(!text.contains("evil"));
        mails.push((
            text,
            mail.0["subject"].clone(),
            mail.0["from"].clone(),
            mail.0["to"].clone(),
        ));
    }
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
}

#[tokio::test]
async fn a_cookie_that_is_there_twice_is_refused() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let before = world.everything();
    let twice = format!(
        "partner.sid={0}; partner.sid={0}",
        browser.cookie("partner.sid").unwrap()
    );
    let stranger = world.browser();
    let me = stranger
        .send(
            stranger
                .bare(Method::GET, "/auth/me")
                .header("cookie", &twice),
        )
        .await;
    assert_eq!(
        (me.status.as_u16(), me.problem().as_str()),
        (400, "invalid-request")
    );
    let out = stranger
        .request(Method::POST, "/auth/logout")
        .header("cookie", &twice);
    assert_eq!(stranger.send(out).await.status, 400);
    let both = stranger
        .bare(Method::GET, "/auth/me")
        .header("cookie", browser.cookie_header())
        .header("authorization", "Bearer x");
    assert_eq!(stranger.send(both).await.status, 400);
    let asks = stranger
        .request(Method::POST, "/auth/request-login")
        .header("cookie", "partner.requests=a; partner.requests=b")
        .header("content-type", "application/json")
        .body(r#"{"email":"ada@example.com"}"#);
    assert_eq!(stranger.send(asks).await.status, 400);
    assert_eq!(world.everything(), before);
}

/// The token with its parts changed: header, claims, signature.
fn with_parts(token: &str, change: impl Fn(usize, &str) -> String) -> String {
    let parts: Vec<_> = token
        .split('.')
        .enumerate()
        .map(|(n, part)| change(n, part))
        .collect();
    parts.join(".")
}

/// Tokens that are not quite `token`.
fn forgeries(token: &str, other: &str) -> Vec<(&'static str, String)> {
    // {"alg":"none","typ":"link+jwt","kid":"1"} and {"alg":"HS512",...}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoibGluaytqd3QiLCJraWQiOiIxIn0";
    let hs512 = "eyJhbGciOiJIUzUxMiIsInR5cCI6Imxpbmsrand0Iiwia2lkIjoiMSJ9";
    vec![
        ("nothing", String::new()),
        ("no token", "abc".to_owned()),
        ("too long", "a".repeat(5000)),
        (
            "no signature",
            with_parts(token, |n, part| {
                if n == 2 {
                    String::new()
                } else {
                    part.to_owned()
                }
            }),
        ),
        (
            "alg none",
            with_parts(token, |n, part| match n {
                0 => none.to_owned(),
                1 => part.to_owned(),
                _ => String::new(),
            }),
        ),
        (
            "alg none, signed",
            with_parts(token, |n, part| {
                if n == 0 {
                    none.to_owned()
                } else {
                    part.to_owned()
                }
            }),
        ),
        (
            "another alg",
            with_parts(token, |n, part| {
                if n == 0 {
                    hs512.to_owned()
                } else {
                    part.to_owned()
                }
            }),
        ),
        (
            "another's claims",
            with_parts(token, |n, part| {
                if n == 1 {
                    other.split('.').nth(1).unwrap().to_owned()
                } else {
                    part.to_owned()
                }
            }),
        ),
        (
            "another's signature",
            with_parts(token, |n, part| {
                if n == 2 {
                    other.split('.').nth(2).unwrap().to_owned()
                } else {
                    part.to_owned()
                }
            }),
        ),
        ("padding", format!("{token}=")),
        ("a fourth part", format!("{token}.x")),
    ]
}

#[tokio::test]
async fn forged_links_are_refused_and_nothing_is_written() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let (token, another) = (
        browser.ask("ada@example.com").await.token(),
        other.ask("ada@example.com").await.token(),
    );
    other.post("/auth/verify", json!({"token": another})).await;
    let session = other.cookie("partner.sid").unwrap();
    let before = world.everything();
    let mut forged = forgeries(&token, &another);
    forged.push(("a session", session));
    for at in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        forged.push(("a changed letter", String::from_utf8(bytes).unwrap()));
    }
    for (what, token) in forged {
        let answer = browser.post("/auth/verify", json!({"token": token})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-token"),
            "{what}"
        );
        if !token.is_empty() && token.len() < 3000 {
            let page = browser.get(&format!("/auth/verify/{token}")).await;
            assert!(
                page.location().contains("reason=invalid"),
                "{what}: {page:?}"
            );
        }
    }
    assert_eq!(world.everything(), before);
    assert_eq!(
        browser
            .post("/auth/verify", json!({"token": token}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn forged_sessions_are_nobody() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    browser.sign_in("ada@example.com").await;
    other.sign_in("ada@example.com").await;
    let (token, another) = (
        browser.cookie("partner.sid").unwrap(),
        other.cookie("partner.sid").unwrap(),
    );
    let link = world.browser().ask("ada@example.com").await.token();
    let before = world.everything();
    let mut forged = forgeries(&token, &another);
    forged.push(("a link", link));
    for (what, token) in forged {
        browser.set_cookie("partner.sid", Some(&token));
        let me = browser.me().await;
        assert_eq!(
            (me.status.as_u16(), me.problem().as_str()),
            (401, "not-authenticated"),
            "{what}"
        );
        assert_eq!(
            browser.post("/auth/logout", json!({})).await.status,
            200,
            "{what}"
        );
    }
    assert_eq!(world.everything(), before);
}

#[tokio::test]
async fn a_neighbours_cookie_hides_no_session() {
    let world = World::start().await;
    let browser = world.browser();
    browser.sign_in("ada@example.com").await;
    let cookies = format!(
        "theirs=J\u{fc}rgen; {}; other=\"a;b\"",
        browser.cookie_header()
    );
    let cookies = reqwest::header::HeaderValue::from_bytes(cookies.as_bytes()).unwrap();
    let stranger = world.browser();
    let me = stranger
        .bare(Method::GET, "/auth/me")
        .header("cookie", cookies.clone());
    assert_eq!(stranger.send(me).await.status, 200);
    let out = stranger
        .request(Method::POST, "/auth/logout")
        .header("cookie", cookies);
    assert_eq!(stranger.send(out).await.status, 200);
    assert_eq!(browser.me().await.status, 401);
}

#[tokio::test]
async fn nonces_that_are_repeated_or_made_up_cost_nothing_and_leave_no_row() {
    let world = World::start().await;
    let browser = world.browser();
    let mail = browser.ask("ada@example.com").await;
    let before = world.everything();
    world.portal.take_calls();
    for n in 0..20_u8 {
        let request = shared::domain::ids::encode(&[n; 32]);
        let answer = world
            .browser()
            .post(
                "/auth/verify",
                json!({"request": request, "code": "00000000"}),
            )
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (400, "invalid-token")
        );
    }
    assert!(world.portal.take_calls().is_empty());
    assert_eq!(world.everything(), before);
    let nonce = browser.cookie("partner.requests").unwrap();
    browser.set_cookie(
        "partner.requests",
        Some(&format!(
            "{nonce}.{nonce}.{}",
            shared::domain::ids::encode(&[9; 32])
        )),
    );
    assert_eq!(
        browser
            .post("/auth/verify", json!({"code": mail.code()}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_the_gateway_answers_by_itself_is_as_api_gateway_does() {
    let world = World::start().await;
    let browser = world.browser();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/auth/nothing"),
        (Method::HEAD, "/auth/sign-in"),
        (Method::PUT, "/auth/verify"),
    ] {
        let answer = browser.send(browser.bare(method.clone(), path)).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        if method != Method::HEAD {
            assert_eq!(answer.json(), json!({"message": "Not Found"}));
        }
    }
}
