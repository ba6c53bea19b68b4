//! Deliveries to the mailer, by the stream and by the sweep.

use super::emails::{Claim, EmailState, Kind};
use super::environment::{Environment, StepResult, done, skipped};
use super::mailing::{may_become, may_have_sent};
use super::portal::PortalUnderTest;
use super::rules::DAY;
use crate::{ensure, jwt, outbox};
use kit::{Email, routes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The way in which emails were delivered to the mailer.
pub(super) enum Delivery {
    /// As records of the stream, with this response.
    Once(Value),
    /// To two mailers at once; the later one may respond anything.
    Twice,
    /// By a sweep: in any order, and nobody learns what failed.
    Swept,
}

/// The status that each of the delivered emails must have afterwards.
pub(super) type Expected = BTreeMap<usize, &'static str>;

impl PortalUnderTest<'_> {
    /// The stream delivers some records: new and old ones, in any order, some of them twice.
    pub(super) async fn deliver(&mut self, env: &mut Environment) -> StepResult {
        let unfinished = self.model.unfinished();
        let mut links = vec![];
        for _ in 0..=env.rng.below(4) {
            if !unfinished.is_empty() && !env.rng.one_in(6) {
                links.push(*env.rng.pick(&unfinished));
            } else if !self.model.links.is_empty() {
                links.push(env.rng.below(self.model.links.len()));
            }
        }
        if links.is_empty() {
            return skipped("no email");
        }
        self.deliver_links(env, &links).await
    }

    /// Delivers the emails of these links and checks what becomes of each.
    pub(super) async fn deliver_links(
        &mut self,
        env: &mut Environment,
        links: &[usize],
    ) -> StepResult {
        let records = self.records(links);
        let expected = self.expect_delivery(links);
        let response = outbox::deliver(self.world, &records).await?;
        self.check_delivery(env, &expected, &Delivery::Once(response))
    }

    /// Returns the stream's records of these links.
    pub(super) fn records(&self, links: &[usize]) -> Vec<Value> {
        let record = |link: &usize| self.model.links[*link].record.clone();
        links.iter().map(record).collect()
    }

    /// The schedule's sweep delivers each unfinished email that is old enough.
    pub(super) async fn sweep(&mut self, env: &mut Environment) -> StepResult {
        let mut due = self.model.unfinished();
        let now = self.now();
        due.retain(|link| self.model.links[*link].due_at() < now);
        let expected = self.expect_delivery(&due);
        let sweep = json!({"Sweep": {}});
        let response = self.world.portal.invoke("mailer", sweep).await?;
        ensure!(
            response["batchItemFailures"] == json!([]),
            "a sweep reported {response}"
        );
        self.check_delivery(env, &expected, &Delivery::Swept)
    }

    /// Returns the status that each of these emails must have once it was delivered, one after the
    /// other.
    pub(super) fn expect_delivery(&mut self, links: &[usize]) -> Expected {
        let counters = self.model.counters.clone();
        let mut expected = Expected::new();
        for link in links {
            // The second time it is finished, or another mailer has it.
            if !expected.contains_key(link) {
                expected.insert(*link, self.handle_email(*link));
            }
        }
        self.model.counters = counters;
        expected
    }

    /// Reads the sent emails and the rows, and compares them with what was expected.
    pub(super) fn check_delivery(
        &mut self,
        env: &Environment,
        expected: &Expected,
        delivery: &Delivery,
    ) -> StepResult {
        let may_fail = env.may_fail();
        let sent = self.read_inbox(expected)?;
        let mut details = vec![];
        let mut expected_sent = 0;
        let mut actually_sent = 0;
        for (link, status) in expected {
            let after = self.read_state(env, *link)?;
            let known = &mut self.model.links[*link];
            let before = std::mem::replace(&mut known.state, after);
            let after = &known.state;
            let emails = sent.get(link).copied().unwrap_or_default();
            let any_order = matches!(delivery, Delivery::Swept);
            ensure!(
                may_become(&before, after, status, may_fail, any_order)
                    && may_have_sent(emails, after, status, may_fail),
                "email {link} was {before:?} and is {after:?}, expected {status}; {emails} sent"
            );
            if let Delivery::Once(response) = delivery {
                let is_reported = outbox::is_reported(response, &known.record);
                // An email that nobody has claimed must come again; without faults, none must.
                ensure!(
                    if is_reported {
                        may_fail
                    } else {
                        *after != EmailState::Queued
                    },
                    "email {link} is {after:?}, reported as failed: {is_reported}"
                );
            }
            expected_sent += u64::from(*status == "sent");
            actually_sent += u64::from(!before.is_finished() && after.status() == "sent");
            details.push(format!("{link} {} -> {}", before.status(), after.status()));
        }
        // The budgets let the same number through in any order.
        ensure!(
            expected_sent == actually_sent || may_fail,
            "{actually_sent} emails were sent, expected {expected_sent}"
        );
        let outcome = if sent.is_empty() { "none sent" } else { "sent" };
        done(details.join(", "), outcome)
    }

    /// Reads the state of an email's row, and its claim the first time it has one.
    ///
    /// # Errors
    /// Fails if the claim is not what the user and the keys ask for, or has changed.
    fn read_state(&mut self, env: &Environment, link: usize) -> Result<EmailState, String> {
        let known = &self.model.links[link];
        let [pk, sk] = known.email_key();
        let Some(row) = self.row("emails", pk, Some(sk)) else {
            ensure!(
                known.state == EmailState::Gone,
                "the row of email {link} is gone"
            );
            return Ok(EmailState::Gone);
        };
        let claim = Claim::of(&row);
        ensure!(
            known.claim.is_none() || known.claim == claim,
            "the claim of email {link} was {:?} and is {claim:?}",
            known.claim
        );
        if known.claim != claim {
            self.take_claim(env, link, claim)?;
        }
        let known = &self.model.links[link];
        if let (Some(claim), Some(email)) = (&known.claim, &known.email) {
            let path = match claim.template.as_str() {
                "sign-in" => routes::VERIFY,
                "activation" => routes::ACTIVATE,
                "reset" => routes::RESET_PASSWORD,
                _ => routes::REPORT,
            };
            // No browser has requested an invitation: its code works only together with its link.
            let has_code = path == routes::VERIFY
                && (known.kind != Kind::Invitation || self.model.rules.other_browser == "code");
            ensure!(
                email.path().starts_with(path) && email.code.is_empty() != has_code,
                "email {link}, claimed as {claim:?}, has the link {}",
                email.link()
            );
        }
        let state = EmailState::of(&row);
        let tomorrow = (self.now() / DAY + 1) * DAY;
        if let EmailState::Waiting { until } = state {
            ensure!(
                until == tomorrow || state == known.state,
                "invitation {link} waits until {until}, not until {tomorrow}"
            );
        }
        Ok(state)
    }

    fn take_claim(
        &mut self,
        env: &Environment,
        link: usize,
        claim: Option<Claim>,
    ) -> Result<(), String> {
        let now = self.now();
        let signing = env.keys.signing(now);
        let right = self.model.claim(link);
        let is_right = claim
            .as_ref()
            .zip(right.ok())
            .is_some_and(|(claim, right)| {
                let is_new = claim.account == "new";
                let found = Claim {
                    kid: String::new(),
                    user: if is_new {
                        String::new()
                    } else {
                        claim.user.clone()
                    },
                    epoch: if is_new { 0 } else { claim.epoch },
                    ..claim.clone()
                };
                found == right && (claim.kid == signing || env.may_fail())
            });
        ensure!(
            is_right,
            "email {link} was claimed as {claim:?}, expected {:?} while key {signing} signs",
            self.model.claim(link)
        );
        for budget in self.budgets(link) {
            self.model.counters.add(&budget, "count", now);
        }
        self.model.links[link].claim = claim;
        Ok(())
    }

    /// Takes the inbox and returns the number of messages of each email.
    ///
    /// # Errors
    /// Fails if two messages of an email differ, or if one has the wrong recipient.
    fn read_inbox(&mut self, expected: &Expected) -> Result<BTreeMap<usize, u64>, String> {
        let mut sent = BTreeMap::new();
        for email in self.world.portal.take_inbox() {
            let email = Email::from(email);
            let reference = email.headers.get("X-Entity-Ref-ID");
            let link = expected.keys().find(|link| {
                let [_, id] = self.model.links[**link].email_key();
                reference.is_some_and(|reference| reference == id)
            });
            let link = *link.ok_or("an email was sent that was not delivered to the mailer")?;
            let known = &mut self.model.links[link];
            let address = &self.model.people[known.person].address;
            let claims = jwt::claims(&email.token());
            let is_right = claims["jti"] == known.id.as_str() && claims["sub"] == address.as_str();
            ensure!(
                email.to == *address && is_right,
                "email {link} for {address} went to {} with {claims}",
                email.to
            );
            let first = known.email.get_or_insert_with(|| email.clone());
            ensure!(*first == email, "email {link} was sent as two that differ");
            *sent.entry(link).or_default() += 1;
        }
        Ok(sent)
    }
}
