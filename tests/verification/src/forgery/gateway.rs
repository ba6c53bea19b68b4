//! Forgeries over HTTP, with everything else that the owner would send.

use super::forger::Forgery;
use super::originals::{Originals, Purpose};
use crate::ensure;
use crate::tally::Tally;
use kit::{ApiResponse, World, form, routes};

/// The number of requests between two comparisons of the tables.
const COMPARE_EVERY: u64 = 500;

/// Checks that no function calls the store and that nothing is written.
pub(super) struct StoreMonitor {
    before: String,
    requests: u64,
}

impl StoreMonitor {
    pub(super) fn new(world: &World) -> Self {
        world.portal.take_calls();
        Self {
            before: world.snapshot(),
            requests: 0,
        }
    }

    /// Checks the calls of a request; compares the tables from time to time.
    pub(super) fn check(&mut self, world: &World) -> Result<(), String> {
        if let Some(call) = world.portal.take_calls().first() {
            return Err(format!("made {} call {}", call.function, call.operation));
        }
        self.requests += 1;
        if self.requests.is_multiple_of(COMPARE_EVERY) {
            return self.compare(world);
        }
        Ok(())
    }

    /// Compares the tables with those before.
    pub(super) fn compare(&self, world: &World) -> Result<(), String> {
        ensure!(
            world.snapshot() == self.before,
            "or one of the {COMPARE_EVERY} before it changed the tables"
        );
        Ok(())
    }
}

/// Sends a forgery in one of the ways that its purpose has, and counts it if it can be sent.
///
/// # Errors
/// Fails if the response is not a refusal.
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
            response.location().contains("error=invalid_token")
        }
        _ => is_refused(&response),
    };
    ensure!(
        is_right,
        "got {} as {name}: {}",
        response.outcome(),
        response.body
    );
    Ok(())
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
