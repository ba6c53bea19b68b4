//! Responses with which something is wrong, and what is found.

use super::checks::{
    GETS, email_request, encrypted, foreign_read, foreign_write, own_read, published_keys,
};
use crate::findings::Findings;
use crate::https::Response;
use shared::domain::paths::CONFIG;

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter();
    Response {
        status,
        headers: headers.map(|(a, b)| ((*a).into(), (*b).into())).collect(),
        body: body.into(),
    }
}

/// Returns the problems that a check finds.
fn found(check: impl Fn(&mut Findings)) -> Vec<String> {
    let mut findings = Findings::default();
    check(&mut findings);
    findings.problems().into_iter().map(str::to_owned).collect()
}

#[test]
fn every_response_of_a_server_that_is_no_portal_is_a_finding() {
    let other = response(200, &[("access-control-allow-origin", "*")], "{}");
    for (path, check) in GETS {
        let is_any = ["/favicon.ico", CONFIG].contains(&path);
        let count = found(|findings| check(path, &other, findings)).len();
        assert_eq!(count == 0, is_any, "{path}");
    }
    let down = response(503, &[], "");
    for (path, check) in GETS {
        assert_eq!(
            found(|findings| check(path, &down, findings)).len(),
            1,
            "{path}"
        );
    }
    assert_eq!(found(|findings| foreign_read(&other, findings)).len(), 1);
    assert_eq!(found(|findings| foreign_write(&other, findings)).len(), 1);
    assert_eq!(
        found(|findings| own_read("https://x", &other, findings)).len(),
        1
    );
    let keys = found(|findings| published_keys("https://x", &other, &other, findings));
    assert_eq!(keys.len(), 2);
}

#[test]
fn each_missing_flag_of_a_cookie_is_named() {
    let flags = "__Host-partner.requests=x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60";
    let of = |cookie: &str| {
        let response = response(200, &[("set-cookie", cookie)], "{}");
        found(|findings| email_request("https://x", &response, findings))
    };
    assert!(of(flags).is_empty());
    for flag in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        let without = flags.replace(&format!(" {flag};"), "");
        assert_eq!(
            of(&without),
            [format!("The cookies of the API are not {flag}.")]
        );
    }
    assert_eq!(of(&flags.replace("__Host-", "")).len(), 1);
    assert_eq!(of("").len(), 1);
}

#[test]
fn a_portal_without_encryption_is_only_for_one_machine() {
    let of = |origin: &str| found(|findings| encrypted(origin, findings));
    for fine in [
        "https://login.example.com",
        "http://localhost:8787",
        "http://127.0.0.1:1",
    ] {
        assert!(of(fine).is_empty(), "{fine}");
    }
    assert_eq!(of("http://login.example.com").len(), 1);
}
