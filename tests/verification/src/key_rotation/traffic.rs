//! The traffic: login requests, emails, links, codes, and sessions.

use super::copies::Copies;
use crate::key_ring::KeyRing;
use crate::nonces::{added_nonce, nonces};
use crate::outcome::Outcome;
use crate::rng::Rng;
use crate::rows::text;
use crate::tally::Tally;
use crate::{ensure, jwt, outbox};
use kit::{ADA, ApiClient, ApiResponse, Email, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The lifetime of a session, in milliseconds: short, so that keys can be removed.
pub(super) const SESSION_LIFETIME: u64 = 3_600_000;
/// The lifetime of a link, in milliseconds.
const LINK_LIFETIME: u64 = 15 * 60_000;
const CODE_LIFETIME: u64 = 10 * 60_000;
/// The time in which a redemption may be repeated, in milliseconds.
const REPEATABLE_FOR: u64 = 60_000;
/// The time until the stream delivers a record again, in milliseconds: longer than a lease.
const REDELIVERY: u64 = 31_000;

/// A login request that was accepted.
#[derive(Default)]
struct LoginRequest {
    client: usize,
    /// The stream's record of the queued email.
    record: Value,
    requested_at: u64,
    nonce: String,
    email: Option<Email>,
    /// The mailer is not done with the record, and gets it again from then on.
    is_pending: bool,
    next_delivery: u64,
    redeemed_at: Option<u64>,
    /// Another browser than the requesting one redeemed the link.
    by_stranger: bool,
    /// The key that the link was redeemed with.
    idempotency_key: Option<String>,
    /// The id of the session that the link has created.
    session: String,
}

impl LoginRequest {
    /// Returns when the link expires.
    const fn expires_at(&self) -> u64 {
        self.requested_at / 1000 * 1000 + LINK_LIFETIME
    }

    /// Returns the token in the email, or an empty string.
    fn token(&self) -> String {
        self.email.as_ref().map(Email::token).unwrap_or_default()
    }
}

struct Session {
    id: String,
    token: String,
    expires_at: u64,
}

pub(super) struct Traffic<'w> {
    pub(super) world: &'w World,
    pub(super) rng: Rng,
    pub(super) keys: KeyRing,
    pub(super) copies: Copies,
    /// A link works only in the browser that requested it.
    is_bound: bool,
    clients: Vec<ApiClient<'w>>,
    requests: Vec<LoginRequest>,
    sessions: Vec<Session>,
    cursor: Option<String>,
    pub(super) outcomes: Tally,
}

impl<'w> Traffic<'w> {
    pub(super) fn new(
        world: &'w World,
        rng: Rng,
        keys: KeyRing,
        copies: Copies,
        is_bound: bool,
    ) -> Self {
        Self {
            world,
            rng,
            keys,
            copies,
            is_bound,
            clients: (0..6).map(|_| world.client()).collect(),
            requests: vec![],
            sessions: vec![],
            cursor: None,
            outcomes: Tally::default(),
        }
    }

    /// Returns the current time in milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.world.clock.now().millis()
    }

    /// Stores the key ring in Secrets Manager.
    pub(super) fn publish_keys(&self) {
        self.world.portal.set_key_ring(Some(self.keys.value()));
    }

    /// Does one random thing.
    ///
    /// # Errors
    /// Fails if something valid is refused.
    pub(super) async fn act(&mut self) -> Result<(), String> {
        let now = self.now();
        self.requests
            .retain(|request| now + 1000 < request.expires_at());
        self.sessions.retain(|session| now < session.expires_at);
        match self.rng.below(10) {
            0 | 1 => self.request_login().await,
            2 | 3 => self.deliver().await,
            4 => self.open_link().await,
            5 | 6 => self.redeem().await,
            7 => self.enter_code().await,
            _ => self.me().await,
        }
    }

    /// Returns when the key of a token was added.
    fn key_added_at(&self, token: &str) -> u64 {
        self.keys.added_at(&jwt::key_id(token))
    }

    /// Returns whether a request succeeded; it may get a 503 only from an instance whose copy may
    /// lack a key that was added at this time.
    fn check(
        &mut self,
        request: &str,
        function: &str,
        response: &ApiResponse,
        added_at: u64,
    ) -> Result<bool, String> {
        let outcome = Outcome::of(response);
        let may_lack = self.copies.may_lack(function, added_at, self.now());
        ensure!(
            outcome == Outcome::Ok || (outcome == Outcome::Unavailable && may_lack),
            "{request}: {} {}, with a key added at {added_at}",
            response.outcome(),
            response.body
        );
        self.outcomes.count(format!("{request}: {outcome:?}"));
        Ok(outcome == Outcome::Ok)
    }

    async fn request_login(&mut self) -> Result<(), String> {
        let client = self.rng.below(self.clients.len());
        let caller = &self.clients[client];
        let before = nonces(caller);
        let response = caller.request_login(ADA).await;
        let nonce = added_nonce(&before, caller)?;
        // A login request needs no key that another instance has: it is never refused.
        ensure!(
            response.status == 200,
            "a login request: {}",
            response.outcome()
        );
        self.outcomes.count("request: Ok");
        for record in outbox::queued(self.world, &mut self.cursor)? {
            self.requests.push(LoginRequest {
                client,
                record,
                requested_at: self.now(),
                nonce: nonce.clone(),
                is_pending: true,
                ..LoginRequest::default()
            });
        }
        Ok(())
    }

    /// Delivers an email that the mailer is not done with, or lets it sweep.
    async fn deliver(&mut self) -> Result<(), String> {
        let now = self.now();
        if self.rng.one_in(4) {
            let sweep = json!({"Sweep": {}});
            self.world.portal.invoke("mailer", sweep).await?;
            self.outcomes.count("sweep");
            return self.read_inbox();
        }
        let is_due = |request: &LoginRequest| request.is_pending && request.next_delivery <= now;
        let Some(n) = self.some_request(is_due) else {
            return Ok(());
        };
        let request = &mut self.requests[n];
        let records = std::slice::from_ref(&request.record);
        let response = outbox::deliver(self.world, records).await?;
        request.next_delivery = now + REDELIVERY;
        request.is_pending = outbox::is_reported(&response, &request.record);
        let outcome = if request.is_pending {
            "reported"
        } else {
            "done"
        };
        self.outcomes.count(format!("delivery: {outcome}"));
        self.read_inbox()
    }

    /// Takes the inbox; all messages of an email must be the same.
    fn read_inbox(&mut self) -> Result<(), String> {
        for email in self.world.portal.take_inbox() {
            let email = Email::from(email);
            let link = &jwt::claims(&email.token())["jti"];
            let is_its = |request: &&mut LoginRequest| {
                text(&request.record["dynamodb"]["NewImage"], "link_id") == link
            };
            // Requests are forgotten in the last second of their link.
            let Some(request) = self.requests.iter_mut().find(is_its) else {
                continue;
            };
            let is_new = request.email.is_none();
            let first = request.email.get_or_insert_with(|| email.clone());
            ensure!(*first == email, "an email was sent again with another link");
            let name = if is_new {
                "email sent"
            } else {
                "email sent again"
            };
            self.outcomes.count(name);
        }
        Ok(())
    }

    fn some_request(&mut self, fits: impl Fn(&LoginRequest) -> bool) -> Option<usize> {
        let requests = 0..self.requests.len();
        let fitting: Vec<_> = requests.filter(|n| fits(&self.requests[*n])).collect();
        self.rng.choose(&fitting).copied()
    }

    fn some_emailed(&mut self, fits: impl Fn(&LoginRequest) -> bool) -> Option<usize> {
        self.some_request(|request| request.email.is_some() && fits(request))
    }

    async fn open_link(&mut self) -> Result<(), String> {
        let Some(n) = self.some_emailed(|_| true) else {
            return Ok(());
        };
        let request = &self.requests[n];
        let client = &self.clients[request.client];
        let session = client.session().unwrap_or_default();
        let path = request.email.as_ref().map_or("", Email::path);
        let response = client.open(path).await;
        let added_at = self.key_added_at(&request.token());
        let added_at = added_at.max(self.key_added_at(&session));
        self.check("open", "pages", &response, added_at).map(drop)
    }

    /// Redeems a link, or repeats that within a minute, in the browser that requested and redeemed
    /// it or with the same idempotency key.
    async fn redeem(&mut self) -> Result<(), String> {
        let now = self.now();
        // A repetition gets the session again only if it is live.
        let sessions = self.sessions.iter().map(|session| session.id.clone());
        let live: BTreeSet<_> = sessions.collect();
        let Some(n) = self.some_emailed(|request| {
            let is_repeatable = |at| now <= at + REPEATABLE_FOR && live.contains(&request.session);
            request.redeemed_at.is_none_or(is_repeatable)
        }) else {
            return Ok(());
        };
        let is_repetition = self.requests[n].redeemed_at.is_some();
        let may_be_stranger =
            !self.is_bound && (!is_repetition || self.requests[n].idempotency_key.is_some());
        let is_stranger = may_be_stranger && self.rng.one_in(3);
        if !is_stranger && !self.has_nonce(n) {
            return Ok(());
        }
        let request = &self.requests[n];
        let key = request.idempotency_key.clone();
        let key = key.unwrap_or_else(|| format!("attempt-{:016x}", self.rng.next_u64()));
        // The browser that requested the link can repeat its own redemption without a key.
        let sends_key = is_stranger || request.by_stranger || self.rng.one_in(2);
        let stranger = self.world.client();
        let client = if is_stranger {
            &stranger
        } else {
            &self.clients[request.client]
        };
        let token = request.token();
        let mut redeem = client.verify_link(&token);
        if sends_key {
            redeem = redeem.idempotency_key(&key);
        }
        let before = client.session().unwrap_or_default();
        let response = redeem.await;
        let after = client.session().unwrap_or_default();
        // The session that the browser had is read too: it is the one that ends.
        let added_at = self.key_added_at(&token).max(self.key_added_at(&before));
        let name = if is_repetition {
            "redeem again"
        } else {
            "redeem"
        };
        if self.check(name, "verify", &response, added_at)? {
            let request = &mut self.requests[n];
            if !is_repetition {
                request.redeemed_at = Some(now);
                request.by_stranger = is_stranger;
                request.idempotency_key = sends_key.then_some(key);
                self.end_session(&before);
            }
            self.take_session(n, after)?;
        }
        Ok(())
    }

    /// Enters a code in the browser that requested it.
    async fn enter_code(&mut self) -> Result<(), String> {
        let now = self.now();
        let works = |request: &LoginRequest| {
            request.redeemed_at.is_none() && now < request.requested_at + CODE_LIFETIME
        };
        let Some(n) = self.some_emailed(works) else {
            return Ok(());
        };
        if !self.has_nonce(n) {
            return Ok(());
        }
        let request = &self.requests[n];
        let client = &self.clients[request.client];
        let before = client.session().unwrap_or_default();
        let code = request.email.as_ref().map_or("", |email| &email.code);
        let response = client.verify_code(code).await;
        let after = client.session().unwrap_or_default();
        // A code does not name its key: a stale copy refuses any key that it lacks.
        if self.check("code", "verify", &response, u64::MAX)? {
            self.requests[n].redeemed_at = Some(self.now());
            self.end_session(&before);
            self.take_session(n, after)?;
        }
        Ok(())
    }

    fn end_session(&mut self, token: &str) {
        let ended = jwt::session_id(token);
        self.sessions.retain(|session| session.id != ended);
    }

    /// Keeps the session that a link has created.
    fn take_session(&mut self, request: usize, token: String) -> Result<(), String> {
        let id = jwt::session_id(&token);
        let expires_at = jwt::claims(&token)["exp"].as_u64().unwrap_or_default() * 1000;
        ensure!(
            expires_at <= self.now() + SESSION_LIFETIME,
            "a session lives for more than an hour"
        );
        self.requests[request].session.clone_from(&id);
        self.sessions.push(Session {
            id,
            token,
            expires_at,
        });
        Ok(())
    }

    /// Reads a session, every second time the newest one.
    async fn me(&mut self) -> Result<(), String> {
        let Some(newest) = self.sessions.len().checked_sub(1) else {
            return Ok(());
        };
        let is_newest = self.rng.one_in(2);
        let n = if is_newest {
            newest
        } else {
            self.rng.below(newest + 1)
        };
        self.check_session(n).await
    }

    async fn check_session(&mut self, n: usize) -> Result<(), String> {
        let token = &self.sessions[n].token;
        let added_at = self.key_added_at(token);
        let response = self.me_with(token).await;
        self.check("me", "me", &response, added_at).map(drop)
    }

    async fn me_with(&self, token: &str) -> ApiResponse {
        let client = self.world.client();
        client.set_session(Some(token));
        client.me().await
    }

    /// Checks that every session is accepted that has not expired.
    ///
    /// # Errors
    /// Fails with the first response that refuses one.
    pub(super) async fn check_all_sessions(&mut self) -> Result<(), String> {
        let now = self.now();
        self.sessions.retain(|session| now < session.expires_at);
        for n in 0..self.sessions.len() {
            self.check_session(n).await?;
        }
        Ok(())
    }

    /// Returns the key that has signed most of the sessions.
    pub(super) fn busiest_key(&self) -> Option<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for session in &self.sessions {
            *counts.entry(jwt::key_id(&session.token)).or_default() += 1;
        }
        let busiest = counts.into_iter().max_by_key(|(_, count)| *count);
        busiest.map(|(kid, _)| kid)
    }

    /// Checks that every instance refuses all tokens of a removed key and no others.
    ///
    /// # Errors
    /// Fails with the first response that is wrong.
    pub(super) async fn check_removed_key(&mut self, removed: &str) -> Result<(), String> {
        let now = self.now();
        let name = "refused after its key was removed";
        let sessions = self.sessions.iter();
        for session in sessions.filter(|session| now < session.expires_at) {
            let is_removed = jwt::key_id(&session.token) == removed;
            // Often enough to reach every instance.
            for _ in 0..8 {
                let response = self.me_with(&session.token).await;
                ensure!(
                    response.status == if is_removed { 401 } else { 200 },
                    "key {removed} was removed; a session of key {}: {}",
                    jwt::key_id(&session.token),
                    response.outcome()
                );
            }
            self.outcomes.count_by(name, usize::from(is_removed));
        }
        for request in &self.requests {
            let token = request.token();
            let is_fresh = request.redeemed_at.is_none() && now < request.expires_at();
            if is_fresh && jwt::key_id(&token) == removed {
                let response = self.world.client().verify_link(&token).await;
                ensure!(
                    response.problem() == "invalid-token",
                    "key {removed} was removed; a link of it: {}",
                    response.outcome()
                );
                self.outcomes.count(name);
            }
        }
        Ok(())
    }

    /// Returns whether the client still has the nonce: it keeps the newest three.
    fn has_nonce(&self, request: usize) -> bool {
        let request = &self.requests[request];
        nonces(&self.clients[request.client]).contains(&request.nonce)
    }
}
