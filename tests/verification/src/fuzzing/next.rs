//! The `next` that a user is redirected to after signing in.

use shared::domain::next::{Next, NextOrigins};
use shared::domain::origin::Origin;
use url::Url;

/// An accepted `next` redirects to the portal or an allowed origin, however it is parsed, and fits
/// into a header.
///
/// # Panics
/// If it does not.
pub fn next(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let [public, local, staff] = [
        "https://portal.example.com",
        "http://localhost:8787",
        "https://staff.example.com:8443",
    ]
    .map(|origin| Origin::parse(origin).unwrap());
    check(text, &public, &[]);
    check(text, &local, &[]);
    check(text, &public, &[staff, local.clone()]);
}

fn check(text: &str, home: &Origin, allowed: &[Origin]) {
    let checked_against = NextOrigins {
        portal: home,
        default: home,
        allowed,
    };
    let Ok(Some(next)) = Next::parse(text, checked_against) else {
        return;
    };
    let spelled = next.as_str();
    let origins: Vec<_> = allowed.iter().chain([home]).collect();
    let url = Url::parse(spelled).unwrap_or_else(|error| panic!("{spelled}: {error}"));
    assert_eq!(url.as_str(), spelled, "it is parsed differently");
    assert!(
        Origin::of(&url).is_some_and(|origin| origins.contains(&&origin)),
        "{spelled} redirects elsewhere"
    );
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "{spelled} has credentials"
    );
    assert!(
        spelled.len() <= 2048 + 64 && spelled.bytes().all(|byte| byte.is_ascii_graphic()),
        "it does not fit into a header: {spelled:?}"
    );
    // A reader that does not parse URLs, but looks for the first path, must agree.
    let is_start = |origin: &&Origin| {
        let rest = spelled.strip_prefix(origin.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    assert!(
        origins.iter().any(is_start),
        "{spelled} does not start with an allowed origin"
    );
    assert!(
        !url.path().starts_with("//"),
        "{spelled} redirects elsewhere by its path"
    );
    let is_ours = url
        .path()
        .split('/')
        .nth(1)
        .is_some_and(|first| first.eq_ignore_ascii_case("auth"));
    assert!(
        Origin::of(&url).as_ref() != Some(home) || !is_ours,
        "{spelled} is a route of the portal"
    );
    let again = Next::parse(spelled, checked_against);
    assert_eq!(again, Ok(Some(next.clone())), "it has another spelling");
}
