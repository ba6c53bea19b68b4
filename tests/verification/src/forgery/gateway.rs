//! Forgeries over HTTP, with everything else that the owner would send.

use super::forger::Forgery;
use super::originals::{Originals, Purpose};
use crate::ensure;
use crate::tally::Tally;
use kit::{ApiResponse, form, routes};

/// Sends a forgery in one of the ways that its purpose has, and counts it if it can be sent.
///
/// # Errors
/// Fails if the response is not a refusal, or if a function calls the store.
pub(super) async fn send(
    originals: &Originals,
    forgery: &Forgery<'_>,
    way: u64,
    sent: &mut Tally,
) -> Result<(), String> {
    let text = forgery.text.as_str();
    let original = forgery.original;
    let client = originals.world.client();
    let fits_cookie = fits_cookie(originals, forgery);
    let (name, request) = match (original.purpose, way % 3) {
        (Purpose::Session, 0) => {
            // The server trims a header.
            let is_genuine = originals.is_genuine(Purpose::Session, text.trim());
            if !fits_header(text) || is_genuine {
                return Ok(());
            }
            ("me with a bearer token", client.me().bearer_token(text))
        }
        (Purpose::Session, 1) if fits_cookie => {
            client.set_session(Some(text));
            ("me with a cookie", client.me())
        }
        (Purpose::Session, _) if fits_cookie => {
            client.set_session(Some(text));
            ("logout", client.logout())
        }
        (Purpose::Link, 0) if fits_path(text) => {
            client.set_nonces(Some(&original.nonce));
            let path = format!("{}/{}", routes::VERIFY, escaped(text));
            ("the page of a link", client.open(&path))
        }
        (Purpose::Link, _) => {
            client.set_nonces(Some(&original.nonce));
            let verify = client.verify_link(text);
            ("a link", verify.idempotency_key("a-page-of-the-forger"))
        }
        (Purpose::Report, 0) if fits_path(text) => {
            let path = format!("{}/{}", routes::REPORT, escaped(text));
            ("the page of a notice", client.open(&path))
        }
        (Purpose::Report, _) => ("a report", client.report(text)),
        (Purpose::AccessToken, _) if is_of_another_purpose(originals, text) => return Ok(()),
        (Purpose::AccessToken, 0) if fits_header(text) => {
            ("me with an access token", client.me().bearer_token(text))
        }
        (Purpose::AccessToken, 1) if fits_cookie => {
            client.set_session(Some(text));
            ("an access token for an access token", client.access_token())
        }
        (Purpose::AccessToken, _) => ("an access token as a link", client.verify_link(text)),
        (Purpose::Nonce, 0 | 1) if fits_cookie => {
            client.set_nonces(Some(text));
            ("a code with a cookie", client.verify_code(&original.code))
        }
        (Purpose::Nonce, 2) => {
            let verify = client.verify_code(&original.code);
            let verify = verify.bearer_transport().login_request(text);
            ("a code with a request", verify)
        }
        _ => return Ok(()),
    };
    let response = request.await;
    sent.count(name);
    let is_right = match name {
        // A client that is not signed in is signed out already.
        "logout" if response.status == 200 => true,
        "the page of a link" if response.status == 303 => {
            response.location().contains("error=invalid-token")
        }
        "the page of a notice" if response.status == 200 => !response.body.contains("<form"),
        _ => is_refused(&response),
    };
    ensure!(
        is_right,
        "got {} as {name}: {}",
        response.outcome(),
        response.body
    );
    let calls = originals.world.portal.take_calls();
    ensure!(calls.is_empty(), "made a function call {calls:?} as {name}");
    Ok(())
}

/// Returns whether a text that is sent as an access token arrives as a credential of the portal.
fn is_of_another_purpose(originals: &Originals, text: &str) -> bool {
    let in_cookie = text.split(';').next().unwrap_or_default();
    let mut arriving = [text.trim(), in_cookie.trim_ascii()].into_iter();
    arriving.any(|text| {
        let mut purposes = Purpose::ALL.into_iter();
        purposes.any(|purpose| originals.is_genuine(purpose, text))
    })
}

/// Returns whether a response is a 4xx that sets no cookie.
fn is_refused(response: &ApiResponse) -> bool {
    (400..500).contains(&response.status) && response.cookies.is_empty()
}

fn fits_header(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Returns whether a cookie can carry a forgery so that it still arrives as one.
///
/// A semicolon ends the cookie, and spaces around it are trimmed.
fn fits_cookie(originals: &Originals, forgery: &Forgery<'_>) -> bool {
    let arriving = forgery.text.split(';').next().unwrap_or_default();
    let purpose = forgery.original.purpose;
    fits_header(&forgery.text) && !originals.is_genuine(purpose, arriving.trim_ascii())
}

/// Returns whether a path can carry a text: dots alone are folders, and no client sends 64 KiB.
fn fits_path(text: &str) -> bool {
    !text.chars().all(|c| c == '.') && escaped(text).len() < 60_000
}

/// Escapes a text as one segment of a path.
fn escaped(text: &str) -> String {
    form(&[("", text)]).trim_start_matches('=').to_owned()
}
