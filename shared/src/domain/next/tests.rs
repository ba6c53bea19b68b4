//! A `next` in every spelling that a browser or a server might read in its own way.

use super::*;
use crate::domain::paths;

const PORTAL: &str = "https://portal.example.com";

fn next(text: &str) -> Result<Option<String>, InvalidNext> {
    let portal = Origin::parse(PORTAL).unwrap();
    let origins = NextOrigins {
        portal: &portal,
        default: &portal,
        allowed: &[Origin::parse("https://staff.example.com").unwrap()],
    };
    Next::parse(text, origins).map(|next| next.map(|next| next.0))
}

fn accepted(url: &str) -> Result<Option<String>, InvalidNext> {
    Ok(Some(url.to_owned()))
}

#[test]
fn paths_and_allowed_origins_are_accepted() {
    for (text, url) in [
        ("/reports?x=1", "https://portal.example.com/reports?x=1"),
        ("https://staff.example.com/a", "https://staff.example.com/a"),
        ("/a/../b", "https://portal.example.com/b"),
        ("/a//b", "https://portal.example.com/a//b"),
    ] {
        assert_eq!(next(text), accepted(url), "{text:?}");
    }
}

#[test]
fn an_empty_next_is_none() {
    for text in ["", " ", "\t", "\r\n", " \0 "] {
        assert_eq!(next(text), Ok(None), "{text:?}");
    }
}

#[test]
fn a_next_has_at_most_2048_characters_after_the_origin() {
    let long = |n: usize| format!("/{}", "a".repeat(n - 1));
    for origin in [PORTAL, "https://staff.example.com"] {
        let url = format!("{origin}{}", long(2048));
        assert_eq!(next(&url), accepted(&url));
        assert_eq!(next(&format!("{origin}{}", long(2049))), Ok(None));
    }
    let url = format!("{PORTAL}{}", long(2048));
    assert_eq!(next(&long(2048)), accepted(&url));
    for too_long in [long(2049), long(9000), format!("/?{}", "é".repeat(1000))] {
        assert_eq!(next(&too_long), Ok(None));
    }
    assert_eq!(
        next(&format!("https://evil.example{}", long(2049))),
        Err(InvalidNext)
    );
    let up = format!("/{}b", "a/../".repeat(1000));
    assert_eq!(next(&up), accepted("https://portal.example.com/b"));
}

#[test]
fn other_origins_and_schemes_are_rejected() {
    for text in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "https://portal.example.com@evil.example",
        "https://allowed@portal.example.com/",
        "/\t/evil.example",
        "http://portal.example.com/",
        "https://portal.example.com:8443/",
        "data:text/html,x",
        "https://portal.example.com.evil.example",
        "https://portal.example.com./reports",
        "///evil.example",
        "ht\ntps://evil.example",
    ] {
        assert_eq!(next(text), Err(InvalidNext), "{text:?}");
    }
}

#[test]
fn paths_that_begin_with_two_slashes_are_rejected() {
    for path in [
        "//evil.example",
        "/\\evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/%2e//evil.example",
        "/%2fevil.example",
        "/%5Cevil.example",
        "/%252fevil.example",
        "/%09/evil.example",
    ] {
        for origin in [PORTAL, "https://staff.example.com"] {
            let url = format!("{origin}{path}");
            assert_eq!(next(&url), Err(InvalidNext), "{url:?}");
        }
    }
    for path in [
        "/.//evil.example",
        "/%2fevil.example",
        "/a/..//evil.example",
    ] {
        assert_eq!(next(path), Err(InvalidNext), "{path:?}");
    }
}

#[test]
fn the_portals_own_routes_are_rejected_however_they_are_spelled() {
    for path in [
        &format!("{}/token", paths::VERIFY),
        "/auth",
        "/auth?x",
        "/auth#x",
        "/AUTH/verify/token",
        "/Auth/verify",
        "/%61uth/verify",
        "/%2561uth/verify",
        "/%25%36%31uth/verify",
        "/./auth/verify",
        "/a/../auth/verify",
        "/a/%2e%2E/auth/verify",
        "/a/..%2fauth/verify",
        "/a%2f..%2fauth/verify",
        "/a%5c..%5cauth/verify",
        "/%2e%2fauth/verify",
        "\\auth\\verify",
        "/auth\\verify",
        "/auth%2fverify",
        "/auth%5cverify",
        "/auth%3fverify",
        "/auth%23verify",
        "/auth;x/verify",
        "/.;x/auth/verify",
        "/a/..;x/auth/verify",
        "/auth./verify",
        "/auth.../verify",
        "/auth%2e/verify",
        "/auth%20/verify",
        "/auth%00/verify",
        "/au%0dth/verify",
        "/au\tth/verify",
        " /auth/verify",
        "auth/verify",
        "./auth/verify",
    ] {
        assert_eq!(next(path), Err(InvalidNext), "{path:?}");
    }
    assert_eq!(
        next("https://PORTAL.example.com:443/auth/verify/token"),
        Err(InvalidNext)
    );
    for path in [
        "/author",
        "/reports/auth/",
        "/?/auth/",
        "/#/auth/",
        "/.auth",
    ] {
        let url = format!("{PORTAL}{path}");
        assert_eq!(next(path), accepted(&url), "{path:?}");
    }
    let elsewhere = "https://staff.example.com/auth/callback";
    assert_eq!(next(elsewhere), accepted(elsewhere));
}

#[test]
fn a_next_is_added_to_a_query() {
    let next = Next::from_stored("https://a.example/b?c=d&e".to_owned());
    let encoded = "next=https%3A%2F%2Fa%2Eexample%2Fb%3Fc%3Dd%26e";
    assert_eq!(Next::add_to(Some(&next), "/x"), format!("/x?{encoded}"));
    assert_eq!(
        Next::add_to(Some(&next), "/x?y=z"),
        format!("/x?y=z&{encoded}")
    );
    assert_eq!(Next::add_to(None, "/x"), "/x");
}

#[test]
fn the_routes_of_a_portal_behind_another_origin_than_its_frontend_are_rejected() {
    let [portal, frontend] =
        [PORTAL, "https://staff.example.com"].map(|url| Origin::parse(url).unwrap());
    let origins = NextOrigins {
        portal: &portal,
        default: &frontend,
        allowed: std::slice::from_ref(&portal),
    };
    let parse = |text: &str| Next::parse(text, origins);
    assert_eq!(
        parse("https://portal.example.com/auth/verify"),
        Err(InvalidNext)
    );
    for text in ["/./auth/callback", "https://portal.example.com/reports"] {
        assert!(matches!(parse(text), Ok(Some(_))), "{text:?}");
    }
}

/// Draws numbers below a limit, the same ones in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    /// Spells a character as it is, in the other case, or percent-encoded up to three times.
    fn spell(&mut self, c: char) -> String {
        let mut text = match self.below(3) {
            0 => c.to_ascii_uppercase().to_string(),
            _ => c.to_string(),
        };
        for _ in 0..self.below(4) {
            text = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        }
        text
    }

    /// Spells the path of one of the portal's routes.
    fn route(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            text += self.of(&[
                "/.",
                "/a/..",
                "/%2e",
                "/a/%2E%2e",
                "/a%2f..",
                "\\a\\..",
                "/.;x",
            ]);
        }
        text += self.of(&["/", "\\", "/./", "%2f", "%5C", "/\t"]);
        if text.starts_with('%') {
            text.insert(0, '/');
        }
        for c in "auth".chars() {
            text += &self.spell(c);
            text += self.of(&["", "", "", "", "\t", "\n", "%09", "%00", "%20"]);
        }
        text += self.of(&["", ".", "..", "%2e", ";x=y"]);
        text + self.of(&["/", "\\", "%2f", "?", "#", "%3f"]) + "verify/token"
    }
}

#[test]
fn no_random_spelling_of_the_portals_own_routes_is_accepted() {
    let mut draw = Draw(1);
    for _ in 0..20_000 {
        let path = draw.route();
        for text in [path.clone(), format!("{PORTAL}{path}")] {
            assert_eq!(next(&text), Err(InvalidNext), "{text:?}");
        }
    }
}
