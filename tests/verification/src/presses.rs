//! Impatient users: two to five presses of the same button over a slow network.
//!
//! Scripts are off. The browser keeps the last navigation only: each press aborts the one before,
//! whose request is carried out all the same. Requests and responses overtake each other, and the
//! minute or the hour may end in between. Whatever happens, one email is sent, and its code or link
//! works in that browser; the password form leaves one session, which that browser holds.

use crate::fixture::crowd;
use crate::parallel::{Seeds, paused};
use crate::rng::{Rng, random};
use crate::tally::Tally;
use crate::{Figures, Report, ensure, ensure_eq};
use clap::Args;
use futures_util::future::join_all;
use kit::{ADA, ApiClient, ApiRequest, ApiResponse, CHEAP_HASHES, Email, PASSWORD, World};
use kit::{hours, mins, parameters, routes, secs};
use local::Options;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The first of the seeds
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// The number of seeds; each has a portal of its own, where every form is pressed
    #[arg(long, default_value_t = 5000)]
    pub seeds: u64,
}

/// A form whose button is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    RequestLogin,
    SignUp,
    ForgotPassword,
    SignIn,
}

/// One press of a button.
struct Press {
    at: Instant,
    /// The time that the request takes to arrive, and the response to come back.
    latency: (Duration, Duration),
    /// The moment at which the next press aborts this one.
    aborted_at: Option<Instant>,
    /// The cookies of a response are kept even if its page is never shown.
    keeps_cookies: bool,
}

/// Presses the forms of one portal after another.
///
/// # Errors
/// Fails with the first wrong result and the command that replays it.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let seeds = Seeds::new(settings.first, settings.seeds, show_progress);
    let run_seed = |seed| {
        paused(seed, press_all(seed)).map_err(|why| {
            let command = "cargo run --profile verification -p verification -- presses";
            format!("seed {seed}, {why}\nreplay: {command} --first {seed} --seeds 1")
        })
    };
    let outcomes = seeds.run(run_seed, Tally::add)?;
    Ok(Figures::default().with("forms", &outcomes))
}

async fn press_all(seed: u64) -> Result<Tally, String> {
    let mut rng = Rng::derive(seed, 0);
    let has_passwords = rng.one_in(2);
    let activation = if has_passwords { "password" } else { "link" };
    let pairs = [("Activation", activation), ("SelfSignUp", "on")];
    let world = World::in_step(Options {
        public_url: Some("http://localhost:8787".to_owned()),
        parameters: parameters(&[&CHEAP_HASHES, &pairs[..]].concat()),
        random: Some(random(Rng::derive(seed, 1))),
        ..Options::default()
    })
    .await;
    let mut forms = vec![Form::RequestLogin, Form::SignUp];
    if has_passwords {
        world.set_password(ADA, PASSWORD).await;
        forms.extend([Form::ForgotPassword, Form::SignIn]);
    }
    world.portal.set_fault(crowd(Rng::derive(seed, 2)));
    let mut tally = Tally::default();
    for form in forms {
        let pressed = press_form(&world, form, &mut rng).await;
        tally.count(pressed.map_err(|why| format!("{form:?} with {activation}: {why}"))?);
    }
    Ok(tally)
}

/// Presses a form in one browser, and returns a description of the case.
async fn press_form(world: &World, form: Form, rng: &mut Rng) -> Result<String, String> {
    let browser = world.client();
    let is_known = rng.one_in(2);
    if is_known {
        browser.sign_in_by_link(ADA).await;
    }
    if rng.one_in(2) {
        browser.logout().await;
    }
    let crosses = wait_for_start(world, rng);
    let before = (
        world.emails().await.len(),
        world.audit("partner.login").len(),
    );
    let mut page = browser.open(form.page()).await;
    if page.status == 303 {
        // Without passwords, the first page has the form.
        page = browser.open(&page.location()).await;
    }
    let key = page.field("idempotency_key");
    let presses = presses(rng);
    let count = presses.len();
    let send = |press| press_once(&browser, form, &key, press);
    let responses = join_all(presses.into_iter().map(send)).await;
    for response in &responses {
        ensure_eq!(response.outcome(), form.outcome(), "a press of {count}");
    }
    let emails = world.emails().await.split_off(before.0);
    let log_ins = || world.audit("partner.login").len() - before.1;
    if form == Form::SignIn {
        ensure_eq!(emails, Vec::new(), "emails after a sign-in");
        ensure_eq!(log_ins(), 1, "sign-ins after {count} presses");
    } else {
        ensure_eq!(emails.len(), 1, "emails after {count} presses");
        redeem(&browser, form, &emails[0]).await?;
    }
    if form != Form::ForgotPassword {
        ensure_eq!(browser.me().await.outcome(), "200", "the browser's session");
    }
    let known = if is_known { "known" } else { "new" };
    Ok(format!("{form:?} in a {known} browser, {crosses}"))
}

/// Lets one to two hours go by. In two of three cases a minute or an hour ends while the user
/// presses.
fn wait_for_start(world: &World, rng: &mut Rng) -> &'static str {
    world.clock.advance(hours(1) + secs(rng.below(3600) as u64));
    let (length, name) = *rng.pick(&[
        (hours(1), "as the hour ends"),
        (mins(1), "as the minute ends"),
        (Duration::ZERO, "at any time"),
    ]);
    if length > Duration::ZERO {
        let millis = length.as_millis() as u64;
        let left = millis - world.clock.now().millis() % millis;
        let early = rng.below(7000) as u64;
        let wait = Duration::from_millis(left.saturating_sub(early));
        world.clock.advance(wait);
    }
    name
}

fn presses(rng: &mut Rng) -> Vec<Press> {
    let mut millis = |most| Duration::from_millis(rng.below(most + 1) as u64);
    let mut at = Instant::now();
    let mut presses: Vec<Press> = vec![];
    for _ in 0..2 + millis(3).as_millis() {
        if let Some(last) = presses.last_mut() {
            at += millis(1000);
            last.aborted_at = Some(at);
        }
        let latency = millis(3000);
        let there = millis(latency.as_millis() as usize);
        presses.push(Press {
            at,
            latency: (there, latency - there),
            aborted_at: None,
            keeps_cookies: millis(1).is_zero(),
        });
    }
    presses
}

/// Submits the form with the cookies of that moment, and keeps those of the response unless the
/// next press comes first.
async fn press_once(browser: &ApiClient<'_>, form: Form, key: &str, press: Press) -> ApiResponse {
    sleep_until(press.at).await;
    let request = browser.fork();
    sleep(press.latency.0).await;
    let response = form.submit(&request).with("idempotency_key", key).await;
    sleep(press.latency.1).await;
    let arrived_first = |aborted_at| press.keeps_cookies && Instant::now() < aborted_at;
    if press.aborted_at.is_none_or(arrived_first) {
        browser.keep_cookies(&response.cookies);
    }
    response
}

/// Uses the email in the browser that requested it: by its code, if the email has one.
async fn redeem(browser: &ApiClient<'_>, form: Form, email: &Email) -> Result<(), String> {
    let request = match form {
        Form::ForgotPassword => browser.reset_password(&email.token(), PASSWORD),
        _ if email.code.is_empty() => browser.activate(&email.token(), PASSWORD),
        _ => browser.verify_code(&email.code),
    };
    let response = request.await;
    let outcome = response.outcome();
    ensure!(outcome == "200", "the email: {outcome} {}", response.body);
    Ok(())
}

impl Form {
    const fn page(self) -> &'static str {
        match self {
            Self::RequestLogin | Self::SignIn => routes::CONTINUE,
            Self::SignUp => routes::SIGN_UP,
            Self::ForgotPassword => routes::FORGOT_PASSWORD,
        }
    }

    fn submit<'c>(self, client: &'c ApiClient<'c>) -> ApiRequest<'c> {
        let request = match self {
            Self::RequestLogin => client.request_login(ADA),
            Self::SignUp => client.sign_up("eve@example.com", "Eve"),
            Self::ForgotPassword => client.forgot_password(ADA),
            Self::SignIn => client.sign_in(ADA, PASSWORD),
        };
        request.form()
    }

    /// Returns the outcome of each press.
    const fn outcome(self) -> &'static str {
        match self {
            Self::RequestLogin => "303 /auth/check-email",
            Self::SignUp => "303 /auth/check-email?for=sign-up",
            Self::ForgotPassword => "303 /auth/check-email?for=reset",
            Self::SignIn => "303 /auth/account",
        }
    }
}
