//! Steps: sessions, and what is none.

use super::outcome::Outcome;
use super::simulation::{Said, Simulation, idle, note};
use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Browser};

impl Simulation<'_> {
    /// A client asks who it is.
    pub(super) async fn me(&mut self, s: usize) -> Said {
        let client = self.some_visitor(s);
        let side = &self.sides[s];
        let token = side.token(client);
        let answer = match (&token, side.clients[client].bearer) {
            (Some(token), true) => {
                shows(
                    &side.clients[client].browser,
                    Method::GET,
                    "/auth/me",
                    token,
                    &json!({}),
                )
                .await
            }
            _ => side.clients[client].browser.me().await,
        };
        self.after_me(s, token.as_deref(), &answer, &format!("client {client}"))
    }

    /// Somebody shows an old token: of a session that ended, was replaced, or lives.
    pub(super) async fn replay(&mut self, s: usize) -> Said {
        let side = &self.sides[s];
        let sessions: Vec<_> = side
            .model
            .sessions
            .iter()
            .filter(|session| !session.tokens.is_empty())
            .collect();
        if sessions.is_empty() {
            return idle("no session");
        }
        let session = sessions[self.dice.below(sessions.len())];
        let token = session.tokens[self.dice.below(session.tokens.len())].clone();
        let thief = side.world.browser();
        let answer = if self.dice.one_in(2) {
            thief.set_cookie(&format!("{}.sid", side.name), Some(&token));
            thief.me().await
        } else {
            shows(&thief, Method::GET, "/auth/me", &token, &json!({})).await
        };
        self.after_me(s, Some(&token), &answer, "an old token")
    }

    fn after_me(&self, s: usize, token: Option<&str>, answer: &Answer, who: &str) -> Said {
        let side = &self.sides[s];
        let session = token.and_then(|token| side.model.session_of(token));
        let lives = session.is_some_and(|session| side.model.lives(session, side.now()));
        let must = if lives {
            Outcome::Good
        } else {
            Outcome::NotSignedIn
        };
        let line = format!("{who} session {session:?}");
        // Nobody without a token is kept waiting by the store.
        let judged = self.judge(&format!("{who} with session {session:?}"), answer, &must)?;
        if !judged && token.is_none() {
            return Err("503 for somebody who shows nothing".to_owned());
        }
        let (true, Some(session)) = (judged && lives, session) else {
            return note(line, Outcome::of(answer).name());
        };
        let (body, session) = (answer.json(), &side.model.sessions[session]);
        let right = body["id"] == session.user.as_str()
            && body["email"] == side.model.people[session.person].address.as_str()
            && body["session"]["id"] == session.hash.as_str();
        if right {
            note(line, "good")
        } else {
            Err(format!("{body} is not {session:?}"))
        }
    }

    /// Somebody logs out: a client, or whoever has found an old token.
    pub(super) async fn logout(&mut self, s: usize) -> Said {
        let client = self.some_visitor(s);
        let form = self.dice.one_in(4);
        let side = &self.sides[s];
        let token = side.token(client);
        let browser = &side.clients[client].browser;
        let answer = match (&token, side.clients[client].bearer) {
            (Some(token), true) => {
                shows(browser, Method::POST, "/auth/logout", token, &json!({})).await
            }
            _ if form => browser.post_form("/auth/logout", &[]).await,
            _ => browser.post("/auth/logout", json!({})).await,
        };
        let session = token.and_then(|token| side.model.session_of(&token));
        let line = format!("client {client} session {session:?}");
        let judged = self.judge("logging out", &answer, &Outcome::Good)?;
        self.after_logout(s, session, judged)?;
        if judged {
            if self.sides[s].token(client).is_some() && !self.sides[s].clients[client].bearer {
                return Err("the cookie is still there".to_owned());
            }
            self.sides[s].clients[client].token = None;
        }
        note(line, Outcome::of(&answer).name())
    }

    /// Takes over that a session has ended; where the answer was lost, if its row is gone.
    pub(super) fn after_logout(
        &mut self,
        s: usize,
        session: Option<usize>,
        judged: bool,
    ) -> Result<(), String> {
        let Some(session) = session else {
            return Ok(());
        };
        let side = &mut self.sides[s];
        let now = side.now();
        let known = &side.model.sessions[session];
        let ran = !known.ended && !known.swept && known.expires_at > now;
        let gone = side
            .row("sessions", &known.user, Some(&known.hash))
            .is_none();
        let was_gone = known.ended || known.swept;
        if (was_gone && !gone) || (gone && !was_gone && !ran) || (ran && judged && !gone) {
            return Err(format!(
                "after a logout the row is gone: {gone}, for {known:?}"
            ));
        }
        side.model.sessions[session].ended |= ran && gone;
        Ok(())
    }

    /// Somebody shows what is no session and no link: one as the other, or one that was tampered
    /// with.
    pub(super) async fn forge(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        let side = &self.sides[s];
        let link = side.model.links[link]
            .letter
            .as_ref()
            .map(|letter| letter.token.clone())
            .unwrap_or_default();
        let sessions: Vec<_> = side
            .model
            .sessions
            .iter()
            .flat_map(|session| session.tokens.first())
            .collect();
        let session = sessions
            .get(self.dice.below(sessions.len()))
            .map_or_else(|| link.clone(), |one| (*one).clone());
        let stranger = side.world.browser();
        let (what, answer, must) = match self.dice.below(4) {
            0 => (
                "a link as a session",
                shows(&stranger, Method::GET, "/auth/me", &link, &json!({})).await,
                Outcome::NotSignedIn,
            ),
            1 if session != link => {
                let answer = stranger
                    .post("/auth/verify", json!({ "token": session }))
                    .await;
                ("a session as a link", answer, Outcome::InvalidToken)
            }
            2 => {
                let answer = stranger
                    .post("/auth/verify", json!({ "token": self.tampered(&link) }))
                    .await;
                (
                    "a link that was tampered with",
                    answer,
                    Outcome::InvalidToken,
                )
            }
            _ => {
                let tampered = self.tampered(&session);
                let answer = shows(&stranger, Method::GET, "/auth/me", &tampered, &json!({})).await;
                (
                    "a session that was tampered with",
                    answer,
                    Outcome::NotSignedIn,
                )
            }
        };
        self.judge(what, &answer, &must)?;
        note(what.to_owned(), Outcome::of(&answer).name())
    }

    /// The token with one character of its claims or its signature changed.
    fn tampered(&mut self, token: &str) -> String {
        let start = token.find('.').unwrap_or_default() + 1;
        // The last character of a part may hold bits that mean nothing.
        let places: Vec<_> = token
            .bytes()
            .enumerate()
            .skip(start)
            .filter(|(_, byte)| *byte != b'.')
            .map(|(at, _)| at)
            .collect();
        let at = places[self.dice.below(places.len() - 1)];
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    }

    /// Somebody shows one portal what the other has given out: links, codes with their nonces,
    /// sessions.
    pub(super) async fn cross(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        let (here, there) = (&self.sides[s], &self.sides[1 - s]);
        let known = &here.model.links[link];
        let letter = known.letter.clone().ok_or("a mailed link has a letter")?;
        let stranger = there.world.browser();
        let cookie = |name: &str| format!("{}.{name}", there.name);
        if let Some(nonce) = &known.nonce {
            stranger.set_cookie(&cookie("ask"), Some(nonce));
        }
        let session = here
            .model
            .sessions
            .iter()
            .rev()
            .find_map(|session| session.tokens.last());
        let (what, answer, must) = match (self.dice.below(4), session) {
            (0, Some(session)) => {
                stranger.set_cookie(&cookie("sid"), Some(session));
                ("a session", stranger.me().await, Outcome::NotSignedIn)
            }
            (1, Some(session)) => {
                let answer =
                    shows(&stranger, Method::POST, "/auth/logout", session, &json!({})).await;
                ("a logout", answer, Outcome::Good)
            }
            (2, _) => {
                let answer = stranger
                    .post("/auth/verify", json!({ "code": letter.code }))
                    .await;
                ("a code", answer, Outcome::InvalidToken)
            }
            _ => {
                let answer = stranger
                    .post("/auth/verify", json!({ "token": letter.token }))
                    .await;
                ("a link", answer, Outcome::InvalidToken)
            }
        };
        self.judge(&format!("{what} of the other portal"), &answer, &must)?;
        note(what.to_owned(), Outcome::of(&answer).name())
    }
}

/// A request that shows a token as a program does; a POST with this body.
pub(super) async fn shows(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    token: &str,
    body: &Value,
) -> Answer {
    let body = if method == Method::POST {
        body.to_string()
    } else {
        String::new()
    };
    let request = browser
        .bare(method, path)
        .header("authorization", format!("Bearer {token}"));
    browser
        .send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
        .await
}
