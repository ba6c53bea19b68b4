//! The kinds of steps, and a simulation that makes them.

use super::environment::{Environment, StepResult};
use super::environment_steps::{advance_clocks, change_faults, change_keys, expire_rows};
use super::portal::PortalUnderTest;
use super::rules::{DAY, Rules};
use crate::ensure;
use crate::key_ring::KeyRing;
use crate::rng::Rng;
use crate::rows::is_finished;
use crate::tally::Tally;
use kit::World;
use std::sync::{Arc, PoisonError};

/// The two portals of a company. They share a key ring, which no two deployed portals do.
pub(super) const PORTALS: [&str; 2] = ["partner", "staff"];
/// The number of times that the mailer runs at the end, and the time between them in milliseconds.
const FINAL_RUNS: usize = 12;
const BETWEEN_FINAL_RUNS: u64 = 61_000;
/// The most days that an invitation waits for its budget at the end.
const MAX_WAIT: usize = 60;
/// The tables are compared with the model after this many steps, and at the end.
const CHECK_EVERY: usize = 50;

/// A kind of step. To add one: name it here, weigh it in [`WEIGHTS`], make it in
/// [`Simulation::make`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    RequestEmail,
    Deliver,
    OpenLink,
    Redeem,
    EnterCode,
    GuessCodes,
    SignIn,
    SignInTwice,
    Guess,
    SetPassword,
    Me,
    Logout,
    LogoutByLink,
    ReplaySession,
    Forge,
    CrossPortals,
    RedeemTwice,
    LogoutDuringMe,
    DeliverTwice,
    RevokeDuringRedeem,
    Suspend,
    Reactivate,
    RevokeSessions,
    CreateUser,
    EraseUser,
    AdvanceClocks,
    Sweep,
    ExpireRows,
    ChangeKeys,
    ChangeFaults,
}

/// The frequency of each kind of step, relative to the others.
const WEIGHTS: [(Step, usize); 30] = [
    (Step::RequestEmail, 20),
    (Step::Deliver, 18),
    (Step::OpenLink, 5),
    (Step::Redeem, 18),
    (Step::EnterCode, 10),
    (Step::GuessCodes, 3),
    (Step::SignIn, 12),
    (Step::SignInTwice, 2),
    (Step::Guess, 3),
    (Step::SetPassword, 10),
    (Step::Me, 10),
    (Step::Logout, 3),
    (Step::LogoutByLink, 2),
    (Step::ReplaySession, 4),
    (Step::Forge, 2),
    (Step::CrossPortals, 2),
    (Step::RedeemTwice, 2),
    (Step::LogoutDuringMe, 3),
    (Step::DeliverTwice, 2),
    (Step::RevokeDuringRedeem, 1),
    (Step::Suspend, 1),
    (Step::Reactivate, 3),
    (Step::RevokeSessions, 1),
    (Step::CreateUser, 4),
    (Step::EraseUser, 1),
    (Step::AdvanceClocks, 9),
    (Step::Sweep, 4),
    (Step::ExpireRows, 1),
    (Step::ChangeKeys, 3),
    (Step::ChangeFaults, 4),
];

/// Two portals, and what has happened to them.
pub(super) struct Simulation<'w> {
    env: Environment,
    portals: [PortalUnderTest<'w>; 2],
    /// A line for each step so far.
    pub(super) trace: Vec<String>,
    pub(super) outcomes: Tally,
    is_verbose: bool,
}

impl<'w> Simulation<'w> {
    pub(super) async fn new(
        started: &'w [(World, Rules); 2],
        rng: Rng,
        keys: KeyRing,
        is_verbose: bool,
    ) -> Self {
        let [(one, one_rules), (other, other_rules)] = started;
        let env = Environment::new(rng, keys, [one.clock.clone(), other.clock.clone()]);
        let portals = [
            PortalUnderTest::new(PORTALS[0], one, one_rules).await,
            PortalUnderTest::new(PORTALS[1], other, other_rules).await,
        ];
        for portal in &portals {
            let faults = Arc::clone(&env.faults);
            portal.world.portal.set_fault(move |call| {
                let mut faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
                faults.inject(call)
            });
        }
        Self {
            env,
            portals,
            trace: vec![],
            outcomes: Tally::default(),
            is_verbose,
        }
    }

    /// Makes this many random steps, and checks the tables from time to time.
    ///
    /// # Errors
    /// Fails with the first difference between a portal and the model.
    pub(super) async fn run(&mut self, steps: usize) -> Result<(), String> {
        for number in 1..=steps {
            let at = |why| format!("step {number} of {steps}: {why}");
            self.step(number).await.map_err(at)?;
            if number % CHECK_EVERY == 0 {
                self.check_tables().map_err(at)?;
            }
        }
        self.settle()
            .await
            .map_err(|why| format!("at the end: {why}"))
    }

    async fn step(&mut self, number: usize) -> Result<(), String> {
        // Keys that are unreachable for long excuse too many responses.
        let restores_keys = self.env.are_keys_down() && self.env.rng.one_in(20);
        let step = if restores_keys {
            Step::ChangeKeys
        } else {
            random_step(&mut self.env.rng)
        };
        let at = usize::from(self.env.rng.one_in(4));
        let moment = 1 + self.env.rng.below(40) as u64;
        self.env.advance(moment);
        let name = PORTALS[at];
        let report = self.make(step, at).await;
        let report = report.map_err(|why| format!("{step:?} in {name}: {why}"))?;
        let is_unclear = self.env.may_fail();
        for portal in &mut self.portals {
            portal.end_step(is_unclear);
        }
        let (detail, outcome) = (report.detail, report.outcome);
        let now = self.env.now();
        self.note(format!(
            "{number} {now} {name} {step:?} {detail}: {outcome}"
        ));
        self.outcomes.count(format!("{step:?}: {outcome}"));
        self.env.faults().forbidden_call.take().map_or(Ok(()), Err)
    }

    /// Makes one step in a portal; the last ones are about both portals.
    async fn make(&mut self, step: Step, at: usize) -> StepResult {
        let env = &mut self.env;
        let portal = &mut self.portals[at];
        match step {
            Step::RequestEmail => portal.request_email(env).await,
            Step::Deliver => portal.deliver(env).await,
            Step::OpenLink => portal.open_link(env).await,
            Step::Redeem => portal.redeem(env).await,
            Step::EnterCode => portal.enter_code(env).await,
            Step::GuessCodes => portal.guess_codes(env).await,
            Step::SignIn => portal.sign_in(env).await,
            Step::SignInTwice => portal.sign_in_twice(env).await,
            Step::Guess => portal.guess(env).await,
            Step::SetPassword => portal.set_password(env).await,
            Step::Me => portal.me(env).await,
            Step::Logout => portal.logout(env).await,
            Step::LogoutByLink => portal.logout_by_link(env).await,
            Step::ReplaySession => portal.replay_session(env).await,
            Step::Forge => portal.forge(env).await,
            Step::RedeemTwice => portal.redeem_twice(env).await,
            Step::LogoutDuringMe => portal.logout_during_me(env).await,
            Step::DeliverTwice => portal.deliver_twice(env).await,
            Step::RevokeDuringRedeem => portal.revoke_during_redeem(env).await,
            Step::Suspend => portal.suspend(env),
            Step::Reactivate => portal.reactivate(env),
            Step::RevokeSessions => portal.revoke_sessions(env),
            Step::CreateUser => portal.create_user(env).await,
            Step::EraseUser => portal.erase_user(env).await,
            Step::Sweep => portal.sweep(env).await,
            Step::CrossPortals => self.portals[1 - at].cross(env, &self.portals[at]).await,
            Step::AdvanceClocks => advance_clocks(env, &self.portals[0]),
            Step::ExpireRows => expire_rows(&mut self.portals),
            Step::ChangeKeys => change_keys(env, &self.portals),
            Step::ChangeFaults => change_faults(env),
        }
    }

    #[expect(
        clippy::disallowed_macros,
        reason = "this is for the person at the terminal, not a log"
    )]
    fn note(&mut self, line: String) {
        if self.is_verbose {
            eprintln!("{line}");
        }
        self.trace.push(line);
    }

    /// Ends all faults and runs the mailer until every email is finished; then checks everything.
    async fn settle(&mut self) -> Result<(), String> {
        let env = &mut self.env;
        env.calm();
        for run in 0..FINAL_RUNS {
            for portal in &mut self.portals {
                if run > 0 {
                    portal.sweep(env).await?;
                    continue;
                }
                // The stream delivers each email once; the rest is for the sweep alone.
                for links in portal.model.unfinished().chunks(10) {
                    portal.deliver_links(env, links).await?;
                }
            }
            env.advance(BETWEEN_FINAL_RUNS);
        }
        self.await_budgets().await?;
        self.check_tables()?;
        let faults = self.env.faults().injected;
        self.outcomes.count_by("injected faults", faults);
        for portal in &self.portals {
            let mut unfinished = portal.world.rows("emails");
            unfinished.retain(|row| !is_finished(row));
            ensure!(unfinished.is_empty(), "unfinished emails: {unfinished:?}");
            portal.check_secrets(&mut self.env.rng)?;
        }
        Ok(())
    }

    /// Runs the mailer every day, until no invitation waits for its budget.
    async fn await_budgets(&mut self) -> Result<(), String> {
        let env = &mut self.env;
        for portal in &mut self.portals {
            for _ in 0..MAX_WAIT {
                if portal.model.unfinished().is_empty() {
                    break;
                }
                env.advance(DAY);
                portal.sweep(env).await?;
            }
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), String> {
        self.portals.iter().try_for_each(|portal| {
            let name = portal.name;
            portal
                .check_tables()
                .map_err(|why| format!("{name}: {why}"))
        })
    }
}

fn random_step(rng: &mut Rng) -> Step {
    let mut left = rng.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
    for (step, weight) in WEIGHTS {
        if left < weight {
            return step;
        }
        left -= weight;
    }
    unreachable!("the number is below the sum of the weights")
}
