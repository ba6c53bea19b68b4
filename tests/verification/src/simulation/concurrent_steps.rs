//! Two requests at once: both start before either calls the store.

use super::email_delivery_steps::Delivery;
use super::emails::EmailState;
use super::environment::{Environment, StepResult, done, responded, skipped};
use super::model::Redemption;
use super::portal::PortalUnderTest;
use crate::outcome::Outcome;
use crate::{ensure, outbox};
use futures_util::join;
use std::future::IntoFuture;

/// The age from which `me` writes that a session was seen, in milliseconds: five minutes and a
/// second.
const UNSEEN: u64 = 301_000;

impl PortalUnderTest<'_> {
    /// Two clients redeem one link, or one client does with a double click.
    pub(super) async fn redeem_twice(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let requester = self.model.links[link].client;
        let clients = [(); 2].map(|()| self.some_client(env, requester));
        let first = self.some_redeem_request(env, link, clients[0]);
        let mut second = self.some_redeem_request(env, link, clients[1]);
        if env.rng.one_in(2) {
            second.idempotency_key.clone_from(&first.idempotency_key);
        }
        let (a, b) = join!(self.send_redeem(&first), self.send_redeem(&second));
        let outcomes = [&a, &b].map(Outcome::of);
        let shown = format!("{} {}, {} {}", a.outcome(), a.body, b.outcome(), b.body);
        let detail = format!("link {link} clients {clients:?}");

        // If the second request is counted first, the first one may have no code attempt left.
        let counters = self.model.counters.clone();
        let second_early = self.expect_redeem(&second).result;
        let first_late = self.expect_redeem(&first).result;
        self.model.counters = counters;
        let first_early = self.expect_redeem(&first).result;
        let second_late = self.expect_redeem(&second).result;
        let expected = [first_early, second_late];
        let reversed = [first_late, second_early];

        self.read_link(link, &[&first.sent, &second.sent])?;
        // The first sign-in may have started the counts anew before the second code was counted.
        for request in [&first, &second] {
            let limits = self.code_limits(&self.model.links[link], &request.marks);
            self.touch(&limits.counters());
        }
        self.end_step(true);
        ensure!(!outcomes.contains(&Outcome::Unexpected), "{shown}");
        for (request, response) in [(&first, &a), (&second, &b)] {
            if Outcome::of(response) == Outcome::Ok {
                self.check_redeemer(request, response)?;
            }
        }
        if env.may_fail() {
            return done(detail, "under faults");
        }
        let succeeded = outcomes.map(|outcome| outcome == Outcome::Ok);
        let may_succeed = expected.map(Redemption::succeeds);
        if expected != reversed {
            ensure!(
                succeeded == may_succeed || succeeded == reversed.map(Redemption::succeeds),
                "one code attempt was left: {shown}"
            );
            return done(detail, "one had a code attempt");
        }
        let mut pairs = succeeded.iter().zip(may_succeed);
        ensure!(
            pairs.all(|(succeeded, may_succeed)| may_succeed || !succeeded),
            "expected {expected:?}: {shown}"
        );
        if expected != [Redemption::New; 2] {
            return done(detail, "not a new link");
        }
        // The loser is signed in too if it can prove that it is the client who has won.
        let is_requester = clients.map(|client| self.is_requester(client, link));
        let is_same =
            first.idempotency_key.is_some() && first.idempotency_key == second.idempotency_key;
        let is_right = match succeeded {
            [true, true] => is_same || is_requester == [true; 2],
            [false, false] => false,
            [first_won, _] => {
                let loser = usize::from(first_won);
                let by_requesters = is_requester == [true; 2];
                !is_same && !by_requesters && outcomes[loser] == Outcome::UsedToken
            }
        };
        ensure!(is_right, "two redemptions of a new link: {shown}");
        let count = if succeeded == [true; 2] {
            "both"
        } else {
            "one"
        };
        done(detail, format!("{count} signed in"))
    }

    /// A form with a password is posted twice at once, as by a double click: one session.
    pub(super) async fn sign_in_twice(&mut self, env: &mut Environment) -> StepResult {
        let form = self.some_sign_in_form(env);
        let key = format!("twice-{:016x}", env.rng.next_u64());
        let form = form.with_key(key);
        if !self.may_sign_in(&form) || env.may_fail() {
            return skipped("no right password, or under faults");
        }
        let (a, b) = join!(self.post_sign_in(&form), self.post_sign_in(&form));
        let session = self.read_sign_in(&form)?;
        // The first sign-in may have started the counts anew before the second one was counted.
        self.touch(&form.counters(self));
        self.end_step(true);
        let session = session.ok_or("a form that was posted twice started no session")?;
        let shown = format!("{} {}, {} {}", a.outcome(), a.body, b.outcome(), b.body);
        let mut signed_in = 0;
        for response in [&a, &b] {
            match Outcome::of(response) {
                Outcome::Ok => self.check_password_sign_in(&form, session, response)?,
                // One attempt was left, and was not given back yet.
                Outcome::TooManyAttempts | Outcome::InvalidCredentials => continue,
                _ => return Err(shown),
            }
            signed_in += 1;
        }
        ensure!(signed_in > 0, "a form that was posted twice: {shown}");
        done(
            format!("session {session}"),
            format!("{signed_in} signed in"),
        )
    }

    /// A session is read, and its last use written, while it is logged out.
    pub(super) async fn logout_during_me(&mut self, env: &mut Environment) -> StepResult {
        if env.rng.one_in(2) {
            env.advance(UNSEEN);
        }
        let is_live = |session: &usize| {
            let has_token = !self.model.sessions[*session].tokens.is_empty();
            has_token && self.model.is_live(*session, self.now())
        };
        let Some(session) = (0..self.model.sessions.len()).rfind(is_live) else {
            return skipped("no session");
        };
        let token = self.model.sessions[session].tokens[0].clone();
        let (one, other) = (self.world.client(), self.world.client());
        let (me, logout) = join!(
            one.me().bearer_token(&token).into_future(),
            other.logout().bearer_token(&token).into_future(),
        );
        let is_certain = env.check("a logout", &logout, Outcome::Ok)?;
        if Outcome::of(&me) != Outcome::NotAuthenticated {
            env.check("me during a logout", &me, Outcome::Ok)?;
        }
        self.check_logout(Some(session), is_certain)?;
        responded(format!("session {session}"), &me)
    }

    /// Two mailers get the same records.
    pub(super) async fn deliver_twice(&mut self, env: &mut Environment) -> StepResult {
        let mut links = self.model.unfinished();
        // Preferably emails that a mailer has left behind, and once their lease has expired.
        let lease = |link: &usize| match self.model.links[*link].state {
            EmailState::Sending { lease_until, .. } => Some(lease_until),
            _ => None,
        };
        links.sort_by_key(|link| lease(link).is_some());
        links.reverse();
        links.truncate(2);
        if links.is_empty() {
            return skipped("no email");
        }
        let wait = links
            .iter()
            .find_map(|link| lease(link)?.checked_sub(self.now()));
        if let (Some(wait), true) = (wait, env.rng.one_in(2)) {
            env.advance(wait);
        }
        let records = self.records(&links);
        let expected = self.expect_delivery(&links);
        let (one, other) = join!(
            outbox::deliver(self.world, &records),
            outbox::deliver(self.world, &records)
        );
        // The later one reports the email; only the rows and the inbox say what became of it.
        let _reports = (one?, other?);
        self.check_delivery(env, &expected, &Delivery::Twice)
    }

    /// A user's sessions are revoked while they sign in.
    pub(super) async fn revoke_during_redeem(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let person = self.model.links[link].person;
        if self.model.user(person).is_none() {
            return skipped("nobody to revoke");
        }
        let client = self.model.links[link].client;
        let request = self.some_redeem_request(env, link, client);
        let expected = self.expect_redeem(&request);
        let yields = env.rng.below(4);
        let revoke = async {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            self.write_epoch(person);
        };
        let (response, ()) = join!(self.send_redeem(&request), revoke);
        self.read_link(link, &[&request.sent])?;
        if let Some(user) = &mut self.model.people[person].user {
            user.epoch += 1;
        }
        let outcome = Outcome::of(&response);
        ensure!(
            match outcome {
                Outcome::Ok => expected.result.succeeds(),
                outcome => outcome != Outcome::Unexpected,
            },
            "expected {expected:?} while sessions were revoked: {} {}",
            response.outcome(),
            response.body
        );
        if outcome == Outcome::Ok {
            self.check_redeemer(&request, &response)?;
        }
        responded(format!("link {link}"), &response)
    }
}
