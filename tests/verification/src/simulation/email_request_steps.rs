//! Requests for sign-in emails.

use super::environment::{Environment, StepResult, responded};
use super::model::Link;
use super::portal::{NEXT, PortalUnderTest};
use crate::nonces::{added_nonce, nonces};
use crate::outcome::Outcome;
use crate::rows::text;
use crate::{ensure, outbox};
use kit::ApiResponse;
use shared::domain::link::Nonce;

impl PortalUnderTest<'_> {
    /// A client requests a link for somebody.
    pub(super) async fn request_login(&mut self, env: &mut Environment) -> StepResult {
        let client = env.rng.below(self.clients.len());
        let person = self.some_person(env);
        let has_next = env.rng.one_in(3);
        let is_form = env.rng.one_in(4);
        let address = self.model.people[person].address.clone();
        let before = self.clients[client].nonces();
        let refused_until = self
            .model
            .limited_until("request", person, client, self.now());

        let caller = &self.clients[client];
        let mut request = caller.api.request_login(&address);
        if has_next {
            request = request.next(NEXT);
        }
        request = match (caller.is_program, is_form) {
            (true, _) => request.bearer_transport(),
            (false, true) => request.form(),
            (false, false) => request.with("transport", "cookie"),
        };
        let response = request.await;

        let expected = match refused_until {
            Some(_) => Outcome::TooManyAttempts,
            None => Outcome::Ok,
        };
        let is_certain = env.check("a login request", &response, expected)?;
        let is_accepted = is_certain && refused_until.is_none();
        let nonce = self.take_nonce(client, &response, &before, is_accepted)?;
        let link = Link {
            nonce,
            client,
            person,
            has_next,
            ..Link::default()
        };
        let queued = self.take_queued_email(link)?;
        ensure!(
            queued == usize::from(is_accepted) || (!is_certain && queued == 1),
            "{address} got {}, and {queued} emails were queued",
            response.outcome()
        );
        if let (true, 429, Some(until)) = (is_certain, response.status, refused_until) {
            let wait = (until - self.now()).div_ceil(1000).to_string();
            let retry_after = response.headers.get("retry-after");
            ensure!(
                retry_after == Some(&wait),
                "Retry-After must be {wait}: {retry_after:?}"
            );
        }
        responded(format!("client {client} for {address}"), &response)
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
            return added_nonce(before, &client.api).map(Some);
        }
        let after = nonces(&client.api);
        ensure!(after == before, "a refused request changed the cookie");
        Ok(None)
    }

    /// Records a link for each email that was queued, and returns their number.
    fn take_queued_email(&mut self, link: Link) -> Result<usize, String> {
        let now = self.now();
        let mut records = outbox::queued(self.world, &mut self.cursor)?;
        let queued = records.len();
        let Some(record) = records.pop() else {
            return Ok(0);
        };
        let id = text(&record["dynamodb"]["NewImage"], "link_id").to_owned();
        let nonce = link.nonce.as_deref().and_then(Nonce::parse);
        ensure!(
            nonce.is_none_or(|nonce| nonce.link().to_string() == id),
            "the queued email is not the one whose nonce was given"
        );
        self.model.count("request", link.person, link.client, now);
        self.model.links.push(Link {
            id,
            requested_at: now,
            record,
            ..link
        });
        Ok(queued)
    }
}
