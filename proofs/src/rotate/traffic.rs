//! The people: they ask, get mail, open, redeem, repeat, and look who they are.

use super::copies::Copies;
use super::{Ring, SESSION, moment};
use crate::dice::Dice;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tests::{Answer, Browser, World};

/// How long a link works.
const LINK: u64 = 15 * 60_000;
/// How long it may be redeemed again by whoever has redeemed it.
const REPEAT: u64 = 60_000;

/// A key that nobody can name.
const ANY: u64 = u64::MAX;

/// A mail that was asked for.
struct Asked {
    browser: usize,
    record: Value,
    requested_at: u64,
    nonce: String,
    /// The link's token and the code, once a letter has come.
    letter: Option<(String, String)>,
    /// The mailer has not said that it is done.
    owed: bool,
    next_try: u64,
    redeemed_at: Option<u64>,
    /// The page's random field that it was redeemed with.
    attempt: Option<String>,
    /// The id of the session that it gave.
    gave: String,
}

impl Asked {
    fn id(&self) -> &str {
        self.record["dynamodb"]["NewImage"]["link_id"]["S"]
            .as_str()
            .unwrap_or_default()
    }
}

/// A session that lives.
struct Living {
    id: String,
    token: String,
    kid: String,
    expires_at: u64,
}

pub(super) struct Traffic<'w> {
    world: &'w World,
    dice: Dice,
    copies: Arc<Copies>,
    only_asker: bool,
    browsers: Vec<Browser<'w>>,
    asked: Vec<Asked>,
    living: Vec<Living>,
    stream: Option<String>,
    pub(super) answers: BTreeMap<(&'static str, &'static str), u64>,
}

impl<'w> Traffic<'w> {
    pub(super) fn new(world: &'w World, dice: Dice, copies: Arc<Copies>, only_asker: bool) -> Self {
        let browsers = (0..6).map(|_| world.browser()).collect();
        let answers = BTreeMap::new();
        Self {
            world,
            dice,
            copies,
            only_asker,
            browsers,
            asked: vec![],
            living: vec![],
            stream: None,
            answers,
        }
    }

    fn now(&self) -> u64 {
        self.world.time.now().millis()
    }

    /// Somebody does something.
    ///
    /// # Errors
    /// A good thing was refused.
    pub(super) async fn act(&mut self, ring: &Ring) -> Result<(), String> {
        let now = self.now();
        self.asked
            .retain(|asked| now + 1000 < asked.requested_at / 1000 * 1000 + LINK);
        self.living.retain(|session| now < session.expires_at);
        match self.dice.below(10) {
            0 | 1 => self.ask().await,
            2 | 3 => self.deliver().await,
            4 => self.open(ring).await,
            5 | 6 => self.redeem(ring).await,
            7 => self.code().await,
            _ => self.look(ring).await,
        }
    }

    /// 200, or 503 where an instance may lack a key that was added at `added_at`.
    fn judge(
        &mut self,
        kind: &'static str,
        function: &str,
        answer: &Answer,
        added_at: u64,
    ) -> Result<bool, String> {
        let now = self.now();
        let good =
            matches!(answer.status.as_u16(), 200 | 303) && !answer.location().contains("error=");
        let later = answer.status == 503 || answer.location().contains("error=unavailable");
        let outcome = match (good, later) {
            (true, _) => "good",
            (_, true) if self.copies.may_lack(function, added_at, now) => {
                "unavailable: the copy is 10 minutes old"
            }
            _ => {
                let what = format!("{} {} {}", answer.status, answer.location(), answer.body);
                return Err(format!(
                    "{kind}: {what} (its key was added at {})",
                    moment(added_at)
                ));
            }
        };
        *self.answers.entry((kind, outcome)).or_default() += 1;
        Ok(good)
    }

    async fn ask(&mut self) -> Result<(), String> {
        let browser = self.dice.below(self.browsers.len());
        let held = self.nonces(browser);
        let body = json!({"email": "ada@example.com"});
        let answer = self.browsers[browser]
            .post("/auth/request-login", body)
            .await;
        // Asking needs no key that somebody else has: it is never refused.
        if answer.status != 200 {
            return Err(format!("asking: {} {}", answer.status, answer.body));
        }
        *self.answers.entry(("ask", "good")).or_default() += 1;
        let nonces = self.nonces(browser);
        let kept = held.len().min(2);
        if nonces.len() != kept + 1 || nonces[1..] != held[..kept] {
            return Err(format!(
                "asking: of {} nonces of a browser, {} are left",
                held.len(),
                nonces.len() - 1
            ));
        }
        let records = self
            .world
            .portal
            .stream_records(self.stream.as_deref())
            .unwrap();
        for record in records {
            self.stream = record["dynamodb"]["SequenceNumber"]
                .as_str()
                .map(str::to_owned);
            if record["eventName"] == "INSERT" {
                self.asked.push(Asked {
                    browser,
                    record,
                    requested_at: self.now(),
                    nonce: nonces[0].clone(),
                    letter: None,
                    owed: true,
                    next_try: 0,
                    redeemed_at: None,
                    attempt: None,
                    gave: String::new(),
                });
            }
        }
        Ok(())
    }

    /// The mailer is handed a mail that it has not taken; or it sweeps, for those that wait in
    /// their rows.
    async fn deliver(&mut self) -> Result<(), String> {
        let now = self.now();
        if self.dice.one_in(4) {
            let _answer = self
                .world
                .portal
                .invoke("mailer", json!({"Sweep": {}}))
                .await?;
            *self.answers.entry(("deliver", "sweep")).or_default() += 1;
            return self.read_letters();
        }
        let owed: Vec<_> = (0..self.asked.len())
            .filter(|n| self.asked[*n].owed && self.asked[*n].next_try <= now)
            .collect();
        let Some(n) = owed.get(self.dice.below(owed.len())) else {
            return Ok(());
        };
        let asked = &mut self.asked[*n];
        let answer = self
            .world
            .portal
            .invoke("mailer", json!({ "Records": [asked.record] }))
            .await?;
        // After a lease.
        asked.next_try = now + 31_000;
        asked.owed = !answer["batchItemFailures"]
            .as_array()
            .is_none_or(Vec::is_empty);
        let outcome = if asked.owed {
            "mail to come again"
        } else {
            "mail taken"
        };
        *self.answers.entry(("deliver", outcome)).or_default() += 1;
        self.read_letters()
    }

    /// Whatever mail a letter is of, it is the same every time.
    fn read_letters(&mut self) -> Result<(), String> {
        for mail in self.world.portal.take_inbox() {
            let token = mail
                .links
                .first()
                .and_then(|link| link.rsplit('/').next())
                .unwrap_or_default()
                .to_owned();
            let link = claims(&token)["jti"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            // In a link's last second, nobody waits for it any more.
            let Some(asked) = self.asked.iter_mut().find(|asked| asked.id() == link) else {
                continue;
            };
            let letter = (token, mail.code.unwrap_or_default());
            if asked.letter.as_ref().is_some_and(|first| *first != letter) {
                return Err("a mail was sent again with another link".to_owned());
            }
            let again = asked.letter.replace(letter).is_some();
            *self
                .answers
                .entry(("template", if again { "the same again" } else { "first" }))
                .or_default() += 1;
        }
        Ok(())
    }

    /// A mail whose letter has come.
    fn mailed(&mut self, fits: impl Fn(&Asked) -> bool) -> Option<usize> {
        let mailed: Vec<_> = (0..self.asked.len())
            .filter(|n| self.asked[*n].letter.is_some() && fits(&self.asked[*n]))
            .collect();
        mailed.get(self.dice.below(mailed.len())).copied()
    }

    async fn open(&mut self, ring: &Ring) -> Result<(), String> {
        let Some(n) = self.mailed(|_| true) else {
            return Ok(());
        };
        let token = self.asked[n].letter.clone().unwrap_or_default().0;
        let browser = &self.browsers[self.asked[n].browser];
        let held = browser
            .cookie("partner.sid")
            .map_or(0, |session| ring.added_at(&kid(&session)));
        let answer = browser.get(&format!("/auth/verify/{token}")).await;
        let added_at = ring.added_at(&kid(&token)).max(held);
        self.judge("open", "pages", &answer, added_at).map(drop)
    }

    /// A link is redeemed, or redeemed again within a minute, by the browser that asked or the page
    /// that did it first.
    async fn redeem(&mut self, ring: &Ring) -> Result<(), String> {
        let now = self.now();
        let Some(n) = self.some_redeemable() else {
            return Ok(());
        };
        let again = self.asked[n].redeemed_at.is_some();
        let knows_attempt = self.asked[n].attempt.is_some();
        let stranger = (!again || knows_attempt) && !self.only_asker && self.dice.one_in(3);
        if !stranger && !self.still_asks(n) {
            return Ok(());
        }
        let attempt = self.asked[n]
            .attempt
            .clone()
            .unwrap_or_else(|| format!("attempt-{:016x}", self.dice.throw()));
        let (token, _) = self.asked[n].letter.clone().unwrap_or_default();
        let mut body = json!({"token": token});
        // The browser that asked can repeat without it.
        if stranger || self.dice.one_in(2) {
            body["idempotency_key"] = json!(attempt);
        }
        let elsewhere = self.world.browser();
        let browser = if stranger {
            &elsewhere
        } else {
            &self.browsers[self.asked[n].browser]
        };
        let held = browser.cookie("partner.sid");
        let answer = browser.post("/auth/verify", body.clone()).await;
        let cookie = browser.cookie("partner.sid");
        let kind = if again { "redeem again" } else { "redeem" };
        // The session that the browser has is read too: it is the one that ends.
        let held_since = held
            .as_deref()
            .map_or(0, |session| ring.added_at(&kid(session)));
        if self.judge(
            kind,
            "verify",
            &answer,
            ring.added_at(&kid(&token)).max(held_since),
        )? {
            if !again {
                let sent = body.get("idempotency_key").map(|_| attempt);
                (self.asked[n].redeemed_at, self.asked[n].attempt) = (Some(now), sent);
            }
            let replaced = held.filter(|_| !again);
            self.asked[n].gave = self.begun(cookie, replaced);
        }
        Ok(())
    }

    /// A mail that was not redeemed yet, or just now: then its session must live for it to be given
    /// again.
    fn some_redeemable(&mut self) -> Option<usize> {
        let now = self.now();
        let living: BTreeSet<_> = self
            .living
            .iter()
            .map(|session| session.id.clone())
            .collect();
        self.mailed(|asked| {
            asked
                .redeemed_at
                .is_none_or(|at| now <= at + REPEAT && living.contains(&asked.gave))
        })
    }

    /// A code is typed in the browser that asked.
    async fn code(&mut self) -> Result<(), String> {
        let Some(n) = self.mailed(|asked| asked.redeemed_at.is_none()) else {
            return Ok(());
        };
        if !self.still_asks(n) {
            return Ok(());
        }
        let (_, code) = self.asked[n].letter.clone().unwrap_or_default();
        let browser = &self.browsers[self.asked[n].browser];
        let held = browser.cookie("partner.sid");
        let answer = browser.post("/auth/verify", json!({ "code": code })).await;
        let cookie = browser.cookie("partner.sid");
        // Which key a code is of, it does not say: a copy that is too old refuses whatever it
        // lacks.
        if self.judge("code", "verify", &answer, ANY)? {
            self.asked[n].redeemed_at = Some(self.now());
            self.asked[n].gave = self.begun(cookie, held);
        }
        Ok(())
    }

    /// Takes over a session, which may have replaced another one; gives its id.
    fn begun(&mut self, cookie: Option<String>, replaced: Option<String>) -> String {
        let token = cookie.unwrap_or_default();
        let id = session_id(&token);
        if let Some(old) = replaced.map(|token| session_id(&token)) {
            self.living.retain(|session| session.id != old);
        }
        let expires_at = claims(&token)["exp"].as_u64().unwrap_or_default() * 1000;
        assert!(
            expires_at <= self.now() + SESSION,
            "a session lives for an hour"
        );
        self.living.push(Living {
            id: id.clone(),
            kid: kid(&token),
            token,
            expires_at,
        });
        id
    }

    async fn look(&mut self, ring: &Ring) -> Result<(), String> {
        if self.living.is_empty() {
            return Ok(());
        }
        let youngest = self.living.len() - 1;
        let n = if self.dice.one_in(2) {
            youngest
        } else {
            self.dice.below(youngest + 1)
        };
        self.look_at(n, ring).await
    }

    async fn look_at(&mut self, n: usize, ring: &Ring) -> Result<(), String> {
        let session = &self.living[n];
        let (browser, added_at) = (self.world.browser(), ring.added_at(&session.kid));
        browser.set_cookie("partner.sid", Some(&session.token));
        let answer = browser.me().await;
        self.judge("me", "me", &answer, added_at).map(drop)
    }

    /// Everybody whose session lives is signed in.
    ///
    /// # Errors
    /// Somebody is not.
    pub(super) async fn everybody_is_signed_in(&mut self, ring: &Ring) -> Result<(), String> {
        let now = self.now();
        self.living.retain(|session| now < session.expires_at);
        for n in 0..self.living.len() {
            self.look_at(n, ring).await?;
        }
        Ok(())
    }

    /// The key that has signed most of the living sessions.
    pub(super) fn busiest_key(&self) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.living
            .iter()
            .for_each(|session| *counts.entry(&session.kid).or_default() += 1);
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(kid, _)| kid.to_owned())
    }

    /// Whatever `leaked` has signed is refused by now, by every instance, and everything else is
    /// not.
    ///
    /// # Errors
    /// It is not so.
    pub(super) async fn is_refused(&mut self, leaked: &str) -> Result<u64, String> {
        let (now, mut refused) = (self.now(), 0);
        for session in self
            .living
            .iter()
            .filter(|session| now < session.expires_at)
        {
            // Often enough that every instance is asked.
            for _ in 0..8 {
                let browser = self.world.browser();
                browser.set_cookie("partner.sid", Some(&session.token));
                let answer = browser.me().await;
                let must = if session.kid == leaked { 401 } else { 200 };
                if answer.status != must {
                    return Err(format!(
                        "key {leaked} was removed, a session of key {}: {}",
                        session.kid, answer.status
                    ));
                }
            }
            refused += u64::from(session.kid == leaked);
        }
        let fresh = |asked: &&Asked| {
            asked.redeemed_at.is_none() && now < asked.requested_at / 1000 * 1000 + LINK
        };
        for (token, _) in self
            .asked
            .iter()
            .filter(fresh)
            .filter_map(|asked| asked.letter.as_ref())
        {
            if kid(token) == leaked {
                let answer = self
                    .world
                    .browser()
                    .post("/auth/verify", json!({ "token": token }))
                    .await;
                if answer.problem() != "invalid-token" {
                    return Err(format!(
                        "key {leaked} was removed, a link of it: {} {}",
                        answer.status, answer.body
                    ));
                }
                refused += 1;
            }
        }
        Ok(refused)
    }

    fn nonces(&self, browser: usize) -> Vec<String> {
        let cookie = self.browsers[browser]
            .cookie("partner.requests")
            .unwrap_or_default();
        cookie
            .split('.')
            .filter(|nonce| !nonce.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether the browser that asked for this mail still has its nonce: it keeps the last three.
    fn still_asks(&self, n: usize) -> bool {
        self.nonces(self.asked[n].browser)
            .contains(&self.asked[n].nonce)
    }
}

/// What a token says.
fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode(token)
        .unwrap()
        .claims
}

/// The id of the session that a token is of.
fn session_id(token: &str) -> String {
    claims(token)["sid"].as_str().unwrap_or_default().to_owned()
}

/// The key that signed a token.
fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token)
        .ok()
        .and_then(|header| header.kid)
        .unwrap_or_default()
}
