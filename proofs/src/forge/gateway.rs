//! Forgeries over HTTP, with everything else that the owner would send.

use super::mutations::{Forgery, is_genuine};
use super::originals::{Originals, Purpose};
use crate::race::redeems::{ASK, SESSION};
use reqwest::Method;
use serde_json::json;
use tests::{Answer, World};

/// How many requests go by between two looks at what the tables hold.
const BETWEEN_LOOKS: u64 = 500;

/// How many were sent, by what they were sent as.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) me: u64,
    pub(super) logout: u64,
    pub(super) verify: u64,
    pub(super) page: u64,
}

impl Sent {
    pub(super) const fn all(&self) -> u64 {
        self.me + self.logout + self.verify + self.page
    }
}

/// Watches that nothing is written and no store is asked.
pub(super) struct Watch {
    before: String,
    requests: u64,
}

impl Watch {
    pub(super) fn new(world: &World) -> Self {
        world.portal.take_calls();
        Self {
            before: world.everything(),
            requests: 0,
        }
    }

    /// One more request: no function has called the store; now and then also the tables are
    /// compared.
    pub(super) fn look(&mut self, world: &World) -> Result<(), String> {
        if let Some(call) = world.portal.take_calls().first() {
            return Err(format!("made {} call {}", call.function, call.operation));
        }
        self.requests += 1;
        if self.requests.is_multiple_of(BETWEEN_LOOKS) {
            self.look_now(world)
        } else {
            Ok(())
        }
    }

    pub(super) fn look_now(&self, world: &World) -> Result<(), String> {
        if world.everything() == self.before {
            return Ok(());
        }
        Err(format!(
            "or one of the {BETWEEN_LOOKS} before it changed the tables"
        ))
    }
}

/// Sends it in one of the ways that its purpose has, by its number.
pub(super) async fn send(
    originals: &Originals,
    forgery: &Forgery<'_>,
    sent: &mut Sent,
    number: u64,
) -> Result<(), String> {
    let (text, ticket) = (forgery.text.as_str(), &forgery.from.ticket);
    let browser = originals.world.browser();
    let by_cookie = fits_a_cookie(originals, forgery);
    let json = |body: serde_json::Value| {
        (
            browser.request(Method::POST, "/auth/verify"),
            body.to_string(),
        )
    };
    match (forgery.from.purpose, number % 3) {
        (Purpose::Session, 0)
            if is_header(text) && !is_genuine(originals, Purpose::Session, text.trim()) =>
        {
            sent.me += 1;
            let request = browser
                .bare(Method::GET, "/auth/me")
                .header("authorization", format!("Bearer {text}"));
            refused(&browser.send(request).await)
        }
        (Purpose::Session, 1) if by_cookie => {
            sent.me += 1;
            browser.set_cookie(SESSION, Some(text));
            refused(&browser.me().await)
        }
        (Purpose::Session, 2) if by_cookie => {
            sent.logout += 1;
            browser.set_cookie(SESSION, Some(text));
            let answer = browser.post("/auth/logout", json!({})).await;
            // Who is not signed in is signed out already.
            if answer.status == 200 {
                Ok(())
            } else {
                refused(&answer)
            }
        }
        (Purpose::Link, 0) if fits_a_path(text) => {
            sent.page += 1;
            browser.set_cookie(ASK, Some(&ticket.nonce));
            let answer = browser
                .get(&format!("/auth/verify/{}", escaped(text)))
                .await;
            let led_away =
                answer.status == 303 && answer.location().contains("error=invalid_token");
            if led_away { Ok(()) } else { refused(&answer) }
        }
        (Purpose::Link, _) => {
            sent.verify += 1;
            browser.set_cookie(ASK, Some(&ticket.nonce));
            let (request, body) =
                json(json!({"token": text, "idempotency_key": "a-page-of-the-forger"}));
            refused(
                &browser
                    .send(
                        request
                            .header("content-type", "application/json")
                            .body(body),
                    )
                    .await,
            )
        }
        (Purpose::Nonce, 0 | 1) if by_cookie => {
            sent.verify += 1;
            browser.set_cookie(ASK, Some(text));
            let (request, body) = json(json!({"code": ticket.code}));
            refused(
                &browser
                    .send(
                        request
                            .header("content-type", "application/json")
                            .body(body),
                    )
                    .await,
            )
        }
        (Purpose::Nonce, 2) => {
            sent.verify += 1;
            let (request, body) =
                json(json!({"request": text, "code": ticket.code, "transport": "bearer"}));
            refused(
                &browser
                    .send(
                        request
                            .header("content-type", "application/json")
                            .body(body),
                    )
                    .await,
            )
        }
        _ => Ok(()),
    }
}

/// A 4xx that gives nothing.
fn refused(answer: &Answer) -> Result<(), String> {
    if answer.status.is_client_error() && answer.cookies.is_empty() {
        return Ok(());
    }
    Err(format!(
        "was answered {} {} {}",
        answer.status,
        answer.location(),
        answer.body
    ))
}

/// Whether a header can hold it at all.
fn is_header(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// Whether a cookie can hold it, and what arrives is still a forgery: a semicolon ends it, and
/// space around it is none of it.
fn fits_a_cookie(originals: &Originals, forgery: &Forgery<'_>) -> bool {
    let arriving = forgery
        .text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    is_header(&forgery.text) && !is_genuine(originals, forgery.from.purpose, arriving)
}

/// Whether a path can hold it: dots alone are folders, and no client sends 64 KiB.
fn fits_a_path(text: &str) -> bool {
    !text.chars().all(|c| c == '.') && escaped(text).len() < 60_000
}

/// As one segment of a path.
fn escaped(text: &str) -> String {
    tests::form(&[("", text)])
        .trim_start_matches('=')
        .to_owned()
}
