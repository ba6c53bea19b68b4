//! Passwords that are set by the links of invitations, sign-ups and resets.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::link_reading::Sent;
use super::model::{REPEATABLE_FOR, Redemption};
use super::portal::PortalUnderTest;
use super::redeem_steps::key_hash;
use super::sign_in_checks::SignedIn;
use crate::ensure;
use crate::outcome::Outcome;
use kit::{ApiResponse, PASSWORD};

/// A password that everybody guesses.
const WEAK: &str = "password password";

/// A new password that is about to be sent.
struct NewPassword {
    link: usize,
    client: usize,
    /// The endpoint is the one for resets.
    is_reset: bool,
    key: Option<String>,
    is_form: bool,
    marks: Vec<String>,
    sent: Sent,
}

impl PortalUnderTest<'_> {
    /// Somebody sets a password by a link, or posts the form a second time.
    pub(super) async fn set_password(&mut self, env: &mut Environment) -> StepResult {
        let Some(new) = self.some_new_password(env) else {
            return skipped("no link");
        };
        let response = self.send_password(&new).await;
        let expected = self.expect_password(&new);
        let is_used = self.read_link(new.link, &[&new.sent])?;
        let detail = format!(
            "link {} client {} reset {} to {:?} key {:?}",
            new.link, new.client, new.is_reset, new.sent.password, new.key
        );
        ensure!(
            !is_used || expected == Ok(Redemption::New),
            "{detail}: link was used, expected {expected:?}"
        );
        let outcome = match expected {
            Ok(result) if result.succeeds() => Outcome::Ok,
            Ok(Redemption::Expired) => Outcome::ExpiredToken,
            Ok(Redemption::Used) => Outcome::UsedToken,
            Ok(_) => Outcome::InvalidToken,
            Err(outcome) => outcome,
        };
        // Its response was lost, and without a key nothing shows whose it was.
        if is_used && env.may_fail() && Outcome::of(&response) == Outcome::UsedToken {
            return done(detail, "UsedToken by itself");
        }
        let is_certain = env.check(&detail, &response, outcome)?;
        if !is_certain || outcome != Outcome::Ok {
            return responded(detail, &response);
        }
        ensure!(
            self.model.links[new.link].used.is_some(),
            "a password was set by a link that is unused"
        );
        self.check_password_set(&new, &response)?;
        let name = if new.is_reset { "reset" } else { "activated" };
        done(detail, format!("{name} {:?}", expected.ok()))
    }

    fn some_new_password(&self, env: &mut Environment) -> Option<NewPassword> {
        let links = &self.model.links;
        let mut emailed: Vec<_> = (0..links.len()).rev().collect();
        emailed.retain(|link| {
            let link = &links[*link];
            link.email.is_some() && (link.is_for("activation") || link.is_for("reset"))
        });
        let mut fresh = emailed.clone();
        fresh.retain(|link| {
            let used = links[*link].used.as_ref();
            used.is_none_or(|used| used.at + REPEATABLE_FOR > self.now())
        });
        fresh.truncate(2);
        let likely = if env.rng.one_in(4) { &emailed } else { &fresh };
        let link = *env.rng.choose(likely)?;
        let client = self.some_client(env, links[link].client);
        let last_key = links[link].page_keys.last();
        let key = match env.rng.below(4) {
            0 => None,
            1 => Some(format!("set-{:016x}", env.rng.next_u64())),
            _ => last_key
                .cloned()
                .or_else(|| Some(format!("set-{:016x}", env.rng.next_u64()))),
        };
        let caller = &self.clients[client];
        let password = if env.rng.one_in(6) {
            WEAK.to_owned()
        } else {
            format!("{PASSWORD} {:08x}", env.rng.next_u64() >> 32)
        };
        Some(NewPassword {
            link,
            client,
            is_reset: links[link].is_for("reset") != env.rng.one_in(12),
            key,
            is_form: !caller.is_program && env.rng.one_in(3),
            marks: caller.marks(self.name),
            sent: Sent {
                password: Some(password),
                ..self.some_session(env, client)
            },
        })
    }

    async fn send_password(&mut self, new: &NewPassword) -> ApiResponse {
        let token = self.model.links[new.link].token();
        let caller = &self.clients[new.client];
        let password = new.sent.password.as_deref().unwrap_or_default();
        let mut request = if new.is_reset {
            caller.api.reset_password(&token, password)
        } else {
            caller.api.activate(&token, password)
        };
        if let Some(key) = &new.key {
            request = request.idempotency_key(key);
            self.model.links[new.link].page_keys.push(key.clone());
        }
        if new.is_form {
            request = request.form();
        } else if caller.is_program && !new.is_reset {
            request = request.bearer_transport();
            if let Some(session) = &new.sent.session {
                request = request.bearer_token(session);
            }
        }
        request.await
    }

    /// Returns the result that a new password must have: the link is judged before the password.
    fn expect_password(&self, new: &NewPassword) -> Result<Redemption, Outcome> {
        let known = &self.model.links[new.link];
        if known.is_for("reset") != new.is_reset {
            return Ok(Redemption::Invalid);
        }
        let now = self.now();
        if known
            .claim
            .as_ref()
            .is_some_and(|claim| claim.expires_at <= now)
        {
            return Ok(Redemption::Expired);
        }
        let key_hash = key_hash(new.key.as_deref());
        match self.model.redeem(new.link, false, key_hash.as_deref(), now) {
            Redemption::New if new.sent.password.as_deref() == Some(WEAK) => {
                Err(Outcome::WeakPassword)
            }
            result => Ok(result),
        }
    }

    fn check_password_set(
        &mut self,
        new: &NewPassword,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let link = &self.model.links[new.link];
        let session = link.used.as_ref().and_then(|used| used.session);
        if let Some(session) = session {
            let signed_in = SignedIn {
                client: new.client,
                session,
                is_form: new.is_form,
                has_next: link.has_next,
                marks: &new.marks,
            };
            return self.check_sign_in(&signed_in, response);
        }
        let next = link.has_next.then(|| self.next_url());
        ensure!(
            new.is_form || response.json()["next"].as_str() == next.as_deref(),
            "a reset leads to {}, not to {next:?}",
            response.body
        );
        Ok(())
    }
}
