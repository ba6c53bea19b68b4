//! Cookies, in and out.

use lambda_http::http::HeaderValue;
use shared::domain::link::Nonce;
use shared::domain::origin::Origin;
use shared::domain::portal::PortalName;
use shared::http::cookie::{Cookie, nonces, with_nonce};
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request};
use std::time::Duration;

/// A cookie header is read without surprise, the nonces in one are few and different, and no
/// answer's cookie can hold a second header.
///
/// # Panics
/// When one does not hold.
pub fn cookie(data: &[u8]) {
    let own = Origin::parse("https://login.example.com").unwrap();
    let cookie = Cookie::session(&PortalName::parse("partner").unwrap(), &own);
    reading(data, cookie.name());
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    few_nonces(text);
    let answer = with_cookie(
        response::see_other(text),
        &cookie.set(text, Duration::from_secs(60)),
    );
    for value in answer.headers().values() {
        assert!(
            value
                .as_bytes()
                .iter()
                .all(|byte| *byte >= b' ' || *byte == b'\t'),
            "control characters: {value:?}"
        );
    }
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 1);
}

/// One more cookie of that name is the cookie where there was none, and one too many where there
/// was one.
fn reading(header: &[u8], name: &str) {
    let read = |header: &[u8]| {
        let mut request = lambda_http::Request::default();
        request
            .headers_mut()
            .insert("cookie", HeaderValue::from_bytes(header).ok()?);
        let request = Request::new(request);
        Some(request.cookie(name).map(|value| value.map(str::to_owned)))
    };
    let Some(before) = read(header) else { return };
    let after = read(&[header, b"; ", name.as_bytes(), b"=one more"].concat()).unwrap();
    match (before, after) {
        (Ok(None), Ok(Some(value))) => assert_eq!(value, "one more"),
        (Ok(Some(_)), Err(Problem { .. })) | (Err(_), Err(_)) => {}
        (before, after) => panic!("{before:?}, and with one more {after:?}"),
    }
}

fn few_nonces(text: &str) {
    let found = nonces(text);
    let links: Vec<_> = found.iter().map(Nonce::link).collect();
    let alone = |(n, link)| !links.iter().skip(n + 1).any(|other| other == link);
    assert!(
        links.len() <= 3 && links.iter().enumerate().all(alone),
        "too many, or one twice: {links:?}"
    );
    let Some((first, rest)) = found.split_first() else {
        return;
    };
    let again: Vec<_> = nonces(&with_nonce(first, rest))
        .iter()
        .map(Nonce::link)
        .collect();
    assert_eq!(again, links, "what is sent back is not what came");
}
