//! Sign-ins with a password: right and wrong ones, from known and unknown browsers.

use super::environment::{Environment, StepResult, done, responded, skipped};
use super::password_oracle::{Expected, SignInForm};
use super::portal::PortalUnderTest;
use super::sign_in_checks::SignedIn;
use crate::ensure;
use crate::outcome::Outcome;
use kit::{ApiResponse, PASSWORD, WRONG};

/// More guesses than a known browser is allowed.
const MANY_GUESSES: usize = 32;

impl PortalUnderTest<'_> {
    /// Somebody signs in with a password, or posts the same form again.
    pub(super) async fn sign_in(&mut self, env: &mut Environment) -> StepResult {
        let form = self.some_sign_in_form(env);
        self.send_sign_in(env, &form).await
    }

    /// Somebody guesses passwords of one person.
    pub(super) async fn guess(&mut self, env: &mut Environment) -> StepResult {
        let form = self.some_sign_in_form(env);
        let guesses = match env.rng.below(6) {
            0 => MANY_GUESSES,
            _ => 1 + env.rng.below(12),
        };
        let mut last = skipped("no guess");
        for guess in 0..guesses {
            let password = format!("{WRONG} {guess}");
            let form = SignInForm {
                password,
                key: None,
                ..form.clone()
            };
            last = Ok(self.send_sign_in(env, &form).await?);
            self.end_step(env.may_fail());
        }
        last
    }

    pub(super) fn some_sign_in_form(&self, env: &mut Environment) -> SignInForm {
        let client = env.rng.below(self.clients.len());
        let caller = &self.clients[client];
        let last = caller.last_sign_in.clone();
        let (person, password, key) = match last.filter(|_| env.rng.one_in(4)) {
            Some((person, password, key)) => (person, password, Some(key)),
            None => {
                let person = self.some_person(env);
                let key = format!("sign-in-{:016x}", env.rng.next_u64());
                let password = self.some_password(env, person);
                (person, password, Some(key).filter(|_| env.rng.one_in(2)))
            }
        };
        SignInForm {
            client,
            person,
            password,
            key,
            is_form: !caller.is_program && env.rng.one_in(4),
            marks: caller.marks(self.name),
            sent: self.some_session(env, client),
        }
    }

    fn some_password(&self, env: &mut Environment, person: usize) -> String {
        let right = self
            .model
            .user(person)
            .and_then(|user| user.password.clone());
        match env.rng.below(8) {
            0 => WRONG.to_owned(),
            1 => PASSWORD.to_owned(),
            _ => right.unwrap_or_else(|| PASSWORD.to_owned()),
        }
    }

    pub(super) async fn post_sign_in(&self, form: &SignInForm) -> ApiResponse {
        let caller = &self.clients[form.client];
        let address = &self.model.people[form.person].address;
        let mut request = caller.api.sign_in(address, &form.password);
        if let Some(key) = &form.key {
            request = request.idempotency_key(key);
        }
        if caller.is_program {
            request = caller.as_program(request, form.sent.session.as_deref());
        } else if form.is_form {
            request = request.form();
        }
        request.await
    }

    async fn send_sign_in(&mut self, env: &mut Environment, form: &SignInForm) -> StepResult {
        let is_known = self.known_browser(form.client, form.person).is_some();
        let (expected, limits) = self.expect_sign_in(form);
        let response = self.post_sign_in(form).await;
        let key = form.key.clone();
        let last = key.map(|key| (form.person, form.password.clone(), key));
        self.clients[form.client].last_sign_in = last;
        let detail = format!(
            "client {} known {is_known} as {} with {:?} key {:?}",
            form.client, self.model.people[form.person].address, form.password, form.key
        );
        let new = self.read_sign_in(form)?;
        ensure!(
            new.is_none() || expected == Expected::NewSession,
            "a session was started, expected {expected:?}"
        );
        let outcome = Outcome::of(&response);
        let is_refused = [Outcome::TooManyAttempts, Outcome::InvalidCredentials].contains(&outcome);
        if is_refused && self.is_overcounted(env, &limits) {
            ensure!(new.is_none(), "a refused sign-in has started a session");
            return done(detail, "counted twice");
        }
        let is_certain = self.check_sign_in_result(env, expected, &response)?;
        let session = match (expected, new) {
            (Expected::SameSession(session), _) | (Expected::NewSession, Some(session)) => session,
            _ if is_certain && outcome == Outcome::Ok => {
                return Err(format!("{detail}: signed in without a session"));
            }
            _ => return responded(detail, &response),
        };
        if is_certain {
            self.check_password_sign_in(form, session, &response)?;
        }
        let name = if is_certain {
            format!("{expected:?}")
        } else {
            format!("{outcome:?}")
        };
        let name = name.split('(').next().unwrap_or_default().to_owned();
        done(detail, name)
    }

    pub(super) fn check_password_sign_in(
        &mut self,
        form: &SignInForm,
        session: usize,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let signed_in = SignedIn {
            client: form.client,
            session,
            is_form: form.is_form,
            has_next: false,
            marks: &form.marks,
        };
        self.check_sign_in(&signed_in, response)
    }

    fn check_sign_in_result(
        &self,
        env: &Environment,
        expected: Expected,
        response: &ApiResponse,
    ) -> Result<bool, String> {
        let outcome = match expected {
            Expected::NewSession | Expected::SameSession(_) => Outcome::Ok,
            Expected::Wrong => Outcome::InvalidCredentials,
            Expected::Refused(_) => Outcome::TooManyAttempts,
            Expected::NotFound => Outcome::NotFound,
        };
        let is_certain = env.check(&format!("a sign-in ({expected:?})"), response, outcome)?;
        if let (true, Expected::Refused(until)) = (is_certain, expected) {
            self.check_wait(response, until)?;
        }
        Ok(is_certain)
    }
}
