//! Cookies, received and sent.

use shared::domain::link::Nonce;
use shared::domain::origin::Origin;
use shared::domain::portal::PortalName;
use shared::http::cookie::{Cookie, nonces, with_nonce};
use shared::http::response::{self, with_cookie};
use shared::http::{Problem, Request};
use std::collections::BTreeSet;
use std::time::Duration;

/// A cookie is read or refused as one of several, the nonces in it are few and different, and no
/// response's cookie can become a second header.
///
/// # Panics
/// If one of these does not hold.
pub fn cookie(data: &[u8]) {
    let origin = Origin::parse("https://login.example.com").unwrap();
    let cookie = Cookie::session(&PortalName::parse("partner").unwrap(), &origin);
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    check_reading(text, cookie.name());
    check_nonces(text);
    let set_cookie = cookie.set(text, Duration::from_secs(60));
    let response = with_cookie(response::see_other(text), &set_cookie);
    for value in response.headers().values() {
        let is_printable = |byte: &u8| *byte >= b' ' || *byte == b'\t';
        assert!(
            value.as_bytes().iter().all(is_printable),
            "control characters: {value:?}"
        );
    }
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 1);
}

/// Appends a cookie of this name: it is read if there was none, and one too many if there was one.
fn check_reading(header: &str, name: &str) {
    let read = |header: &str| {
        let request = Request::with_headers([("cookie", header)]);
        request.cookie(name).map(|value| value.map(str::to_owned))
    };
    let after = read(&format!("{header}; {name}=appended"));
    match (read(header), after) {
        (Ok(None), Ok(Some(value))) => assert_eq!(value, "appended"),
        (Ok(Some(_)), Err(Problem { .. })) | (Err(_), Err(_)) => {}
        (before, after) => panic!("{before:?}, and with an appended cookie {after:?}"),
    }
}

fn check_nonces(text: &str) {
    let found = nonces(text);
    let links: Vec<_> = found.iter().map(|nonce| nonce.link().to_string()).collect();
    let different: BTreeSet<_> = links.iter().collect();
    assert!(
        links.len() <= 3 && different.len() == links.len(),
        "too many, or one twice: {links:?}"
    );
    if let Some((newest, older)) = found.split_first() {
        let again = nonces(&with_nonce(newest, older));
        assert!(
            again
                .iter()
                .map(Nonce::link)
                .eq(found.iter().map(Nonce::link)),
            "{links:?} are sent back as others"
        );
    }
}
