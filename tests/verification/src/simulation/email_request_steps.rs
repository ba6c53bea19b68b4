//! Requests for emails that sign in, reset a password or create an account, and their repeats.

use super::emails::{Kind, Link};
use super::environment::{Environment, StepResult, done, responded};
use super::portal::{NEXT, PortalUnderTest};
use super::request_oracle::{EmailRequest, Expected};
use crate::nonces::{newest_nonce, nonces};
use crate::outcome::Outcome;
use crate::rows::text;
use crate::{ensure, outbox};
use kit::ApiResponse;
use serde_json::Value;
use shared::domain::ids::KeyedHash;
use shared::domain::link::Nonce;

impl PortalUnderTest<'_> {
    /// A client requests an email for somebody, or repeats its last request.
    pub(super) async fn request_email(&mut self, env: &mut Environment) -> StepResult {
        let request = self.some_email_request(env);
        let EmailRequest { client, person, .. } = request;
        let limits = self.request_limits(request.kind, client, person);
        let known_browser = self.known_browser(client, person);
        let expected = self.expect_request(&request, &limits);
        let before = self.clients[client].nonces();
        let response = self.send_email_request(&request).await;

        let outcome = match expected {
            Expected::Refused(_) => Outcome::TooManyAttempts,
            _ => Outcome::Ok,
        };
        let is_certain = env.check("a request for an email", &response, outcome)?;
        let is_accepted = is_certain && outcome == Outcome::Ok;
        let nonce = self.take_nonce(client, &response, &before, is_accepted)?;
        let queued = self.take_request(&request, known_browser, nonce.as_deref())?;
        let detail = format!(
            "client {client} for {} to {} key {}",
            request.kind.as_str(),
            self.model.people[person].address,
            request.key
        );
        let may_queue = expected == Expected::Queued;
        ensure!(
            queued == usize::from(is_accepted && may_queue)
                || (!is_certain && may_queue && queued == 1),
            "{detail}, expected {expected:?}, got {}, and {queued} emails were queued",
            response.outcome()
        );
        if queued == 1 {
            self.count_request(&request, &limits);
        }
        if let (true, Expected::Refused(until)) = (is_certain, expected) {
            self.check_wait(&response, until)?;
        }
        if is_accepted && expected == Expected::Repeated {
            self.take_repeat(&request, nonce)?;
            return done(detail, "Repeated");
        }
        responded(detail, &response)
    }

    fn some_email_request(&self, env: &mut Environment) -> EmailRequest {
        let client = env.rng.below(self.clients.len());
        let caller = &self.clients[client];
        let is_form = !caller.is_program && env.rng.one_in(4);
        let has_next = env.rng.one_in(3);
        let name = format!("Somebody {}", env.rng.below(10));
        let last = caller.last_request.clone();
        let (kind, person, key) = match last.filter(|_| env.rng.one_in(3)) {
            Some(last) => last,
            None => {
                let kind = self.some_kind(env, caller.is_program);
                let key = format!("request-{:016x}", env.rng.next_u64());
                let key = if env.rng.one_in(3) {
                    String::new()
                } else {
                    key
                };
                (kind, self.some_person(env), key)
            }
        };
        EmailRequest {
            kind,
            client,
            person,
            key,
            name,
            has_next,
            is_form,
        }
    }

    fn some_kind(&self, env: &mut Environment, is_program: bool) -> Kind {
        let rules = &self.model.rules;
        match env.rng.below(6) {
            // Only a sign-in gives its nonce to a program.
            _ if is_program => Kind::SignIn,
            0 | 1 if rules.has_passwords => Kind::Reset,
            2 if rules.has_sign_up => Kind::SignUp,
            _ => Kind::SignIn,
        }
    }

    async fn send_email_request(&mut self, email: &EmailRequest) -> ApiResponse {
        let address = self.model.people[email.person].address.as_str();
        let caller = &mut self.clients[email.client];
        caller.last_request = Some((email.kind, email.person, email.key.clone()));
        let mut request = match email.kind {
            Kind::Reset => caller.api.forgot_password(address),
            Kind::SignUp => caller.api.sign_up(address, &email.name),
            _ => caller.api.request_login(address),
        };
        if email.has_next {
            request = request.next(NEXT);
        }
        if !email.key.is_empty() {
            request = request.idempotency_key(&email.key);
        }
        if caller.is_program {
            request = caller.as_program(request, None);
        }
        if email.is_form {
            request = request.form();
        }
        request.await
    }

    /// Returns the nonce that an accepted request gave to the client.
    ///
    /// # Errors
    /// Fails if a cookie does not have the new nonce before the newest two of the old ones.
    fn take_nonce(
        &mut self,
        client: usize,
        response: &ApiResponse,
        before: &[String],
        is_accepted: bool,
    ) -> Result<Option<String>, String> {
        let client = &mut self.clients[client];
        if client.is_program {
            let nonce = response.json()["request"].as_str().map(str::to_owned);
            ensure!(nonce.is_some() || !is_accepted, "a program got no nonce");
            client.request = nonce.clone().or_else(|| client.request.take());
            return Ok(nonce);
        }
        if is_accepted {
            return newest_nonce(before, &client.api).map(Some);
        }
        let after = nonces(&client.api);
        ensure!(after == before, "a refused request changed the cookie");
        Ok(None)
    }

    /// Records the email that a request has queued, and returns the number of emails.
    fn take_request(
        &mut self,
        request: &EmailRequest,
        known_browser: Option<KeyedHash>,
        nonce: Option<&str>,
    ) -> Result<usize, String> {
        let records = self.queued()?;
        for record in &records {
            let id = text(&record["dynamodb"]["NewImage"], "link_id");
            let given = nonce.and_then(Nonce::parse);
            ensure!(
                given.is_none_or(|nonce| nonce.link().to_string() == id),
                "the queued email is not the one whose nonce was given"
            );
            let link = Link {
                nonce: nonce.map(str::to_owned),
                request_key: Some(request.key.clone()).filter(|key| !key.is_empty()),
                client: request.client,
                known_browser,
                has_next: request.has_next,
                ..Link::default()
            };
            self.add_link(request.person, link, record)?;
        }
        Ok(records.len())
    }

    /// Checks that a repeated request got the nonce of the first one, whose response may be lost.
    fn take_repeat(&mut self, email: &EmailRequest, nonce: Option<String>) -> Result<(), String> {
        let parsed = nonce.as_deref().and_then(Nonce::parse);
        let id = parsed.map(|nonce| nonce.link().to_string());
        let key = Some(email.key.as_str());
        let is_first = |link: &&mut Link| {
            Some(&link.id) == id.as_ref()
                && link.request_key.as_deref() == key
                && (link.kind, link.client, link.person) == (email.kind, email.client, email.person)
        };
        let link = self.model.links.iter_mut().find(is_first).ok_or_else(|| {
            let address = &self.model.people[email.person].address;
            let client = email.client;
            format!("the repeat of {key:?} to {address} by client {client} got {id:?}")
        })?;
        link.nonce = nonce;
        Ok(())
    }

    /// Returns the stream's records of the emails that were queued since the last call.
    pub(super) fn queued(&mut self) -> Result<Vec<Value>, String> {
        outbox::queued(self.world, &mut self.cursor)
    }

    /// Records an email that was queued for somebody.
    pub(super) fn add_link(
        &mut self,
        person: usize,
        link: Link,
        record: &Value,
    ) -> Result<(), String> {
        let image = &record["dynamodb"]["NewImage"];
        let kind = Kind::parse(text(image, "kind")).ok_or("an email of an unknown kind")?;
        let address = text(image, "address");
        ensure!(
            address == self.model.people[person].address,
            "an email for {person} was queued to {address}"
        );
        let subject = text(image, "for_user");
        let epoch = text(image, "for_epoch").parse().unwrap_or_default();
        self.model.links.push(Link {
            id: text(image, "link_id").to_owned(),
            kind,
            person,
            name: text(image, "name").to_owned(),
            subject: (!subject.is_empty()).then(|| (subject.to_owned(), epoch)),
            requested_at: self.now(),
            record: record.clone(),
            ..link
        });
        Ok(())
    }
}
