//! The clients that are not compared.

use super::EVE;
use super::client::ScriptedClient;
use crate::rng::Rng;
use futures_util::future::join_all;
use kit::{ADA, ApiClient, GRACE, PASSWORD, WRONG, World};

/// Networks that reach the limit on guesses at an address.
const CROWD: usize = 110;

/// All other clients of one world.
pub(super) struct Others<'w> {
    world: &'w World,
    rng: Rng,
    strangers: Vec<ApiClient<'w>>,
    /// A browser with Ada's account in the network of the compared client.
    colleague: ApiClient<'w>,
    /// Another browser with Eve's account, in another network.
    elsewhere: ApiClient<'w>,
    mistakes: usize,
}

impl<'w> Others<'w> {
    /// Starts clients that have not done anything, but for those that have signed in before.
    pub(super) async fn start(compared: &ScriptedClient<'w>, world: &'w World, rng: Rng) -> Self {
        let mut strangers: Vec<_> = (0..12).map(|_| world.client()).collect();
        // Nobody counts a known browser together with its network.
        if compared.is_known {
            strangers.extend((0..4).map(|_| compared.neighbor()));
        }
        let (colleague, elsewhere) = (compared.neighbor(), world.client());
        colleague.sign_in(ADA, PASSWORD).await.assert("200");
        elsewhere.sign_in(EVE, PASSWORD).await.assert("200");
        Self {
            world,
            rng,
            strangers,
            colleague,
            elsewhere,
            mistakes: 0,
        }
    }

    /// Does anything, or nothing.
    pub(super) async fn act(&mut self) {
        for _ in 0..*self.rng.pick(&[0, 1, 2, 6]) {
            self.act_once().await;
        }
        match self.rng.below(60) {
            0 => self.reach_password_limit().await,
            1 => self.use_up_budget().await,
            _ => {}
        }
        self.world.settle().await;
    }

    async fn act_once(&mut self) {
        match self.rng.below(10) {
            0 => self.colleague_acts().await,
            1 => self.owner_acts_elsewhere().await,
            _ => self.stranger_acts().await,
        }
    }

    async fn stranger_acts(&mut self) {
        let email = *self
            .rng
            .pick(&[EVE, EVE, EVE, ADA, GRACE, "unknown@example.com"]);
        let act = self.rng.below(6);
        let code = format!("{:08}", self.rng.below(100_000_000));
        let key = format!("one-of-four-keys-{}", self.rng.below(4));
        let stranger = self.rng.pick(&self.strangers);
        let request = match act {
            0 | 1 => stranger.sign_in(email, WRONG),
            2 => stranger.request_login(email).with("idempotency_key", key),
            3 => stranger.forgot_password(email),
            4 => stranger.sign_up(email, "Mallory"),
            _ => stranger.verify_code(&code),
        };
        let _any = request.await;
    }

    async fn colleague_acts(&mut self) {
        let colleague = &self.colleague;
        let act = self.rng.below(5);
        let is_mistake = act == 0 && self.mistakes < 20;
        self.mistakes = if act == 1 {
            0
        } else {
            self.mistakes + usize::from(is_mistake)
        };
        let request = match act {
            0 if is_mistake => colleague.sign_in(ADA, WRONG),
            0 | 1 => colleague.sign_in(ADA, PASSWORD),
            2 => colleague.request_login(ADA),
            3 => colleague.forgot_password(ADA),
            _ => colleague.me(),
        };
        let _any = request.await;
    }

    /// Signs in to the compared client's account in another browser, or out of it.
    async fn owner_acts_elsewhere(&mut self) {
        let elsewhere = &self.elsewhere;
        match self.rng.below(5) {
            0 => drop(elsewhere.sign_in(EVE, WRONG).await),
            // Without an idempotency key: the user's row remembers the last one only, so another
            // key, between two presses of a form, makes the second press another sign-in.
            1 | 2 => drop(elsewhere.sign_in(EVE, PASSWORD).await),
            3 => {
                self.world.settle().await;
                let before = self.world.portal.inbox().len();
                elsewhere.request_login(EVE).await;
                self.world.settle().await;
                if let Some(email) = self.world.portal.inbox().split_off(before).pop() {
                    elsewhere
                        .verify_link(&kit::Email::from(email).token())
                        .await;
                }
            }
            _ => drop(elsewhere.logout().await),
        }
    }

    /// Guesses Eve's password from so many networks that the limit of the address is reached.
    async fn reach_password_limit(&self) {
        let crowd: Vec<_> = (0..CROWD).map(|_| self.world.client()).collect();
        join_all(
            crowd
                .iter()
                .map(|client| client.sign_in(EVE, WRONG).into_future()),
        )
        .await;
    }

    /// Requests so many emails for Eve that the budget of the address is used up.
    async fn use_up_budget(&self) {
        let crowd: Vec<_> = (0..16).map(|_| self.world.client()).collect();
        join_all(
            crowd
                .iter()
                .map(|client| client.request_login(EVE).into_future()),
        )
        .await;
    }
}
