//! A session is read from cookies, bearer tokens and headers in every spelling, and not from both.

use super::{assert_all, signed_in};
use kit::World;
use kit::authorizer::{http_api_event, rest_api_event, token_event};
use serde_json::json;

#[tokio::test]
async fn cookies_and_bearer_tokens_are_read_as_by_me() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let token = client.session().unwrap();
    let cookie = format!("partner.sid={token}");
    let among_others = format!("a=b; {cookie}; bytes=\u{e9}; partner.known=x");
    let bearer = format!("bEaReR  {token} ");
    for (name, value, status) in [
        ("cookie", &cookie, 200),
        ("Cookie", &among_others, 200),
        ("COOKIE", &format!("{cookie};"), 200),
        ("cookie", &format!("{cookie}; {cookie}"), 401),
        ("cookie", &format!("partner.sid=; {cookie}"), 401),
        ("cookie", &format!("__Host-partner.sid={token}"), 401),
        ("cookie", &format!("partner.SID={token}"), 401),
        ("cookie", &format!("partner.sid=\"{token}\""), 401),
        ("Authorization", &bearer, 200),
        ("authorization", &token, 401),
        ("authorization", &format!("Basic {token}"), 401),
        (
            "authorization",
            &format!("Bearer {token},Bearer {token}"),
            401,
        ),
        ("authorization", &format!("Bearer {token}x"), 401),
        ("x-authorization", &bearer, 401),
    ] {
        let headers = [(name, value.as_str())];
        let events = [
            http_api_event("GET", &headers),
            rest_api_event("GET", &headers),
        ];
        assert_all(&world, &events, status).await;
    }
    let both = [
        ("cookie", cookie.as_str()),
        ("authorization", bearer.as_str()),
    ];
    let events = [http_api_event("GET", &both), rest_api_event("GET", &both)];
    assert_all(&world, &events, 401).await;
    assert_all(&world, &[token_event(&token), token_event("")], 401).await;
}

#[tokio::test]
async fn repeated_headers_are_all_read() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let token = client.session().unwrap();
    let (cookie, bearer) = (format!("partner.sid={token}"), format!("Bearer {token}"));
    let forged = format!("{bearer}x");
    // HTTP/2 sends each cookie in a header of its own.
    let split = [
        ("cookie", "a=b"),
        ("cookie", cookie.as_str()),
        ("cookie", "c=d"),
    ];
    let twice = [("cookie", cookie.as_str()), ("cookie", cookie.as_str())];
    let two_cases = [("Cookie", cookie.as_str()), ("cookie", cookie.as_str())];
    let bearers = [
        ("authorization", forged.as_str()),
        ("authorization", bearer.as_str()),
    ];
    assert_all(&world, &[rest_api_event("GET", &split)], 200).await;
    assert_all(&world, &[http_api_event("GET", &split)], 200).await;
    for headers in [twice, two_cases, bearers] {
        assert_all(&world, &[rest_api_event("GET", &headers)], 401).await;
    }
    assert_all(&world, &[http_api_event("GET", &twice)], 401).await;

    // `cookies` stands for the header, which some gateways send as well.
    let mut event = http_api_event("GET", &[("cookie", &cookie)]);
    event["headers"]["cookie"] = json!(cookie);
    assert_all(&world, &[event.clone()], 200).await;
    event["cookies"] = json!(["a=b"]);
    assert_all(&world, &[event.clone()], 401).await;
    event.as_object_mut().unwrap().remove("cookies");
    assert_all(&world, &[event], 200).await;
}

#[tokio::test]
async fn payload_1_0_of_an_http_api_gets_policies() {
    let world = World::start().await;
    let client = signed_in(&world).await;
    let cookie = client.cookie_header();
    for (headers, method, status) in [
        (vec![("cookie", cookie.as_str())], "GET", 200),
        (vec![], "GET", 401),
        (vec![("cookie", cookie.as_str())], "POST", 403),
    ] {
        let mut event = rest_api_event(method, &headers);
        event["version"] = json!("1.0");
        assert_all(&world, &[event], status).await;
    }
}
