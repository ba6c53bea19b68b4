//! Steps that redeem sign-in links.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::link_reading::Sent;
use super::model::Redemption;
use super::portal::PortalUnderTest;
use super::sign_in_checks::SignedIn;
use crate::ensure;
use crate::outcome::{Outcome, detail};
use kit::ApiResponse;
use shared::domain::link::IdempotencyKey;

/// A redemption that is about to be sent.
pub(super) struct RedeemRequest {
    pub(super) link: usize,
    pub(super) client: usize,
    pub(super) idempotency_key: Option<String>,
    pub(super) code: Option<String>,
    pub(super) is_form: bool,
    pub(super) marks: Vec<String>,
    pub(super) sent: Sent,
}

/// The result that a redemption must have, and the attempts that are left after a wrong code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) result: Redemption,
    pub(super) attempts_left: Option<u64>,
}

impl From<Redemption> for Expected {
    fn from(result: Redemption) -> Self {
        Self {
            result,
            attempts_left: None,
        }
    }
}

impl Expected {
    /// Returns the result of a wrong code.
    pub(super) const fn wrong_code(attempts_left: u64) -> Self {
        Self {
            result: Redemption::Invalid,
            attempts_left: Some(attempts_left),
        }
    }
}

impl PortalUnderTest<'_> {
    /// Somebody redeems a link: with or without the key of a page, a code, the right browser.
    pub(super) async fn redeem(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let client = self.some_client(env, self.model.links[link].client);
        let request = self.some_redeem_request(env, link, client);
        let response = self.send_redeem(&request).await;
        let expected = self.expect_redeem(&request);
        let is_redeemed = self.read_link(link, &[&request.sent])?;
        let detail = format!(
            "link {link} client {client} key {} form {}",
            request.idempotency_key.as_deref().unwrap_or("-"),
            request.is_form
        );
        // It was redeemed, the responses of the store were lost, and neither a nonce nor a key
        // shows whose redemption it was.
        if is_redeemed
            && expected.result == Redemption::New
            && env.may_fail()
            && Outcome::of(&response) == Outcome::UsedToken
        {
            return done(detail, "UsedToken by itself");
        }
        if request.code.is_some() && self.is_code_lost(env, link, &request.marks, &response) {
            ensure!(!is_redeemed, "a refused code has redeemed a link");
            return done(detail, "code counted twice");
        }
        ensure!(
            !is_redeemed || expected.result == Redemption::New,
            "link {link} was redeemed, and must be {expected:?}"
        );
        let is_certain = self.check_result(env, expected, &response)?;
        if !is_certain || !expected.result.succeeds() {
            return responded(detail, &response);
        }
        self.check_redeemer(&request, &response)?;
        done(detail, format!("{:?}", expected.result))
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
        RedeemRequest {
            link,
            client,
            idempotency_key,
            code,
            is_form,
            marks: caller.marks(self.name),
            sent: self.some_session(env, client),
        }
    }

    /// Chooses the session that a client sends to be replaced: a browser always sends its own.
    pub(super) fn some_session(&self, env: &mut Environment, client: usize) -> Sent {
        let caller = &self.clients[client];
        let sends_session = !caller.is_program || env.rng.one_in(2);
        Sent {
            session: caller.session().filter(|_| sends_session),
            password: None,
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
            redeem = client.as_program(redeem, request.sent.session.as_deref());
            if let Some(nonce) = &client.request {
                redeem = redeem.login_request(nonce);
            }
        }
        redeem.await
    }

    /// Returns the result that a redemption must have now, and counts the code if it has one.
    pub(super) fn expect_redeem(&mut self, request: &RedeemRequest) -> Expected {
        let now = self.now();
        let is_requester = self.is_requester(request.client, request.link);
        if !self.model.links[request.link].is_for("sign-in") {
            return Redemption::Invalid.into();
        }
        match (self.model.rules.other_browser, &request.code) {
            _ if is_requester => {}
            ("off", _) | ("code", None) => return Redemption::Invalid.into(),
            ("code", Some(code)) => {
                let tried = self.try_code(&[request.link], &request.marks, code, false);
                if tried.found.is_none() {
                    self.count_code_failure(tried.address);
                    return Expected::wrong_code(tried.left);
                }
            }
            _ => {}
        }
        let key_hash = key_hash(request.idempotency_key.as_deref());
        self.model
            .redeem(request.link, is_requester, key_hash.as_deref(), now)
            .into()
    }

    /// Compares a response with the result that a link must have; returns `false` if it is a 503
    /// that faults explain.
    pub(super) fn check_result(
        &self,
        env: &Environment,
        expected: Expected,
        response: &ApiResponse,
    ) -> Result<bool, String> {
        let outcome = match expected.result {
            Redemption::New | Redemption::Repeat => Outcome::Ok,
            Redemption::Invalid => Outcome::InvalidToken,
            Redemption::Expired => Outcome::ExpiredToken,
            Redemption::Used => Outcome::UsedToken,
        };
        let is_certain = env.check(&format!("redeeming ({expected:?})"), response, outcome)?;
        let left = detail(response, "attempts_left");
        ensure!(
            !is_certain || env.may_fail() || left == expected.attempts_left,
            "{left:?} attempts are left, expected {expected:?}"
        );
        Ok(is_certain)
    }

    /// Checks the response to a client that a link has signed in.
    pub(super) fn check_redeemer(
        &mut self,
        request: &RedeemRequest,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let link = &self.model.links[request.link];
        let session = link.used.as_ref().and_then(|used| used.session);
        let signed_in = SignedIn {
            client: request.client,
            session: session.ok_or("somebody was signed in by a link that is unused")?,
            is_form: request.is_form,
            has_next: link.has_next && self.is_requester(request.client, request.link),
            marks: &request.marks,
        };
        self.check_sign_in(&signed_in, response)
    }
}

/// Returns the hash of an idempotency key, as the row of a link has it.
pub(super) fn key_hash(key: Option<&str>) -> Option<String> {
    let key = IdempotencyKey::parse(key?).ok()?;
    Some(key.hash().to_string())
}

pub(super) fn random_code(env: &mut Environment) -> String {
    format!("{:08}", env.rng.below(100_000_000))
}
