//! The attackers: they guess passwords and codes, and request emails.

use super::{Attack, GUESSES};
use crate::{ensure, ensure_eq};
use futures_util::future::join_all;
use kit::{ADA, ApiClient, WRONG, World, hours, mins};

/// Codes for one link (template.yaml, `CodeAttempts`).
const CODES_PER_LINK: u64 = 5;
/// Networks that guess at the same moment.
const CROWD: usize = 20;

/// A browser of the attackers, in a network of its own.
pub(super) struct Attacker<'w> {
    client: ApiClient<'w>,
    request: Option<Requested>,
}

/// An email that an attacker has requested last.
struct Requested {
    /// Is true if it was sent, so that its link exists.
    was_sent: bool,
    guesses: u64,
}

impl<'w> Attacker<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            client: world.client(),
            request: None,
        }
    }
}

impl Attack<'_> {
    pub(super) async fn attack_once(&mut self) -> Result<(), String> {
        match self.rng.below(100) {
            0..55 => self.guess_passwords(1).await,
            55 => self.guess_passwords(CROWD).await,
            56..90 => self.guess_code().await,
            _ => self.request_email().await,
        }
    }

    /// Guesses passwords until the limit is reached. Then the right one is refused in a new
    /// browser, until the owner has signed in.
    pub(super) async fn guess_to_the_limit(&mut self) -> Result<(), String> {
        while self.passwords < GUESSES {
            self.world.clock.advance(hours(1));
            self.guess_passwords(CROWD).await?;
        }
        self.check_counts()?;
        self.new_by_password().await?;
        self.known_by_password().await?;
        self.new_by_password().await?;
        self.guess_codes_to_the_limit().await
    }

    /// Guesses codes on another day until their limit is reached. Then the right one is refused in
    /// a new browser, until the owner has signed in.
    async fn guess_codes_to_the_limit(&mut self) -> Result<(), String> {
        self.world.clock.advance(hours(24));
        for attacker in &mut self.attackers {
            attacker.request = None;
            attacker.client.set_nonces(None);
        }
        while self.codes < GUESSES {
            self.world.clock.advance(mins(5));
            self.request_email().await?;
            for _ in 0..=CODES_PER_LINK {
                self.guess_code().await?;
            }
        }
        self.check_counts()?;
        self.world.clock.advance(hours(1));
        self.new_by_code().await?;
        self.new_by_code().await
    }

    /// Draws an attacker, often one of the first ones, whose networks reach their limits.
    fn draw_attacker(&mut self) -> usize {
        let among = if self.rng.one_in(4) {
            10
        } else {
            self.attackers.len()
        };
        self.rng.below(among.min(self.attackers.len()))
    }

    /// Tries wrong passwords from several networks at once. Some claim to be a known browser.
    async fn guess_passwords(&mut self, count: usize) -> Result<(), String> {
        let draws: Vec<_> = (0..count)
            .map(|_| (self.draw_attacker(), self.rng.one_in(4)))
            .collect();
        let guesses = draws.into_iter().map(|(attacker, claims_to_be_known)| {
            let guess = self.attackers[attacker].client.sign_in(ADA, WRONG);
            if claims_to_be_known {
                return guess.with("known", "A".repeat(43)).into_future();
            }
            guess.into_future()
        });
        for response in join_all(guesses).await {
            let outcome = response.outcome();
            match outcome.as_str() {
                "401 invalid-credentials" => self.passwords += 1,
                "429 too-many-attempts" => {}
                _ => return Err(format!("a wrong password: {outcome}")),
            }
            self.tally.count(format!("wrong password: {outcome}"));
        }
        Ok(())
    }

    /// Tries a wrong code from a browser that has requested one, or from any other.
    async fn guess_code(&mut self) -> Result<(), String> {
        let waiting = (0..self.attackers.len()).filter(|n| self.attackers[*n].request.is_some());
        let waiting: Vec<_> = waiting.collect();
        let attacker = match self.rng.choose(&waiting) {
            Some(attacker) => *attacker,
            None => self.draw_attacker(),
        };
        let code = format!("{:08}", self.rng.below(100_000_000));
        let attacker = &mut self.attackers[attacker];
        let response = attacker.client.verify_code(&code).await;
        ensure_eq!(response.outcome(), "400 invalid-token", "a wrong code");
        if let Some(requested) = &mut attacker.request {
            requested.guesses += 1;
            self.codes += u64::from(requested.was_sent && requested.guesses <= CODES_PER_LINK);
            if requested.guesses > CODES_PER_LINK {
                attacker.request = None;
                attacker.client.set_nonces(None);
            }
        }
        self.tally.count("wrong code");
        Ok(())
    }

    /// Requests an email of any kind to the owner.
    async fn request_email(&mut self) -> Result<(), String> {
        let n = self.draw_attacker();
        let has_budget = self.has_budget();
        let client = &self.attackers[n].client;
        client.set_nonces(None);
        let (is_sign_up, request) = match self.rng.below(8) {
            0 => (true, client.sign_up(ADA, "Mallory")),
            1..3 => (false, client.forgot_password(ADA)),
            _ => (false, client.request_login(ADA)),
        };
        let outcome = request.await.outcome();
        let was_sent = self.receive().await?.is_some();
        self.attackers[n].request = match outcome.as_str() {
            "200" => Some(Requested {
                was_sent,
                guesses: 0,
            }),
            "429 too-many-attempts" => None,
            _ => return Err(format!("a request for an email: {outcome}")),
        };
        let sent = if was_sent { "sent" } else { "not sent" };
        self.tally
            .count(format!("email of an attacker: {outcome}, {sent}"));
        if was_sent && !is_sign_up {
            ensure!(has_budget, "an email was sent beyond the budget");
            self.count_email(self.world.clock.now().millis());
        }
        Ok(())
    }
}
