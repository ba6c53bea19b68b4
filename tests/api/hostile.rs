//! Invalid and forged input gets a clear 4xx, and nothing is written.

use kit::routes::{
    ACTIVATE, FORGOT_PASSWORD, LOGOUT, REQUEST_LOGIN, RESET_PASSWORD, SIGN_IN, SIGN_UP, VERIFY,
};
use kit::{ADA, PASSWORD, World};
use serde_json::json;
use shared::domain::ids::encode;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const INVALID: &str = "400 invalid-request";
const TOO_LARGE: &str = "413 payload-too-large";
const UNSUPPORTED: &str = "415 unsupported-media-type";

/// Asserts that a route refuses these bodies: content type, body, outcome.
async fn assert_refused(path: &str, cases: Vec<(&str, Vec<u8>, &str)>) {
    let world = World::start().await;
    let before = world.snapshot();
    for (content_type, body, outcome) in cases {
        let client = world.client();
        let mut request = client.post(path).bytes(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let response = request.await.assert(outcome);
        assert_eq!(response.headers["content-type"], "application/problem+json");
        assert!(response.cookies.is_empty());
    }
    assert_eq!(world.snapshot(), before);
}

fn padded(json: &str, len: usize) -> Vec<u8> {
    let mut body = json.as_bytes().to_vec();
    body.resize(len, b' ');
    body
}

#[tokio::test]
async fn invalid_bodies_are_refused() {
    for (path, field, value) in [(REQUEST_LOGIN, "email", ADA), (VERIFY, "token", "x")] {
        let good = json!({field: value}).to_string();
        let twice = format!(r#"{{"{field}":"{value}","{field}":"{value}"}}"#);
        let extra = good.replace('}', ",\"extra\":1}");
        let mut cases: Vec<(&str, Vec<u8>, &str)> = [
            "",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/json, application/json",
        ]
        .map(|content_type| (content_type, good.clone().into(), UNSUPPORTED))
        .into();
        let bodies: [&[u8]; 12] = [
            twice.as_bytes(),
            extra.as_bytes(),
            b"",
            b"null",
            b"[]",
            br#"["ada@example.com",null,"cookie"]"#,
            br#"["x",null,null,null,"cookie"]"#,
            b"{",
            &format!("{good}{good}").into_bytes(),
            br#"{"email":1,"token":1}"#,
            b"{\"email\":\"\xff@example.com\"}",
            &"[".repeat(10_000).into_bytes(),
        ];
        cases.extend(bodies.map(|body| (JSON, body.to_vec(), INVALID)));
        let forms: [&[u8]; 4] = [
            &format!("{good}&").into_bytes(),
            b"email=a@example.com&email=b@example.com",
            b"email=%ff%fe@example.com",
            b"token=x&token=y",
        ];
        cases.extend(forms.map(|body| (FORM, body.to_vec(), INVALID)));
        cases.extend([16 * 1024 + 1, 5_000_000].map(|len| (JSON, padded(&good, len), TOO_LARGE)));
        assert_refused(path, cases).await;
    }
    let cases = vec![
        (JSON, br#"{"extra":1}"#.to_vec(), INVALID),
        (JSON, b"[]".to_vec(), INVALID),
        (JSON, padded("{}", 16 * 1024 + 1), TOO_LARGE),
        ("text/plain", b"x".to_vec(), UNSUPPORTED),
    ];
    assert_refused(LOGOUT, cases).await;
}

#[tokio::test]
async fn invalid_bodies_about_passwords_are_refused() {
    let world = World::with(&[("SelfSignUp", "on")]).await;
    let client = world.client();
    let before = world.snapshot();
    for path in [SIGN_IN, ACTIVATE, FORGOT_PASSWORD, RESET_PASSWORD, SIGN_UP] {
        for body in [
            json!({}),
            json!([]),
            json!({"token": 1, "password": PASSWORD, "email": 1, "name": 1}),
            json!({"token": "x", "password": null}),
            json!({"email": ADA, "password": PASSWORD, "extra": true}),
            json!({"token": "x", "password": PASSWORD, "idempotency_key": "short"}),
            json!({
                "email": "ada@example.com\r\nBcc: x@evil.example",
                "password": PASSWORD, "name": "x",
            }),
            json!({"email": ADA, "name": "two\nlines"}),
            json!({"email": ADA, "password": "x".repeat(20_000)}),
        ] {
            let status = world.client().post(path).body(body.clone()).await.status;
            assert!([400, 413].contains(&status), "{path} {body}: {status}");
        }
        let elsewhere = client.post(path).without_origin();
        let elsewhere = elsewhere.header("origin", "https://evil.example").await;
        elsewhere.assert("403 origin-not-allowed");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_body_of_exactly_16_kib_is_accepted() {
    let world = World::start().await;
    let body = padded(r#"{"email":"ada@example.com"}"#, 16 * 1024);
    let client = world.client();
    let request = client.post(REQUEST_LOGIN).bytes(body);
    request.header("content-type", JSON).await.assert("200");
}

#[tokio::test]
async fn an_invalid_address_is_refused() {
    let world = World::start().await;
    let before = world.snapshot();
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
        world.client().request_login(email).await.assert(INVALID);
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_next_on_another_origin_is_refused() {
    let world = World::start().await;
    let client = world.client();
    let before = world.snapshot();
    let host = world.portal.public_url().replace("http://", "");
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "data:text/html,x",
        &format!("http://{host}@evil.example"),
        &format!("http://allowed@{host}/"),
        &format!("https://evil.example/{}", "a".repeat(3000)),
        "/auth/verify/token",
        "/AUTH/verify/token",
        "/%61uth/verify/token",
        "/./auth/verify/token",
        "/a%2f..%2fauth/verify/token",
        "/auth./verify/token",
        "\\auth\\verify\\token",
        &format!("http://{host}/auth/verify/token"),
        &format!("http://{host}//auth/verify/token"),
        &format!("http://{host}//evil.example"),
        "/.//evil.example",
    ] {
        for request in [
            client.request_login(ADA),
            client.forgot_password(ADA),
            client.sign_in(ADA, PASSWORD),
        ] {
            request.next(next).await.assert(INVALID);
        }
        let page = client.open(SIGN_IN).query("next", next).await;
        page.assert_lacks("name=\"next\"");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn forged_headers_do_not_change_the_email() {
    let world = World::start().await;
    let mut emails = vec![];
    for is_forged in [false, true] {
        let client = world.client();
        let mut request = client.request_login(ADA);
        for (name, value) in [
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "6.6.6.6"),
            ("forwarded", "host=evil.example;for=6.6.6.6"),
            ("x-original-url", "https://evil.example/"),
            ("host", "evil.example"),
        ]
        .into_iter()
        .filter(|_| is_forged)
        {
            request = request.header(name, value);
        }
        request.await;
        let email = world.latest_email().await;
        assert!(email.text.contains(&format!("IP address {}", client.ip())));
        assert!(!email.text.contains("evil"), "{}", email.text);
        let text = email.text.replace(&email.token(), "TOKEN");
        let text = text.replace(&email.code, "CODE").replace(client.ip(), "IP");
        emails.push((text, email.subject, email.from, email.to));
    }
    assert_eq!(emails[0], emails[1]);
}

#[tokio::test]
async fn a_credential_sent_twice_is_refused() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let before = world.snapshot();
    let cookie = client.cookie_header();
    let twice = format!(
        "partner.sid={0}; partner.sid={0}",
        client.session().unwrap()
    );
    let stranger = world.client();
    let bearer = stranger.me().bearer_token("x");
    for request in [
        stranger.me().header("cookie", &twice),
        stranger.logout().bytes("").header("cookie", &twice),
        bearer.header("cookie", &cookie),
        stranger
            .request_login(ADA)
            .header("cookie", "partner.requests=a; partner.requests=b"),
    ] {
        request.await.assert(INVALID);
    }
    assert_eq!(world.snapshot(), before);
}

/// Returns tokens that are almost `token`, with parts of another one.
fn forge(token: &str, other: &str) -> Vec<String> {
    // {"alg":"none","typ":"link+jwt","kid":"1"} and {"alg":"HS512",...}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoibGluaytqd3QiLCJraWQiOiIxIn0";
    let hs512 = "eyJhbGciOiJIUzUxMiIsInR5cCI6Imxpbmsrand0Iiwia2lkIjoiMSJ9";
    let [header, claims, signature] = parts(token);
    let [_, other_claims, other_signature] = parts(other);
    vec![
        String::new(),
        "abc".to_owned(),
        "a".repeat(5000),
        format!("{header}.{claims}."),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{hs512}.{claims}.{signature}"),
        format!("{header}.{other_claims}.{signature}"),
        format!("{header}.{claims}.{other_signature}"),
        format!("{token}="),
        format!("{token}.x"),
    ]
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn forged_links_are_refused() {
    let world = World::start().await;
    let client = world.client();
    let other = world.client();
    let token = client.receive_login_email(ADA).await.token();
    let other_token = other.receive_login_email(ADA).await.token();
    other.verify_link(&other_token).await.assert("200");
    let before = world.snapshot();
    let mut forged = forge(&token, &other_token);
    forged.push(other.session().unwrap());
    for at in (0..token.len()).step_by(7) {
        let letter = if token[at..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        forged.push(format!("{}{letter}{}", &token[..at], &token[at + 1..]));
    }
    for token in forged {
        client.verify_link(&token).await.assert("400 invalid-token");
        if !token.is_empty() && token.len() < 3000 {
            let page = client.open(&format!("{VERIFY}/{token}")).await;
            page.assert("303 /auth/sign-in?error=invalid-token");
        }
    }
    assert_eq!(world.snapshot(), before);
    client.verify_link(&token).await.assert("200");
}

#[tokio::test]
async fn forged_sessions_are_refused() {
    let world = World::start().await;
    let client = world.client();
    let other = world.client();
    client.sign_in_by_link(ADA).await;
    other.sign_in_by_link(ADA).await;
    let link = world.client().receive_login_email(ADA).await.token();
    let before = world.snapshot();
    let mut forged = forge(&client.session().unwrap(), &other.session().unwrap());
    forged.push(link);
    for token in forged {
        client.set_session(Some(&token));
        client.me().await.assert("401 not-authenticated");
        client.logout().await.assert("200");
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn odd_cookies_of_other_applications_do_not_hide_the_session() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let cookies = format!(
        "theirs=J\u{fc}rgen; {}; other=\"a;b\"",
        client.cookie_header()
    );
    let stranger = world.client();
    stranger.me().header("cookie", &cookies).await.assert("200");
    let logout = stranger.logout().bytes("").header("cookie", &cookies);
    logout.await.assert("200");
    client.me().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn repeated_or_forged_nonces_cost_nothing() {
    let world = World::start().await;
    let client = world.client();
    let email = client.receive_login_email(ADA).await;
    let before = world.snapshot();
    world.portal.take_calls();
    for n in 0..20_u8 {
        let stranger = world.client();
        let verify = stranger.verify_code("00000000");
        let forged = verify.login_request(&encode(&[n; 32])).await;
        forged.assert("400 invalid-token");
    }
    assert!(world.portal.take_calls().is_empty());
    assert_eq!(world.snapshot(), before);
    let nonce = client.nonces().unwrap();
    let forged = encode(&[9; 32]);
    client.set_nonces(Some(&format!("{nonce}.{nonce}.{forged}")));
    client.verify_code(&email.code).await.assert("200");
}
