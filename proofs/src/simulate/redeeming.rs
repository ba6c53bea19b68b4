//! Steps: opening links, redeeming them, and codes.

use super::model::{Redeems, Session, Status, Used};
use super::outcome::Outcome;
use super::sessions::shows;
use super::simulation::{PUBLIC_URL, Said, Simulation, idle, note};
use http::Method;
use serde_json::{Value, json};
use shared::domain::ids::LinkId;
use shared::domain::link::IdempotencyKey;
use shared::domain::rate_limit::{RateLimit, RateLimitScope, Window};
use shared::domain::session::SessionId;
use shared::domain::time::Timestamp;
use tests::Answer;

/// One redeem, before it is sent.
pub(super) struct Request {
    pub(super) link: usize,
    pub(super) client: usize,
    pub(super) attempt: Option<String>,
    pub(super) code: Option<String>,
    pub(super) form: bool,
    /// The session token that goes with it.
    pub(super) shown: Option<String>,
}

impl Request {
    /// As the link's row holds it.
    pub(super) fn attempt_hash(&self) -> Option<String> {
        self.attempt
            .as_deref()
            .and_then(IdempotencyKey::parse)
            .map(|attempt| attempt.hash().to_string())
    }
}

impl Simulation<'_> {
    /// Somebody opens a link, and gets its page, or is led where they belong.
    pub(super) async fn open(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        if self.sides[s].model.links[link].activates() {
            return idle("a link to a first password");
        }
        let asker = self.sides[s].model.links[link].client;
        let client = self.some_client(s, Some(asker));
        let side = &self.sides[s];
        let (now, known) = (side.now(), &side.model.links[link]);
        let letter = known.letter.clone().ok_or("a mailed link has a letter")?;
        let answer = side.clients[client].browser.get(&letter.path).await;

        let asked = side.has_asked(client, link) && !side.clients[client].bearer;
        let shown = if side.clients[client].bearer {
            None
        } else {
            side.token(client)
        };
        let shown = shown.and_then(|token| side.model.session_of(&token));
        let unexpired = shown.filter(|session| side.model.sessions[*session].expires_at > now);
        let redeemed = known
            .used
            .as_ref()
            .is_some_and(|used| Some(used.session) == unexpired);
        let expired = known
            .minted
            .as_ref()
            .is_none_or(|minted| minted.expires_at <= now);
        let must = if redeemed || !expired {
            Outcome::Good
        } else {
            Outcome::ExpiredToken
        };
        let line = format!("link {link} client {client}");
        if !self.judge("opening a link", &answer, &must)? {
            return note(line, "unavailable");
        }
        if redeemed {
            let onwards = self.onwards(s, link, asked);
            let right = answer.status == 303 && answer.location() == onwards;
            return if right {
                note(line, "leads on")
            } else {
                Err(format!("it led to {}", answer.location()))
            };
        }
        if expired {
            return note(line, Outcome::ExpiredToken.name());
        }
        let (token, attempt) = (answer.field("token"), answer.field("idempotency_key"));
        let usable = asked || side.model.rules.other_browser != "off";
        if (token == letter.token) != usable || attempt.is_empty() == usable {
            return Err(format!(
                "the page has the token {token} and the attempt {attempt}"
            ));
        }
        if usable {
            let pages = &mut self.sides[s].model.links[link].pages;
            pages.push(attempt);
        }
        note(line, "page")
    }

    /// Somebody redeems a link: with or without a page's attempt, a code, the right browser.
    pub(super) async fn redeem(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        let asker = self.sides[s].model.links[link].client;
        let client = self.some_client(s, Some(asker));
        let request = self.some_redeem(s, link, client);
        let answer = self.send_redeem(s, &request).await;
        let expected = self.expect_redeem(s, &request);
        self.after_redeem(s, &request, &answer, expected)
    }

    /// What somebody may send with a link.
    pub(super) fn some_redeem(&mut self, s: usize, link: usize, client: usize) -> Request {
        let letter = self.sides[s].model.links[link].letter.as_ref();
        let code = letter
            .map(|letter| letter.code.clone())
            .filter(|code| !code.is_empty());
        let pages = &self.sides[s].model.links[link].pages;
        let attempt = match self.dice.below(4) {
            0 if !pages.is_empty() => Some(pages[self.dice.below(pages.len())].clone()),
            1 => pages.last().cloned(),
            2 => Some(format!("attempt-{:016x}", self.dice.throw())),
            _ => None,
        };
        let code = match self.dice.below(6) {
            0 => Some(format!("{:08}", self.dice.below(100_000_000))),
            1 | 2 => None,
            _ => code,
        };
        let form = self.dice.one_in(4) && !self.sides[s].clients[client].bearer;
        // A browser cannot but show its session; a program may.
        let shows = !self.sides[s].clients[client].bearer || self.dice.one_in(2);
        let shown = self.sides[s].token(client).filter(|_| shows);
        Request {
            link,
            client,
            attempt,
            code,
            form,
            shown,
        }
    }

    pub(super) async fn send_redeem(&self, s: usize, request: &Request) -> Answer {
        let side = &self.sides[s];
        let client = &side.clients[request.client];
        let token = side.model.links[request.link]
            .letter
            .as_ref()
            .map(|letter| letter.token.clone());
        let mut fields = vec![("token", token.unwrap_or_default())];
        fields.extend(
            request
                .attempt
                .clone()
                .map(|attempt| ("idempotency_key", attempt)),
        );
        fields.extend(request.code.clone().map(|code| ("code", code)));
        if request.form {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            return client.browser.post_form("/auth/verify", &fields).await;
        }
        if client.bearer {
            fields.push(("transport", "bearer".to_owned()));
            fields.extend(
                client
                    .requests
                    .first()
                    .map(|request| ("request", request.clone())),
            );
        }
        let body: Value = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        if let (true, Some(token)) = (client.bearer, &request.shown) {
            return shows(&client.browser, Method::POST, "/auth/verify", token, &body).await;
        }
        client.browser.post("/auth/verify", body).await
    }

    /// What a redeem must come to now. Counts a try where it takes one.
    pub(super) fn expect_redeem(&mut self, s: usize, request: &Request) -> Redeems {
        let side = &mut self.sides[s];
        let (now, asked) = (side.now(), side.has_asked(request.client, request.link));
        // It is no sign-in link: nothing else of it is looked at.
        if side.model.links[request.link].activates() {
            return Redeems::Invalid;
        }
        match side.model.rules.other_browser {
            "off" if !asked => return Redeems::Invalid,
            "code" if !asked => {
                let Some(code) = &request.code else {
                    return Redeems::Invalid;
                };
                let limit = side.model.rules.code_attempts;
                let link = &mut side.model.links[request.link];
                if link.tries >= limit {
                    return Redeems::Invalid;
                }
                link.tries += 1;
                let right = link
                    .letter
                    .as_ref()
                    .is_some_and(|letter| bare(&letter.code) == bare(code));
                if !right || link.swept {
                    return Redeems::Invalid;
                }
            }
            _ => {}
        }
        side.model.redeems(
            &side.model.links[request.link],
            asked,
            request.attempt_hash().as_deref(),
            now,
        )
    }

    /// Judges the answer to a redeem, and takes over what it did.
    pub(super) fn after_redeem(
        &mut self,
        s: usize,
        request: &Request,
        answer: &Answer,
        expected: Redeems,
    ) -> Said {
        let Request {
            link, client, form, ..
        } = *request;
        let attempt = request.attempt.as_deref().unwrap_or("-");
        let line = format!("link {link} client {client} attempt {attempt} form {form}");
        let must = match expected {
            Redeems::Fresh | Redeems::Again(_) => Outcome::Good,
            Redeems::Invalid => Outcome::InvalidToken,
            Redeems::Expired => Outcome::ExpiredToken,
            Redeems::Used => Outcome::UsedToken,
        };
        let was_used = self.sides[s].model.links[link].used.is_some();
        self.read_link(s, link, &[request.shown.as_deref()])?;
        let is_used = self.sides[s].model.links[link].used.is_some();
        if !was_used && is_used && expected != Redeems::Fresh {
            return Err(format!("a link that must be {expected:?} was redeemed"));
        }
        // Our own transaction went through, its answers were lost, and what is left shows neither
        // nonce nor attempt.
        let own =
            !was_used && is_used && self.may_fail() && Outcome::of(answer) == Outcome::UsedToken;
        if own {
            return note(line, "used-token by itself");
        }
        if !self.judge(&format!("redeeming ({expected:?})"), answer, &must)? {
            return note(line, "unavailable");
        }
        if !is_used && expected == Redeems::Fresh {
            return Err("somebody is signed in by a link that is unused".to_owned());
        }
        if must != Outcome::Good {
            return note(line, must.name());
        }
        if form {
            let onwards = self.onwards(s, link, self.sides[s].has_asked(client, link));
            if answer.location() != onwards {
                return Err(format!(
                    "the form led to {}, not to {onwards}",
                    answer.location()
                ));
            }
        }
        self.signed_in(s, client, link, answer, form)?;
        note(
            line,
            if expected == Redeems::Fresh {
                "signed in"
            } else {
                "signed in again"
            },
        )
    }

    /// Checks what somebody who is signed in now was given, and keeps it.
    pub(super) fn signed_in(
        &mut self,
        s: usize,
        client: usize,
        link: usize,
        answer: &Answer,
        form: bool,
    ) -> Result<(), String> {
        let side = &mut self.sides[s];
        let Some(used) = &side.model.links[link].used else {
            return Err("nothing was redeemed".to_owned());
        };
        let session = &mut side.model.sessions[used.session];
        let person = &side.model.people[session.person];
        if !form {
            let body = answer.json();
            let ends = Timestamp::from_millis(session.expires_at).rfc3339();
            let right = body["user"] == json!({"id": session.user, "email": person.address})
                && body["session"]["expires_at"] == ends.as_str();
            if !right {
                return Err(format!(
                    "signed in as {}, not as {} until {ends}",
                    answer.body, person.address
                ));
            }
        }
        let caller = &mut side.clients[client];
        let token = if caller.bearer {
            answer.json()["session"]["token"]
                .as_str()
                .map(str::to_owned)
        } else {
            caller.browser.cookie(&format!("{}.sid", side.name))
        };
        let token = token.ok_or("signed in without a session")?;
        let claims: Value = jsonwebtoken::dangerous::insecure_decode(&token)
            .map_err(|e| e.to_string())?
            .claims;
        let id = claims["sid"]
            .as_str()
            .and_then(SessionId::parse)
            .ok_or("a session without an id")?;
        let right = id.hash().to_string() == session.hash
            && claims["sub"] == session.user.as_str()
            && claims["exp"] == session.expires_at / 1000;
        if !right {
            return Err(format!("the token says {claims}, not {session:?}"));
        }
        if !session.tokens.contains(&token) {
            session.tokens.push(token.clone());
        }
        if caller.bearer {
            caller.token = Some(token);
        }
        Ok(())
    }

    /// Where somebody goes who has signed in with a link.
    fn onwards(&self, s: usize, link: usize, asked: bool) -> String {
        let leads_on = self.sides[s].model.links[link].leads_on && asked;
        format!(
            "{PUBLIC_URL}{}",
            if leads_on {
                "/reports"
            } else {
                "/auth/signed-in"
            }
        )
    }

    /// Somebody types a code: the right one, an older one, somebody else's, or none.
    pub(super) async fn code(&mut self, s: usize) -> Said {
        let client = self.dice.below(self.sides[s].clients.len());
        let nonces = self.sides[s].nonces(client);
        let side = &self.sides[s];
        let of = |nonce: &String| {
            side.model
                .links
                .iter()
                .rposition(|link| link.nonce.as_ref() == Some(nonce))
        };
        let own: Vec<usize> = nonces.iter().filter_map(of).collect();
        let mailed: Vec<_> = own
            .iter()
            .filter(|link| side.model.links[**link].letter.is_some())
            .copied()
            .collect();
        let letter = match self.dice.below(6) {
            0 => None,
            1 => self.some_link(s),
            _ if mailed.is_empty() => None,
            _ => Some(mailed[self.dice.below(mailed.len())]),
        };
        let letter = letter.and_then(|link| self.sides[s].model.links[link].letter.clone());
        let letter = letter.filter(|letter| !letter.code.is_empty());
        let code = letter.map_or_else(
            || format!("{:08}", self.dice.below(100_000_000)),
            |letter| letter.code,
        );

        let caller = &self.sides[s].clients[client];
        let shown = if caller.bearer {
            None
        } else {
            self.sides[s].token(client)
        };
        let answer = if caller.bearer {
            let request = nonces.first().cloned().unwrap_or_else(|| "none".to_owned());
            let body = json!({"code": code, "request": request, "transport": "bearer"});
            caller.browser.post("/auth/verify", body).await
        } else if self.dice.one_in(4) {
            caller
                .browser
                .post_form("/auth/verify", &[("code", &code)])
                .await
        } else {
            caller
                .browser
                .post("/auth/verify", json!({ "code": code }))
                .await
        };
        let form = answer.status == 303;
        let found = self.expect_code(s, &own, &code);
        self.after_code(s, (client, form, shown.as_deref()), &own, &answer, found)
    }

    /// The link that a code belongs to, among those its browser asked for. Counts a try for each
    /// that has tries left.
    fn expect_code(&mut self, s: usize, own: &[usize], code: &str) -> Option<usize> {
        let model = &mut self.sides[s].model;
        let mut found = None;
        for link in own {
            let link_of = &mut model.links[*link];
            if link_of.tries >= model.rules.code_attempts {
                continue;
            }
            link_of.tries += 1;
            let right = link_of
                .letter
                .as_ref()
                .is_some_and(|letter| bare(&letter.code) == bare(code));
            if right && !link_of.swept {
                found = Some(*link);
            }
        }
        found
    }

    fn after_code(
        &mut self,
        s: usize,
        (client, form, shown): (usize, bool, Option<&str>),
        own: &[usize],
        answer: &Answer,
        found: Option<usize>,
    ) -> Said {
        let now = self.sides[s].now();
        let line = format!("client {client} links {own:?} found {found:?}");
        let model = &self.sides[s].model;
        let expected = found.map_or(Redeems::Invalid, |link| {
            model.redeems(&model.links[link], true, None, now)
        });
        let good = matches!(expected, Redeems::Fresh | Redeems::Again(_));
        let must = if good {
            Outcome::Good
        } else {
            Outcome::InvalidToken
        };
        for link in own {
            let was_used = self.sides[s].model.links[*link].used.is_some();
            self.read_link(s, *link, &[shown])?;
            let now_used = !was_used && self.sides[s].model.links[*link].used.is_some();
            if now_used && !(Some(*link) == found && expected == Redeems::Fresh) {
                return Err(format!("a code that was for {found:?} redeemed {link}"));
            }
        }
        if !self.judge(&format!("a code ({expected:?})"), answer, &must)? {
            return note(line, "unavailable");
        }
        let (true, Some(link)) = (good, found) else {
            return note(line, must.name());
        };
        let onwards = self.onwards(s, link, true);
        if form && answer.location() != onwards {
            return Err(format!(
                "the form led to {}, not to {onwards}",
                answer.location()
            ));
        }
        self.signed_in(s, client, link, answer, form)?;
        note(
            line,
            if expected == Redeems::Fresh {
                "signed in"
            } else {
                "signed in again"
            },
        )
    }

    /// What the tables say of a link now: it is used if and only if its session was begun, and
    /// never unused again. Takes over what is new, and the tries where an answer was lost. Whoever
    /// has redeemed it showed one of these tokens.
    pub(super) fn read_link(
        &mut self,
        s: usize,
        link: usize,
        shown: &[Option<&str>],
    ) -> Result<(), String> {
        let rough = self.may_fail();
        let side = &mut self.sides[s];
        if rough {
            side.model.links[link].tries = side.tries(link);
        }
        let known = &side.model.links[link];
        let Some(minted) = known.minted.clone().filter(|_| !known.swept) else {
            return Ok(());
        };
        let known = &side.model.links[link];
        let row = side
            .row("links", &known.id, None)
            .ok_or_else(|| format!("the row of link {link} is gone"))?;
        let used_at: Option<u64> = row["used_at"]["N"]
            .as_str()
            .and_then(|text| text.parse().ok());
        match (&known.used, used_at) {
            (Some(used), Some(at)) if used.at == at => return Ok(()),
            (None, _) => {}
            (used, at) => {
                return Err(format!(
                    "link {link} was used as {used:?}, and is as of {at:?}"
                ));
            }
        }
        let key = side
            .ring
            .get(&minted.kid)
            .ok_or("a link of an unknown key")?;
        let id = LinkId::parse(&known.id).ok_or("a link without an id")?;
        let hash = key.session_id(&id).hash().to_string();
        let session = side.row("sessions", &minted.user, Some(&hash));
        let (at, begun) = match (used_at, session) {
            (None, None) => return Ok(()),
            (Some(at), Some(session)) => (at, session),
            (at, session) => {
                return Err(format!(
                    "link {link} was used at {at:?}, its session is {session:?}"
                ));
            }
        };
        let number = |name: &str| {
            begun[name]["N"]
                .as_str()
                .and_then(|text| text.parse::<u64>().ok())
        };
        let expires_at = (at + side.model.rules.session_millis) / 1000 * 1000;
        let right = at == side.now()
            && number("epoch") == Some(minted.epoch)
            && number("created_at") == Some(at)
            && number("expires_at") == Some(expires_at / 1000);
        if !right {
            return Err(format!("link {link}, used at {at}, has begun {begun}"));
        }
        let (person, epoch, user) = (known.person, minted.epoch, minted.user);
        let attempt = row["idempotency_key"]["S"].as_str().map(str::to_owned);
        side.replace(&hash, shown)?;
        let session = side.model.sessions.len();
        let (tokens, ended, replaced, swept) = (vec![], false, false, false);
        side.model.sessions.push(Session {
            person,
            user,
            epoch,
            hash,
            expires_at,
            tokens,
            ended,
            replaced,
            swept,
        });
        side.model.links[link].used = Some(Used {
            at,
            attempt,
            session,
        });
        if let Some(user) = &mut side.model.people[person].user {
            user.status = Status::Active;
        }
        Ok(())
    }
}

impl super::simulation::Side<'_> {
    /// The session called `hash` has begun: the one that its client showed has ended, and the audit
    /// says so.
    fn replace(&mut self, hash: &str, shown: &[Option<&str>]) -> Result<(), String> {
        let action = format!("{}.login", self.name);
        let audit = self.world.rows("audit");
        let mut logins = audit
            .iter()
            .filter(|row| row["action"]["S"] == action.as_str() && row["resource_id"]["S"] == hash);
        let login = logins
            .next()
            .ok_or("a session began that the audit does not know")?;
        let told = login["metadata"]["M"]["replaced"]["S"].as_str();
        let may: Vec<_> = shown.iter().map(|token| self.replaceable(*token)).collect();
        let of = |session: &Option<usize>| {
            session.map(|session| self.model.sessions[session].hash.as_str())
        };
        let Some(replaced) = may.iter().find(|session| of(session) == told) else {
            return Err(format!(
                "a session began in the place of {told:?}, and not of one of {may:?}"
            ));
        };
        let Some(old) = *replaced else { return Ok(()) };
        let known = &mut self.model.sessions[old];
        if !known.ended && !known.swept {
            (known.ended, known.replaced) = (true, true);
        }
        let known = &self.model.sessions[old];
        let left = self
            .row("sessions", &known.user, Some(&known.hash))
            .is_some();
        if left {
            Err(format!("session {old} was replaced, and is still there"))
        } else {
            Ok(())
        }
    }

    /// How many codes were tried for a link.
    fn tries(&self, link: usize) -> u64 {
        let (id, known) = (&self.model.links[link].id, &self.model.links[link]);
        let until = Window::Until(Timestamp::from_millis(known.requested_at));
        let key = self.ring.keyed_hash(&["code", id]);
        let throttle = RateLimit {
            scope: RateLimitScope::Code,
            key,
            window: until,
            limit: 0,
        };
        let row = self.row("rate-limits", &throttle.row(self.world.time.now()), None);
        let count = row.and_then(|row| {
            row["count"]["N"]
                .as_str()
                .and_then(|text| text.parse().ok())
        });
        count.unwrap_or_default()
    }
}

/// A code without its space.
fn bare(code: &str) -> String {
    code.replace(' ', "")
}
