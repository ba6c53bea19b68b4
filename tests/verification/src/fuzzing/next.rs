//! Where to go after signing in.

use shared::domain::next::Next;
use shared::domain::origin::Origin;
use std::sync::LazyLock;
use url::Url;

static ORIGINS: LazyLock<Vec<Origin>> = LazyLock::new(|| {
    let all = [
        "https://portal.example.com",
        "http://localhost:8787",
        "https://staff.example.com:8443",
    ];
    all.into_iter().filter_map(Origin::parse).collect()
});

/// An accepted `next` leads to the portal or an allowed origin, whoever reads it, and fits a
/// header.
///
/// # Panics
/// When it does not.
pub fn next(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let [public, local, staff] = ORIGINS.as_slice() else {
        panic!("an origin is none")
    };
    for (home, allowed) in [
        (public, vec![]),
        (local, vec![]),
        (public, vec![staff.clone(), local.clone()]),
    ] {
        let Some(next) = Next::parse(text, home, &allowed) else {
            continue;
        };
        let whole = next.as_str();
        let ours = |origin: &Origin| origin == home || allowed.contains(origin);
        let url = Url::parse(whole).unwrap_or_else(|error| panic!("{whole} is no URL: {error}"));
        assert_eq!(url.as_str(), whole, "it is read differently");
        assert!(
            Origin::of(&url).is_some_and(|origin| ours(&origin)),
            "{whole} leads elsewhere"
        );
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "{whole} carries credentials"
        );
        assert!(
            whole.len() <= 512 && whole.bytes().all(|byte| byte.is_ascii_graphic()),
            "no header: {whole:?}"
        );
        // Somebody who does not parse, but looks where the first path begins, must come to the same
        // place.
        let begins = |origin: &Origin| {
            whole
                .strip_prefix(origin.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        assert!(
            begins(home) || allowed.iter().any(begins),
            "{whole} does not begin with an origin of ours"
        );
        assert_eq!(
            Next::parse(whole, home, &allowed),
            Some(next),
            "it is not its own spelling"
        );
    }
}
