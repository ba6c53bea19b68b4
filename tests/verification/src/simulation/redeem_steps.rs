//! Opened links, redeemed links and entered codes.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::model::{Link, Redemption, Session, Use};
use super::portal::{NEXT, PortalUnderTest};
use crate::outcome::Outcome;
use crate::rows::{number, text};
use crate::{ensure, jwt};
use kit::{ApiResponse, routes};
use serde_json::json;
use shared::domain::ids::LinkId;
use shared::domain::link::IdempotencyKey;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::SessionId;
use shared::domain::time::Timestamp;
use shared::domain::user::Status;

/// The time for which a code works by itself, in milliseconds.
const CODE_LIFETIME: u64 = 10 * 60_000;

/// A redemption that is about to be sent.
pub(super) struct RedeemRequest {
    pub(super) link: usize,
    pub(super) client: usize,
    pub(super) idempotency_key: Option<String>,
    pub(super) code: Option<String>,
    pub(super) is_form: bool,
    /// The session token that is sent with it.
    pub(super) session: Option<String>,
}

impl RedeemRequest {
    /// Returns the hash of the idempotency key, as the link's row has it.
    fn key_hash(&self) -> Option<String> {
        let key = IdempotencyKey::parse(self.idempotency_key.as_deref()?).ok()?;
        Some(key.hash().to_string())
    }
}

/// A redemption that was sent, by link or by code.
struct Redeem {
    client: usize,
    is_form: bool,
    /// The link that must be redeemed, if there is one.
    link: Option<usize>,
    expected: Redemption,
    /// The link that was redeemed, as its row says.
    redeemed: Option<usize>,
}

impl PortalUnderTest<'_> {
    /// Somebody opens a link and gets its page, or is redirected if it has signed them in.
    pub(super) async fn open_link(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        if self.model.links[link].is_activation() {
            return skipped("a link that sets a first password");
        }
        let client = self.some_client(env, self.model.links[link].client);
        let known = &self.model.links[link];
        let email = known.email.as_ref().ok_or("the link was not emailed")?;
        let caller = &self.clients[client];
        let response = caller.api.open(email.path()).await;

        let is_requester = self.is_requester(client, link) && !caller.is_program;
        let session = caller.api.session();
        let session = self.replaceable(session.as_deref());
        let has_signed_in =
            session.is_some() && known.used.as_ref().map(|used| used.session) == session;
        let is_expired = known
            .claim
            .as_ref()
            .is_none_or(|claim| claim.expires_at <= self.now());
        let expected = if is_expired && !has_signed_in {
            Outcome::ExpiredToken
        } else {
            Outcome::Ok
        };
        let detail = format!("link {link} client {client}");
        if !env.check("opening a link", &response, expected)? || expected != Outcome::Ok {
            return responded(detail, &response);
        }
        if has_signed_in {
            ensure!(response.status == 303, "signed in, and got a page");
            self.check_landing(link, is_requester, &response)?;
            return done(detail, "redirected");
        }
        let key = response.field("idempotency_key");
        let is_usable = is_requester || self.model.rules.other_browser != "off";
        ensure!(
            (response.field("token") == email.token()) == is_usable && key.is_empty() != is_usable,
            "the page has the token {} and the key {key}",
            response.field("token")
        );
        if is_usable {
            self.model.links[link].page_keys.push(key);
        }
        done(detail, "page")
    }

    /// Somebody redeems a link: with or without the key of a page, a code, the right browser.
    pub(super) async fn redeem(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let client = self.some_client(env, self.model.links[link].client);
        let request = self.some_redeem_request(env, link, client);
        let response = self.send_redeem(&request).await;
        let expected = self.expect_redeem(&request);
        let session = request.session.as_deref();
        let is_redeemed = self.read_link(env, link, &[session])?;
        let detail = format!(
            "link {link} client {client} key {} form {}",
            request.idempotency_key.as_deref().unwrap_or("-"),
            request.is_form
        );
        // It was redeemed, the responses of the store were lost, and neither a nonce nor a key
        // shows whose redemption it was.
        if is_redeemed
            && expected == Redemption::NewSession
            && env.may_fail()
            && Outcome::of(&response) == Outcome::UsedToken
        {
            return done(detail, "UsedToken by itself");
        }
        let redeem = Redeem {
            client,
            is_form: request.is_form,
            link: Some(link),
            expected,
            redeemed: is_redeemed.then_some(link),
        };
        self.check_redeem(env, &redeem, &response, detail)
    }

    /// Chooses the data that somebody sends to redeem a link.
    pub(super) fn some_redeem_request(
        &self,
        env: &mut Environment,
        link: usize,
        client: usize,
    ) -> RedeemRequest {
        let known = &self.model.links[link];
        let rng = &mut env.rng;
        let idempotency_key = match rng.below(4) {
            0 if !known.page_keys.is_empty() => Some(rng.pick(&known.page_keys).clone()),
            1 => known.page_keys.last().cloned(),
            2 => Some(format!("attempt-{:016x}", rng.next_u64())),
            _ => None,
        };
        let code = match rng.below(6) {
            0 => Some(random_code(env)),
            1 | 2 => None,
            _ => known.code().map(str::to_owned),
        };
        let caller = &self.clients[client];
        let is_form = env.rng.one_in(4) && !caller.is_program;
        // A browser always sends its session; a program may.
        let sends_session = !caller.is_program || env.rng.one_in(2);
        RedeemRequest {
            link,
            client,
            idempotency_key,
            code,
            is_form,
            session: caller.session().filter(|_| sends_session),
        }
    }

    pub(super) async fn send_redeem(&self, request: &RedeemRequest) -> ApiResponse {
        let client = &self.clients[request.client];
        let token = self.model.links[request.link].token();
        let mut redeem = client.api.verify_link(&token);
        if let Some(key) = &request.idempotency_key {
            redeem = redeem.idempotency_key(key);
        }
        if let Some(code) = &request.code {
            redeem = redeem.code(code);
        }
        if request.is_form {
            redeem = redeem.form();
        }
        if client.is_program {
            redeem = redeem.bearer_transport();
            if let Some(nonce) = &client.request {
                redeem = redeem.login_request(nonce);
            }
            if let Some(session) = &request.session {
                redeem = redeem.bearer_token(session);
            }
        }
        redeem.await
    }

    /// Returns the result that a redemption must have now, and counts the code if it has one.
    pub(super) fn expect_redeem(&mut self, request: &RedeemRequest) -> Redemption {
        let now = self.now();
        let is_requester = self.is_requester(request.client, request.link);
        let link = &mut self.model.links[request.link];
        if link.is_activation() {
            return Redemption::Invalid;
        }
        let limit = self.model.rules.code_attempts;
        match (self.model.rules.other_browser, &request.code) {
            _ if is_requester => {}
            ("off", _) | ("code", None) => return Redemption::Invalid,
            ("code", Some(code)) if link.try_code(code, limit) != Some(true) => {
                return Redemption::Invalid;
            }
            _ => {}
        }
        let key_hash = request.key_hash();
        self.model
            .redeem(request.link, is_requester, key_hash.as_deref(), now)
    }

    /// Checks the response to a redemption, and that it redeemed only the link it was for.
    fn check_redeem(
        &mut self,
        env: &Environment,
        redeem: &Redeem,
        response: &ApiResponse,
        detail: String,
    ) -> StepResult {
        let Redeem {
            link,
            expected,
            redeemed,
            ..
        } = *redeem;
        ensure!(
            redeemed.is_none() || (redeemed == link && expected == Redemption::NewSession),
            "link {redeemed:?} was redeemed, and {link:?} must be {expected:?}"
        );
        let outcome = match expected {
            Redemption::NewSession | Redemption::SameSession => Outcome::Ok,
            Redemption::Invalid => Outcome::InvalidToken,
            Redemption::Expired => Outcome::ExpiredToken,
            Redemption::Used => Outcome::UsedToken,
        };
        let request = format!("redeeming ({expected:?})");
        let is_certain = env.check(&request, response, outcome)?;
        let (true, true, Some(link)) = (is_certain, expected.signs_in(), link) else {
            return responded(detail, response);
        };
        ensure!(
            redeemed.is_some() || expected == Redemption::SameSession,
            "somebody was signed in by a link that is unused"
        );
        self.check_sign_in(redeem.client, link, redeem.is_form, response)?;
        done(detail, format!("{expected:?}"))
    }

    /// Checks the response to a client that a link has signed in, and keeps its session token.
    pub(super) fn check_sign_in(
        &mut self,
        client: usize,
        link: usize,
        is_form: bool,
        response: &ApiResponse,
    ) -> Result<(), String> {
        if is_form {
            self.check_landing(link, self.is_requester(client, link), response)?;
        }
        let used = self.model.links[link].used.as_ref();
        let used = used.ok_or("somebody was signed in by a link that is unused")?;
        let session = &mut self.model.sessions[used.session];
        let email = &self.model.people[session.person].address;
        let body = response.json();
        if !is_form {
            let expires_at = Timestamp::from_millis(session.expires_at).rfc3339();
            ensure!(
                body["user"] == json!({"id": session.user, "email": email})
                    && body["session"]["expires_at"] == expires_at.as_str(),
                "signed in as {body}, not as {email} until {expires_at}"
            );
        }
        let caller = &mut self.clients[client];
        let token = if caller.is_program {
            body["session"]["token"].as_str().map(str::to_owned)
        } else {
            caller.api.session()
        };
        let token = token.ok_or("signed in without a session")?;
        let claims = jwt::claims(&token);
        let id = SessionId::parse(&jwt::session_id(&token)).ok_or("a session without an id")?;
        ensure!(
            id.hash().to_string() == session.hash
                && claims["sub"] == session.user.as_str()
                && claims["exp"] == session.expires_at / 1000,
            "the token has the claims {claims}, not those of {session:?}"
        );
        if !session.tokens.contains(&token) {
            session.tokens.push(token.clone());
        }
        if caller.is_program {
            caller.token = Some(token);
        }
        Ok(())
    }

    /// Checks where a client is redirected that a link has signed in.
    fn check_landing(
        &self,
        link: usize,
        is_requester: bool,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let has_next = self.model.links[link].has_next && is_requester;
        let path = if has_next { NEXT } else { routes::SIGNED_IN };
        let landing = format!("{}{path}", self.world.portal.public_url());
        let location = response.location();
        ensure!(
            location == landing,
            "redirected to {location}, not {landing}"
        );
        Ok(())
    }

    /// Somebody enters a code: of their own email, an older one or somebody else's, or a wrong one.
    pub(super) async fn enter_code(&mut self, env: &mut Environment) -> StepResult {
        let client = env.rng.below(self.clients.len());
        let nonces = self.clients[client].nonces();
        let links = &self.model.links;
        let requested_with = |nonce: &String| {
            links
                .iter()
                .rposition(|link| link.nonce.as_ref() == Some(nonce))
        };
        let own: Vec<usize> = nonces.iter().filter_map(requested_with).collect();
        let mut emailed = own.clone();
        emailed.retain(|link| links[*link].email.is_some());
        let link = match env.rng.below(6) {
            0 => None,
            1 => self.some_link(env),
            _ => env.rng.choose(&emailed).copied(),
        };
        let code = link.and_then(|link| links[link].code());
        let code = code.map_or_else(|| random_code(env), str::to_owned);

        let caller = &self.clients[client];
        let session = caller.api.session();
        let is_form = !caller.is_program && env.rng.one_in(4);
        let mut request = caller.api.verify_code(&code);
        if caller.is_program {
            let nonce = nonces.first().map_or("none", String::as_str);
            request = request.bearer_transport().login_request(nonce);
        } else if is_form {
            request = request.form();
        }
        if env.rng.one_in(8) {
            let malformed = *env.rng.pick(&["", " ", "1234-567", "123456789", "code"]);
            let before = self.world.snapshot();
            let response = request.code(malformed).await;
            let is_unchanged = env.may_fail() || self.world.snapshot() == before;
            ensure!(is_unchanged, "a malformed code was counted");
            let detail = format!("client {client} malformed {malformed:?}");
            env.check("a malformed code", &response, Outcome::InvalidRequest)?;
            return responded(detail, &response);
        }
        let response = request.await;

        let found = self.expect_code(&own, &code);
        let expected = found.map_or(Redemption::Invalid, |link| {
            self.model.redeem(link, true, None, self.now())
        });
        let mut redeemed = None;
        for link in &own {
            if self.read_link(env, *link, &[session.as_deref()])? {
                ensure!(redeemed.is_none(), "a code has redeemed two links");
                redeemed = Some(*link);
            }
        }
        let detail = format!("client {client} links {own:?} found {found:?}");
        // A code says neither that a link has expired nor that it was used.
        let expected = match expected {
            expected if expected.signs_in() => expected,
            _ => Redemption::Invalid,
        };
        let redeem = Redeem {
            client,
            is_form,
            link: found,
            expected,
            redeemed,
        };
        self.check_redeem(env, &redeem, &response, detail)
    }

    /// Returns the link that a code is for, among those that its browser has requested.
    ///
    /// Counts the code for each of them that has attempts left.
    fn expect_code(&mut self, links: &[usize], code: &str) -> Option<usize> {
        let limit = self.model.rules.code_attempts;
        let now = self.now();
        let mut found = None;
        for link in links {
            let known = &mut self.model.links[*link];
            let is_fresh = now < known.requested_at + CODE_LIFETIME;
            if known.try_code(code, limit) == Some(true) && is_fresh {
                found = Some(*link);
            }
        }
        found
    }

    /// Compares the rows of a link and its session with the model; returns whether the link has
    /// been used since, by a client that sent one of these session tokens.
    ///
    /// Under faults, also reads how many codes were counted.
    ///
    /// # Errors
    /// Fails if a link is used without a session or unused again, or if the session is wrong.
    pub(super) fn read_link(
        &mut self,
        env: &Environment,
        link: usize,
        sent_sessions: &[Option<&str>],
    ) -> Result<bool, String> {
        if env.may_fail() {
            self.model.links[link].code_attempts = self.counted_codes(&self.model.links[link]);
        }
        let known = &self.model.links[link];
        let Some(claim) = known.claim.as_ref().filter(|_| !known.is_gone) else {
            return Ok(false);
        };
        let row = self.row("links", &known.id, None);
        let row = row.ok_or_else(|| format!("the row of link {link} is gone"))?;
        let used_at = number(&row, "used_at");
        if let Some(used) = &known.used {
            ensure!(
                used_at == Some(used.at),
                "link {link} was {used:?}, and is used at {used_at:?}"
            );
            return Ok(false);
        }
        let ring = self.world.key_ring();
        let key = ring.get(&claim.kid).ok_or("a link of an unknown key")?;
        let id = LinkId::parse(&known.id).ok_or("a link without an id")?;
        let hash = key.session_id(&id).hash().to_string();
        let session_row = self.row("sessions", &claim.user, Some(&hash));
        let (at, session_row) = match (used_at, session_row) {
            (None, None) => return Ok(false),
            (Some(at), Some(session)) => (at, session),
            (at, session) => {
                return Err(format!(
                    "link {link} is used at {at:?}, with session {session:?}"
                ));
            }
        };
        let expires_at = (at + self.model.rules.session_lifetime) / 1000 * 1000;
        let expected = [claim.epoch, at, expires_at / 1000].map(Some);
        let found = ["epoch", "created_at", "expires_at"].map(|name| number(&session_row, name));
        ensure!(
            at == self.now() && found == expected,
            "link {link}, used at {at}, has created {session_row}"
        );
        let session = Session {
            person: known.person,
            user: claim.user.clone(),
            epoch: claim.epoch,
            hash,
            expires_at,
            ..Session::default()
        };
        self.check_replaced(&session.hash, sent_sessions)?;
        if let Some(user) = &mut self.model.people[session.person].user {
            user.status = Status::Active;
        }
        let key_hash = row["idempotency_key"]["S"].as_str().map(str::to_owned);
        self.model.links[link].used = Some(Use {
            at,
            key_hash,
            session: self.model.sessions.len(),
        });
        self.model.sessions.push(session);
        Ok(true)
    }

    /// Returns the session that a sign-in with this token replaces, if it has not expired.
    fn replaceable(&self, token: Option<&str>) -> Option<usize> {
        let session = self.model.session_of(token?)?;
        (self.model.sessions[session].expires_at > self.now()).then_some(session)
    }

    /// Checks that a new session has replaced the one that its client sent, as the audit says.
    fn check_replaced(&mut self, hash: &str, sent: &[Option<&str>]) -> Result<(), String> {
        let logins = self.world.audit(&format!("{}.login", self.name));
        let login = logins.iter().find(|row| text(row, "resource_id") == hash);
        let login = login.ok_or("the audit lacks a session")?;
        let audited = login["metadata"]["M"]["replaced"]["S"].as_str();
        let hash_of = |session: usize| self.model.sessions[session].hash.as_str();
        let mut replaceable = sent.iter().map(|token| self.replaceable(*token));
        let replaced = replaceable
            .find(|session| session.map(hash_of) == audited)
            .ok_or_else(|| format!("a session has replaced {audited:?}, not one of {sent:?}"))?;
        let Some(replaced) = replaced else {
            return Ok(());
        };
        let known = &mut self.model.sessions[replaced];
        if !known.ended && !known.is_gone {
            known.ended = true;
            known.replaced = true;
        }
        ensure!(
            !self.has_row(replaced),
            "session {replaced} was replaced, and has its row"
        );
        Ok(())
    }

    /// Returns the number of codes that were counted for a link.
    fn counted_codes(&self, link: &Link) -> u64 {
        let limit = RateLimit {
            scope: RateLimitScope::Code,
            key: self.world.key_ring().keyed_hash(&["code", &link.id]),
            window: Window::Series {
                number: 0,
                ends_at: Timestamp::from_millis(link.requested_at),
            },
            limit: 0,
        };
        let key = limit.item_key(self.world.clock.now());
        let row = self.row("rate-limits", &key, None);
        row.and_then(|row| number(&row, "count"))
            .unwrap_or_default()
    }
}

fn random_code(env: &mut Environment) -> String {
    format!("{:08}", env.rng.below(100_000_000))
}
