//! Where a flow happens: a fresh world, and clients who come back when they are told "later".

use super::answers::{Told, is_due, told};
use super::faults::{Faults, Met, Script};
use super::kinds::{Kind, Strike};
use super::tries::{Known, Tries};
use crate::dice::{Dice, random};
use local::Options;
use reqwest::Method;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use tests::{Answer, Browser, CHEAP_HASHES, Mail, World, owned, secs};

/// Everything is drawn from it, in every run.
pub(super) const SEED: u64 = 1;
/// The session's cookie.
pub(super) const SID: &str = "partner.sid";
/// How often a client comes back.
const MOST_TRIES: usize = 8;

/// A flow's world, and what the flow has brought about so far.
pub(super) struct Scene {
    /// The portal.
    pub(super) world: World,
    /// Who makes things go wrong.
    pub(super) faults: Arc<Faults>,
    /// The last record of the stream that is done with.
    pub(super) consumed: RefCell<Option<String>>,
    /// Links that have been used.
    used: RefCell<Vec<Used>>,
    /// Sessions that are to live, and sessions that have ended, by their tokens.
    living: RefCell<Vec<String>>,
    ended: RefCell<Vec<String>>,
    /// Passwords that are, or were, somebody's.
    pub(super) passwords: RefCell<Vec<Known>>,
    /// What was tried with them.
    pub(super) tries: RefCell<Tries>,
    /// Rows of mails that are erased with their user.
    erased_mails: RefCell<Vec<Value>>,
    /// How often a client was told "later".
    later: RefCell<usize>,
}

/// A link that has been used, and where.
#[derive(Clone)]
pub(super) struct Used {
    pub(super) route: &'static str,
    pub(super) token: String,
}

/// What a client was told in the end.
struct Insisted {
    answer: Answer,
    /// Whether it may have been done before that was judged: the client came back, or the
    /// function's own tries ran out.
    maybe_done: bool,
}

impl Scene {
    /// A world in which everything happens the same every time, until `faults` strikes.
    pub(super) async fn new(parameters: &[(&str, &str)], faults: Arc<Faults>) -> Self {
        let world = World::in_process(Options {
            parameters: owned(&[&CHEAP_HASHES, parameters].concat()),
            // The port differs from world to world; what links and mails say is not to.
            public_url: Some("http://localhost:8787".to_owned()),
            events_by_hand: true,
            random: Some(random(Dice::new(SEED))),
            ..Options::default()
        });
        let world = world.await;
        let decides = Arc::clone(&faults);
        world.portal.take_calls();
        world
            .portal
            .set_fault(move |attempt| decides.decide(attempt));
        Self {
            world,
            faults,
            consumed: RefCell::default(),
            used: RefCell::default(),
            living: RefCell::default(),
            ended: RefCell::default(),
            passwords: RefCell::default(),
            tries: RefCell::default(),
            erased_mails: RefCell::default(),
            later: RefCell::default(),
        }
    }

    /// A browser, or another client.
    pub(super) fn browser(&self) -> Browser<'_> {
        self.world.browser()
    }

    /// Lets time pass.
    pub(super) fn pass(&self, span: Duration) {
        self.world.time.pass(span);
    }

    /// Wants something to go wrong by itself.
    pub(super) fn script(&self, script: Script) {
        self.faults.script(script);
    }

    /// Does what a client does until it is told something else than "later". Whoever comes back may
    /// find that the first try was done after all, and wait for the throttle's window; unless that
    /// is what they want to see.
    async fn insist(&self, waits: bool, act: impl AsyncFn() -> Answer) -> Result<Insisted, String> {
        let mut came_back = false;
        for _ in 0..MOST_TRIES {
            // No two requests come at the same moment.
            self.pass(Duration::from_millis(10));
            let answer = act().await;
            let met = self.over();
            match (told(&answer), came_back) {
                (Told::Later, _) => {
                    self.may_say_later(&answer, met)?;
                    *self.later.borrow_mut() += 1;
                    came_back = true;
                    self.pass(secs(2));
                }
                (Told::Wait(span), true) if waits => self.pass(span),
                _ => {
                    let maybe_done =
                        came_back || (met.struck + met.scripted > 0 && !self.is_hidden(met));
                    return Ok(Insisted { answer, maybe_done });
                }
            }
        }
        Err("a client was told to come back for ever".to_owned())
    }

    /// The same, for an answer that must be of this status, and of this problem type if it is one.
    pub(super) async fn due(
        &self,
        status: u16,
        problem: &str,
        act: impl AsyncFn() -> Answer,
    ) -> Result<Answer, String> {
        let answer = self.insist(status != 429, act).await?.answer;
        is_due(&answer, status, problem).map(|()| answer)
    }

    /// The same, for what cannot be told from its own repeat: whoever asks for an answer that was
    /// lost may find `already` instead.
    pub(super) async fn due_or_done(
        &self,
        (status, problem): (u16, &str),
        already: (u16, &str),
        act: impl AsyncFn() -> Answer,
    ) -> Result<Answer, String> {
        let Insisted { answer, maybe_done } = self.insist(true, act).await?;
        let is_already = maybe_done && is_due(&answer, already.0, already.1).is_ok();
        if is_already {
            Ok(answer)
        } else {
            is_due(&answer, status, problem).map(|()| answer)
        }
    }

    /// The same, for a form that must lead there.
    pub(super) async fn leads(
        &self,
        act: impl AsyncFn() -> Answer,
        onwards: &str,
    ) -> Result<Answer, String> {
        let answer = self.due(303, "", act).await?;
        let leads = answer.location().ends_with(onwards);
        if leads {
            Ok(answer)
        } else {
            Err(format!(
                "a form led to {} instead of {onwards}",
                answer.location()
            ))
        }
    }

    /// The first answer that is not "later", whatever it is.
    pub(super) async fn told(&self, act: impl AsyncFn() -> Answer) -> Result<Answer, String> {
        Ok(self.insist(false, act).await?.answer)
    }

    /// Asks for a mail.
    pub(super) async fn ask(&self, browser: &Browser<'_>, email: &str) -> Result<Answer, String> {
        self.due(200, "", async || {
            browser
                .post("/auth/request-login", json!({"email": email}))
                .await
        })
        .await
    }

    /// Asks for a mail and waits for it.
    pub(super) async fn mailed(&self, browser: &Browser<'_>, email: &str) -> Result<Mail, String> {
        self.ask(browser, email).await?;
        self.deliver().await?;
        self.mail()
    }

    /// The latest mail.
    pub(super) fn mail(&self) -> Result<Mail, String> {
        self.world
            .portal
            .inbox()
            .last()
            .map(|mail| Mail(json!(mail)))
            .ok_or_else(|| "there is no mail".to_owned())
    }

    /// Redeems by JSON.
    pub(super) async fn redeem(
        &self,
        browser: &Browser<'_>,
        mail: &Mail,
        body: Value,
    ) -> Result<Answer, String> {
        let answer = self
            .due(200, "", async || {
                browser.post("/auth/verify", body.clone()).await
            })
            .await?;
        self.signed_in(browser, mail)?;
        Ok(answer)
    }

    /// Writes down that this browser has a session by this mail.
    pub(super) fn signed_in(&self, browser: &Browser<'_>, mail: &Mail) -> Result<(), String> {
        self.used(mail);
        self.has_session(browser)
    }

    /// Writes down that this browser has a session.
    pub(super) fn has_session(&self, browser: &Browser<'_>) -> Result<(), String> {
        let session = browser
            .cookie(SID)
            .ok_or("a sign-in that succeeded set no cookie")?;
        self.began(session);
        Ok(())
    }

    /// Writes down that there is this session.
    pub(super) fn began(&self, session: String) {
        self.living.borrow_mut().push(session);
    }

    /// Writes down that the link of this mail has been used: by whoever reads mail to its address.
    pub(super) fn used(&self, mail: &Mail) {
        let routes = ["/auth/verify", "/auth/activate", "/auth/reset-password"];
        let route = routes
            .into_iter()
            .find(|route| mail.path().starts_with(route))
            .unwrap_or_default();
        self.used.borrow_mut().push(Used {
            route,
            token: mail.token(),
        });
        self.proved(mail.0["to"].as_str().unwrap_or_default());
    }

    /// Writes down what is there of mails before a user is erased.
    pub(super) fn remember_mails(&self) {
        self.erased_mails
            .borrow_mut()
            .extend(self.world.rows("emails"));
    }

    /// Rows of mails that may have been erased since.
    pub(super) fn erased_mails(&self) -> Vec<Value> {
        self.erased_mails.borrow().clone()
    }

    /// Asks, and redeems the link in the same browser.
    pub(super) async fn sign_in(&self, browser: &Browser<'_>, email: &str) -> Result<Mail, String> {
        let mail = self.mailed(browser, email).await?;
        self.redeem(browser, &mail, json!({"token": mail.token()}))
            .await?;
        Ok(mail)
    }

    /// Who is signed in: somebody.
    pub(super) async fn me(&self, browser: &Browser<'_>) -> Result<Answer, String> {
        self.due(200, "", async || browser.me().await).await
    }

    /// Signs out.
    pub(super) async fn log_out(&self, browser: &Browser<'_>) -> Result<(), String> {
        let session = browser.cookie(SID).unwrap_or_default();
        self.due(200, "", async || {
            browser.post("/auth/logout", json!({})).await
        })
        .await?;
        if browser.cookie(SID).is_some() {
            return Err("a logout left the cookie".to_owned());
        }
        self.over_with(&session);
        Ok(())
    }

    /// Writes down that this session has ended.
    pub(super) fn over_with(&self, session: &str) {
        self.living.borrow_mut().retain(|one| one != session);
        self.ended.borrow_mut().push(session.to_owned());
    }

    /// The links that have been used.
    pub(super) fn links(&self) -> Vec<Used> {
        self.used.borrow().clone()
    }

    /// The sessions that are to live.
    pub(super) fn living(&self) -> Vec<String> {
        self.living.borrow().clone()
    }

    /// The sessions that have ended.
    pub(super) fn ended(&self) -> Vec<String> {
        self.ended.borrow().clone()
    }

    /// How often a client was told "later".
    pub(super) fn told_later(&self) -> usize {
        *self.later.borrow()
    }

    /// An invocation is over.
    pub(super) fn over(&self) -> Met {
        if self
            .faults
            .strike()
            .is_some_and(|strike| strike.kind == Kind::Late)
        {
            self.world.portal.release_delayed();
        }
        self.faults.invocation_over()
    }

    /// Whether the next attempt goes through.
    fn is_hidden(&self, met: Met) -> bool {
        self.faults.strike().is_some_and(Strike::is_hidden) && met.scripted == 0
    }

    fn may_say_later(&self, answer: &Answer, met: Met) -> Result<(), String> {
        let hidden = self.is_hidden(met);
        let wrong = if met.struck + met.scripted == 0 {
            "nothing went wrong"
        } else if hidden {
            "one attempt went wrong, and the next would have gone through"
        } else if answer.status == 500 && !met.died {
            "nothing died"
        } else if !answer.cookies.is_empty() {
            "cookies came with it"
        } else {
            return Ok(());
        };
        Err(format!(
            "{} {} was answered, but {wrong}",
            answer.status, answer.body
        ))
    }
}

/// A request with a bearer token.
pub(super) async fn with_bearer(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    token: &str,
) -> Answer {
    let request = browser
        .request(method, path)
        .header("authorization", format!("Bearer {token}"));
    browser
        .send(
            request
                .header("content-type", "application/json")
                .body("{}"),
        )
        .await
}
