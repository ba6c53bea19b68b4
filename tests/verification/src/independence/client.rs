//! The client that is compared: what it does in each world.

use super::EVE;
use super::observation::{Observation, observe};
use crate::rng::Rng;
use kit::{ADA, ApiClient, ApiRequest, Email, GRACE, PASSWORD, WRONG, World, routes};

/// Wrong passwords and codes after which a browser is no longer known.
const KNOWN_MISTAKES: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    WrongPassword,
    RightPassword,
    RequestLogin,
    ForgotPassword,
    SignUp,
    WrongCode,
    MalformedCode,
    RightCode,
    RightLink,
    Me,
    LogOut,
    Page,
}

/// The actions of the client, each as often as it is likely.
const STEPS: [Step; 19] = [
    Step::WrongPassword,
    Step::WrongPassword,
    Step::WrongPassword,
    Step::WrongPassword,
    Step::RightPassword,
    Step::RequestLogin,
    Step::RequestLogin,
    Step::RequestLogin,
    Step::ForgotPassword,
    Step::SignUp,
    Step::WrongCode,
    Step::WrongCode,
    Step::MalformedCode,
    Step::RightCode,
    Step::RightCode,
    Step::RightLink,
    Step::Me,
    Step::LogOut,
    Step::Page,
];

/// A client that makes the same steps in each world.
pub(super) struct ScriptedClient<'w> {
    world: &'w World,
    client: ApiClient<'w>,
    /// The browser has signed in before, and its network is full of strangers.
    pub(super) is_known: bool,
    /// Wrong passwords and codes since the last sign-in.
    mistakes: usize,
    /// The last email to Eve that this client requested.
    email: Option<Email>,
}

/// One step of a client in one world.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StepResult {
    pub(super) step: Step,
    /// Is true if this was a known browser of Eve's before the step.
    pub(super) was_known: bool,
    pub(super) observation: Observation,
    /// Is true if the step caused an email to Eve that was sent.
    pub(super) received: bool,
}

impl<'w> ScriptedClient<'w> {
    pub(super) async fn start(world: &'w World, is_known: bool) -> Self {
        let client = world.client();
        if is_known {
            client.sign_in(EVE, PASSWORD).await.assert("200");
        }
        Self {
            world,
            client,
            is_known,
            mistakes: 0,
            email: None,
        }
    }

    /// Returns another browser in this client's network.
    pub(super) fn neighbor(&self) -> ApiClient<'w> {
        let neighbor = self.client.fork();
        for cookie in [
            "partner.sid",
            "partner.requests",
            "partner.known",
            "partner.draft",
        ] {
            neighbor.set_cookie(cookie, None);
        }
        neighbor
    }

    fn is_known_now(&self) -> bool {
        self.client.cookie("partner.known").is_some() && self.mistakes < KNOWN_MISTAKES
    }

    /// Makes a step that depends on `rng` and on what this client has done.
    pub(super) async fn step(&mut self, rng: &mut Rng) -> StepResult {
        let step = self.possible(*rng.pick(&STEPS));
        let was_known = self.is_known_now();
        self.world.settle().await;
        let before = self.world.portal.inbox().len();
        let (response, observation) = observe(self.world, self.request(step, rng)).await;
        self.world.settle().await;
        let mut emails = self.world.portal.inbox().split_off(before);
        emails.retain(|email| email.to == EVE);
        let received = emails.pop().map(Email::from);
        let step_result = StepResult {
            step,
            was_known,
            observation,
            received: received.is_some(),
        };
        // A reset link has no code, and is not redeemed.
        let received = received.filter(|email| !email.code.is_empty());
        self.email = received.or_else(|| self.email.take());
        let is_mistake = [Step::WrongPassword, Step::WrongCode].contains(&step);
        self.mistakes += usize::from(is_mistake);
        if response
            .cookies
            .iter()
            .any(|cookie| cookie.starts_with("partner.known="))
        {
            self.mistakes = 0;
        }
        step_result
    }

    /// Returns the step or, where the client cannot make it, another one.
    fn possible(&self, step: Step) -> Step {
        // A browser that is no longer known shares the limits of its network.
        let may_err = !self.is_known || self.mistakes < KNOWN_MISTAKES - 5;
        match step {
            Step::WrongPassword if !may_err => Step::RightPassword,
            Step::WrongCode if !may_err => Step::MalformedCode,
            Step::RightCode | Step::RightLink if self.email.is_none() => Step::RequestLogin,
            _ => step,
        }
    }

    fn request(&self, step: Step, rng: &mut Rng) -> ApiRequest<'_> {
        let client = &self.client;
        let email = *rng.pick(&[EVE, EVE, ADA, GRACE, "unknown@example.com"]);
        let email = if self.is_known { EVE } else { email };
        let key = format!("one-of-three-keys-{}", rng.below(3));
        let has_key = rng.one_in(2);
        let is_form = rng.one_in(2);
        let wrong_code = format!("{:08}", rng.below(100_000_000));
        // The account page lists the user's other sessions, which are no secret to the user.
        let page = *rng.pick(&[routes::SIGN_IN, routes::CHECK_EMAIL, routes::CONFIRM]);
        let request = match step {
            Step::WrongPassword => client.sign_in(email, WRONG),
            Step::RightPassword => client.sign_in(EVE, PASSWORD),
            Step::RequestLogin => client.request_login(email),
            Step::ForgotPassword => client.forgot_password(email),
            Step::SignUp => client.sign_up(email, "Eve"),
            Step::WrongCode => return client.verify_code(&wrong_code),
            Step::MalformedCode => return client.verify_code("1234"),
            Step::RightCode => {
                let code = self.email.as_ref().map_or("", |email| &email.code);
                return client.verify_code(code);
            }
            Step::RightLink => {
                let token = self.email.as_ref().map(Email::token).unwrap_or_default();
                return client.verify_link(&token);
            }
            Step::Me => return client.me(),
            Step::LogOut => return client.logout(),
            Step::Page => return client.open(page),
        };
        let request = if is_form { request.form() } else { request };
        if has_key {
            return request.idempotency_key(&key);
        }
        request
    }
}
