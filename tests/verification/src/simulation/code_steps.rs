//! Steps that enter emailed codes.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::model::Redemption;
use super::portal::PortalUnderTest;
use super::redeem_steps::{Expected, random_code};
use super::sign_in_checks::SignedIn;
use crate::ensure;
use crate::outcome::Outcome;
use kit::{ApiRequest, ApiResponse};

/// The time for which a code works by itself, in milliseconds.
const CODE_LIFETIME: u64 = 10 * 60_000;

/// The outcome of an entered code.
pub(super) struct Tried {
    /// The link that it belongs to, if that one still allows an attempt.
    pub(super) found: Option<usize>,
    /// The attempts that are left, for whichever link allows most.
    pub(super) left: u64,
    /// The person whose address the first of the links has.
    pub(super) address: Option<usize>,
}

impl PortalUnderTest<'_> {
    /// Somebody enters a code: of their own email, an older one or somebody else's, or a wrong one.
    pub(super) async fn enter_code(&mut self, env: &mut Environment) -> StepResult {
        let client = env.rng.below(self.clients.len());
        let own = self.own_links(client)?;
        let code = self.some_code(env, &own);
        self.send_code(env, client, &code).await
    }

    /// Somebody who waits for a code guesses some, and then enters the right one.
    pub(super) async fn guess_codes(&mut self, env: &mut Environment) -> StepResult {
        let clients = 0..self.clients.len();
        let mut waiting: Vec<_> = clients
            .filter_map(|client| Some((client, self.right_code(client)?)))
            .collect();
        waiting.retain(|(client, _)| !self.clients[*client].is_program || env.rng.one_in(2));
        let Some((client, right)) = env.rng.choose(&waiting).cloned() else {
            return skipped("no code");
        };
        for _ in 0..env.rng.below(8) {
            let wrong = random_code(env);
            self.send_code(env, client, &wrong).await?;
            self.end_step(env.may_fail());
        }
        self.send_code(env, client, &right).await
    }

    /// Returns the links that a client has requested.
    fn own_links(&self, client: usize) -> Result<Vec<usize>, String> {
        let nonces = self.clients[client].nonces();
        let links = &self.model.links;
        let requested_with = |nonce: &String| {
            links
                .iter()
                .rposition(|link| link.nonce.as_ref() == Some(nonce))
        };
        let own: Vec<usize> = nonces.iter().filter_map(requested_with).collect();
        ensure!(own.len() == nonces.len(), "a client has an unknown nonce");
        Ok(own)
    }

    /// Returns the code of a link that a client waits for.
    fn right_code(&self, client: usize) -> Option<String> {
        let own = self.own_links(client).ok()?;
        let mut links = own.into_iter().map(|link| &self.model.links[link]);
        let unused = links.find(|link| link.used.is_none() && link.code().is_some())?;
        unused.code().map(str::to_owned)
    }

    async fn send_code(&mut self, env: &mut Environment, client: usize, code: &str) -> StepResult {
        let own = self.own_links(client)?;
        let nonces = self.clients[client].nonces();
        let caller = &self.clients[client];
        let marks = caller.marks(self.name);
        let sent = self.some_session(env, client);
        let is_form = !caller.is_program && env.rng.one_in(4);
        let mut request = caller.api.verify_code(code);
        if caller.is_program {
            let nonce = nonces.first().map_or("none", String::as_str);
            request = caller.as_program(request.login_request(nonce), sent.session.as_deref());
        } else if is_form {
            request = request.form();
        }
        if env.rng.one_in(8) {
            return self.enter_malformed_code(env, client, request).await;
        }
        let response = request.await;

        let (found, expected) = self.expect_code(&own, &marks, code);
        let mut redeemed = None;
        for link in &own {
            if self.read_link(*link, &[&sent])? {
                ensure!(redeemed.is_none(), "a code has redeemed two links");
                redeemed = Some(*link);
            }
        }
        let detail = format!("client {client} links {own:?} found {found:?}");
        ensure!(
            redeemed.is_none() || (redeemed == found && expected.result == Redemption::New),
            "link {redeemed:?} was redeemed, and {found:?} must be {expected:?}"
        );
        if own
            .iter()
            .any(|link| self.is_code_lost(env, *link, &marks, &response))
        {
            return done(detail, "code counted twice");
        }
        let is_certain = self.check_result(env, expected, &response)?;
        let (true, true, Some(link)) = (is_certain, expected.result.succeeds(), found) else {
            return responded(detail, &response);
        };
        let known = &self.model.links[link];
        let session = known.used.as_ref().and_then(|used| used.session);
        let signed_in = SignedIn {
            client,
            session: session.ok_or("somebody was signed in by a link that is unused")?,
            is_form,
            has_next: known.has_next,
            marks: &marks,
        };
        self.check_sign_in(&signed_in, &response)?;
        done(detail, format!("{:?}", expected.result))
    }

    fn some_code(&self, env: &mut Environment, own: &[usize]) -> String {
        let links = &self.model.links;
        let mut emailed = own.to_vec();
        emailed.retain(|link| links[*link].email.is_some());
        let link = match env.rng.below(6) {
            0 => None,
            1 => self.some_link(env),
            _ => env.rng.choose(&emailed).copied(),
        };
        let code = link.and_then(|link| links[link].code());
        code.map_or_else(|| random_code(env), str::to_owned)
    }

    async fn enter_malformed_code(
        &self,
        env: &mut Environment,
        client: usize,
        request: ApiRequest<'_>,
    ) -> StepResult {
        let malformed = *env.rng.pick(&["", " ", "1234-567", "123456789", "code"]);
        let before = self.world.snapshot();
        let response = request.code(malformed).await;
        let is_unchanged = env.may_fail() || self.world.snapshot() == before;
        ensure!(is_unchanged, "a malformed code was counted");
        env.check("a malformed code", &response, Outcome::InvalidRequest)?;
        responded(
            format!("client {client} malformed {malformed:?}"),
            &response,
        )
    }

    /// Returns the link that a code is for, among those that its browser has requested, and the
    /// result that it must have: why it does not work shows only if its link was used elsewhere.
    fn expect_code(
        &mut self,
        own: &[usize],
        marks: &[String],
        code: &str,
    ) -> (Option<usize>, Expected) {
        if own.is_empty() {
            return (None, Redemption::Invalid.into());
        }
        let tried = self.try_code(own, marks, code, true);
        let now = self.now();
        let result = tried
            .found
            .map(|link| self.model.redeem(link, true, None, now));
        match result {
            Some(result) if result.succeeds() || result == Redemption::Used => {
                (tried.found, result.into())
            }
            _ => {
                self.count_code_failure(tried.address);
                (tried.found, Expected::wrong_code(tried.left))
            }
        }
    }

    /// Counts a code for each of some links and for its address, and finds the one that it is for.
    pub(super) fn try_code(
        &mut self,
        links: &[usize],
        marks: &[String],
        code: &str,
        must_be_fresh: bool,
    ) -> Tried {
        let now = self.now();
        let mut tried = Tried {
            found: None,
            left: 0,
            address: None,
        };
        for &link in links {
            let known = &self.model.links[link];
            let exists = known.claim.is_some() && !known.is_gone;
            let is_fresh = now < known.requested_at + CODE_LIFETIME;
            let is_right = known
                .code()
                .is_some_and(|right| right.replace(' ', "") == code.replace(' ', ""));
            let works = exists && is_right && (is_fresh || !must_be_fresh);
            tried.address = tried.address.or(exists.then_some(known.person));
            let limits = self.code_limits(known, marks);
            self.touch(&limits.counters());
            let counters = &mut self.model.counters;
            if !counters.count(&limits.link, now) {
                continue;
            }
            let count = counters.number(&limits.link, "count", now);
            tried.left = tried.left.max(limits.link.limit - count);
            let own = limits.known_browser.as_ref();
            let is_known = own.is_some_and(|own| counters.count(own, now));
            if (is_known || counters.count(&limits.address, now)) && works {
                tried.found = tried.found.or(Some(link));
            }
        }
        tried
    }

    /// Returns whether a right code was refused because a fault has counted it twice.
    pub(super) fn is_code_lost(
        &self,
        env: &Environment,
        link: usize,
        marks: &[String],
        response: &ApiResponse,
    ) -> bool {
        let limits = self.code_limits(&self.model.links[link], marks);
        Outcome::of(response) == Outcome::InvalidToken
            && self.is_overcounted(env, &limits.counters())
    }

    /// Counts the audit record of a wrong code.
    pub(super) fn count_code_failure(&mut self, address: Option<usize>) {
        self.count_failure("code.failed", address);
    }
}
