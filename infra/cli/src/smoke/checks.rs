//! The responses that a portal gives to everybody, and sentences about others.

use crate::findings::Findings;
use crate::https::Response;
use serde_json::{Value, json};
use shared::domain::paths::{CONFIG, FORGOT_PASSWORD, ME, REQUEST_LOGIN, SESSION, SIGN_IN, VERIFY};

type Check = fn(&str, &Response, &mut Findings);

/// Paths that are read without an account, each with the check of its response.
pub(super) const GETS: [(&str, Check); 6] = [
    ("/.well-known/change-password", redirect),
    (SIGN_IN, page),
    (FORGOT_PASSWORD, optional_page),
    (CONFIG, config),
    (SESSION, no_session),
    (ME, not_authenticated),
];

/// Paths that a proxy may send to a frontend.
pub(super) const GETS_WITHOUT_PROXY: [(&str, Check); 3] = [
    ("/", redirect),
    ("/favicon.ico", ok),
    ("/vestibule-smoke", unknown_route),
];

/// The fix for a function that does not do what it should.
const LOGS: &str = "Read the functions' log: aws logs tail /vestibule/STACK --since 10m";
const DRIFT: &str = "Find what differs from the stack's template: \
                      aws cloudformation detect-stack-drift --stack-name STACK";

/// The headers that each page has. An empty value stands for any.
const PAGE_HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("content-security-policy", ""),
    ("referrer-policy", ""),
    ("strict-transport-security", ""),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Cookies are bound to the host by HTTPS. `http` is for one machine.
pub(super) fn encrypted(origin: &str, findings: &mut Findings) {
    let host = origin.strip_prefix("http://");
    let host = host.map(|rest| rest.split(':').next().unwrap_or(rest));
    if host.is_some_and(|host| host != "localhost" && host != "127.0.0.1") {
        let problem = format!("{origin} is not encrypted, so browsers refuse the session cookie.");
        findings.add(
            problem,
            "Set PublicUrl to the https URL of the API, and deploy.",
        );
    }
}

fn is_status(path: &str, response: &Response, expected: u16, findings: &mut Findings) -> bool {
    let status = response.status;
    if status == expected {
        return true;
    }
    let fix = if status >= 500 { LOGS } else { DRIFT };
    let problem = format!("{path} responds with the status {status}, and not with {expected}.");
    findings.add(problem, fix);
    false
}

fn ok(path: &str, response: &Response, findings: &mut Findings) {
    is_status(path, response, 200, findings);
}

fn redirect(path: &str, response: &Response, findings: &mut Findings) {
    let is_redirect = (300..400).contains(&response.status);
    if !is_redirect || response.header("location").is_empty() {
        let status = response.status;
        let problem = format!("{path} responds with the status {status} and redirects nobody.");
        findings.add(problem, DRIFT);
    }
}

fn page(path: &str, response: &Response, findings: &mut Findings) {
    if !is_status(path, response, 200, findings) {
        return;
    }
    if !response.header("content-type").starts_with("text/html") {
        findings.add(format!("{path} is not a page."), DRIFT);
    }
    for (name, expected) in PAGE_HEADERS {
        let value = response.header(name);
        let is_right = value.contains(expected) && !value.is_empty();
        if !is_right {
            let problem = format!("The page {path} lacks the header {name}: {expected}");
            let problem = format!("{}.", problem.trim_end_matches([':', ' ']));
            let fix = "Let your proxy or CDN pass on the headers that the API sets.";
            findings.add(problem, fix);
        }
    }
}

/// A page that some portals do not have.
fn optional_page(path: &str, response: &Response, findings: &mut Findings) {
    if response.status != 404 {
        page(path, response, findings);
    }
}

fn config(path: &str, response: &Response, findings: &mut Findings) {
    if is_status(path, response, 200, findings) && !response.json().is_object() {
        findings.add(format!("{path} is not JSON."), DRIFT);
    }
}

fn no_session(path: &str, response: &Response, findings: &mut Findings) {
    if is_status(path, response, 200, findings) && response.body != b"null" {
        let fix = "Switch off caching for /auth/* in your proxy or CDN.";
        findings.add(format!("{path} returns a session to a stranger."), fix);
    }
}

fn not_authenticated(path: &str, response: &Response, findings: &mut Findings) {
    problem(path, response, (401, "not-authenticated"), findings);
}

fn problem(path: &str, response: &Response, expected: (u16, &str), findings: &mut Findings) {
    let (status, kind) = expected;
    if is_status(path, response, status, findings) {
        let wanted = json!(format!("urn:vestibule:problem:{kind}"));
        if response.json().get("type") != Some(&wanted) {
            let fix = "Let your proxy or CDN pass on the responses of the API unchanged.";
            findings.add(format!("{path} does not report the problem {kind}."), fix);
        }
    }
}

/// API Gateway refuses calls without a signature, before any function runs.
pub(super) fn unsigned(path: &str, response: &Response, findings: &mut Findings) {
    if response.status != 403 {
        let status = response.status;
        let problem = format!(
            "A call of {path} without a signature gets the status {status}, and not 403: the admin \
             API may be open to everybody."
        );
        findings.add(problem, DRIFT);
    }
}

fn unknown_route(path: &str, response: &Response, findings: &mut Findings) {
    is_status(path, response, 404, findings);
}

/// Checks the public keys of access tokens.
pub(super) fn published_keys(
    origin: &str,
    keys: &Response,
    configuration: &Response,
    findings: &mut Findings,
) {
    let keys = keys.json();
    let keys = keys.get("keys").and_then(Value::as_array);
    if keys.is_none_or(Vec::is_empty) {
        findings.add("No key of access tokens is published.", LOGS);
    }
    let issuer = configuration.json().get("issuer").cloned();
    if issuer != Some(json!(origin)) {
        let issuer = issuer.unwrap_or_default();
        let problem = format!(
            "Access tokens are issued by {issuer}, so back ends that know {origin} refuse them."
        );
        findings.add(
            problem,
            "Set PublicUrl to the URL that your back ends know, and deploy.",
        );
    }
}

/// Checks the response to a request for an email, and the cookie that it sets. A limit is reached
/// where this command ran a moment ago.
pub(super) fn email_request(origin: &str, response: &Response, findings: &mut Findings) {
    let path = REQUEST_LOGIN;
    if response.status == 429 || !is_status(path, response, 200, findings) {
        return;
    }
    let cookie = response.header("set-cookie").to_owned();
    if cookie.is_empty() {
        let fix = "Let your proxy or CDN pass on Set-Cookie.";
        findings.add(format!("{path} sets no cookie."), fix);
        return;
    }
    let is_encrypted = origin.starts_with("https:");
    let flags = ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"];
    for flag in flags
        .into_iter()
        .filter(|flag| is_encrypted || *flag != "Secure")
    {
        if !cookie
            .split(';')
            .any(|part| part.trim().eq_ignore_ascii_case(flag))
        {
            let fix = "Let your proxy or CDN pass on Set-Cookie unchanged.";
            findings.add(format!("The cookies of the API are not {flag}."), fix);
        }
    }
    if is_encrypted && !cookie.starts_with("__Host-") {
        let problem = "The cookies of the API are not bound to its host.";
        findings.add(
            problem,
            "Set PublicUrl to the https URL of the API, and deploy.",
        );
    }
}

/// Checks that a page of another site cannot read a response.
pub(super) fn foreign_read(response: &Response, findings: &mut Findings) {
    let allowed = response.header("access-control-allow-origin");
    if !allowed.is_empty() {
        let problem = format!("Pages of other sites may read responses: CORS allows {allowed}.");
        let fix = "Let API Gateway alone set CORS headers, and not your proxy or CDN.";
        findings.add(problem, fix);
    }
}

/// Checks that a page of another site cannot change anything.
pub(super) fn foreign_write(response: &Response, findings: &mut Findings) {
    let path = format!("{VERIFY} from another site");
    problem(&path, response, (403, "origin-not-allowed"), findings);
}

/// Checks that the frontend's scripts can read responses with credentials.
pub(super) fn own_read(frontend: &str, response: &Response, findings: &mut Findings) {
    let allowed = response.header("access-control-allow-origin");
    if allowed != frontend {
        let problem = format!("CORS does not allow the pages of {frontend} to call the API.");
        findings.add(problem, DRIFT);
    } else if response.header("access-control-allow-credentials") != "true" {
        let problem = format!("CORS does not allow the pages of {frontend} to send the cookie.");
        findings.add(problem, DRIFT);
    }
}
