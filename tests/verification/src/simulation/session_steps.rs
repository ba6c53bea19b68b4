//! Sessions, and tokens that are not sessions.

use super::environment::{Environment, StepResult, responded, skipped};
use super::portal::PortalUnderTest;
use crate::ensure;
use crate::outcome::Outcome;
use crate::rng::Rng;
use kit::ApiResponse;

impl PortalUnderTest<'_> {
    /// A client asks who is signed in.
    pub(super) async fn me(&mut self, env: &mut Environment) -> StepResult {
        let client = self.some_visitor(env);
        let caller = &self.clients[client];
        let response = caller.authenticate(caller.api.me()).await;
        let token = caller.session();
        self.check_me(
            env,
            token.as_deref(),
            &response,
            &format!("client {client}"),
        )
    }

    /// A thief sends an old token: of a session that has ended, was replaced, or is live.
    pub(super) async fn replay_session(&mut self, env: &mut Environment) -> StepResult {
        let mut sessions: Vec<_> = self.model.sessions.iter().collect();
        sessions.retain(|session| !session.tokens.is_empty());
        let Some(session) = env.rng.choose(&sessions) else {
            return skipped("no session");
        };
        let token = env.rng.pick(&session.tokens);
        let thief = self.world.client();
        let response = if env.rng.one_in(2) {
            thief.set_session(Some(token));
            thief.me().await
        } else {
            thief.me().bearer_token(token).await
        };
        self.check_me(env, Some(token), &response, "an old token")
    }

    fn check_me(
        &self,
        env: &Environment,
        token: Option<&str>,
        response: &ApiResponse,
        caller: &str,
    ) -> StepResult {
        let session = token.and_then(|token| self.model.session_of(token));
        let is_live = session.is_some_and(|session| self.model.is_live(session, self.now()));
        let expected = if is_live {
            Outcome::Ok
        } else {
            Outcome::NotAuthenticated
        };
        let detail = format!("{caller} session {session:?}");
        let is_certain = env.check(&detail, response, expected)?;
        ensure!(
            is_certain || token.is_some(),
            "503 for a client without a token"
        );
        if let (true, true, Some(session)) = (is_certain, is_live, session) {
            let session = &self.model.sessions[session];
            let body = response.json();
            ensure!(
                body["id"] == session.user.as_str()
                    && body["email"] == self.model.people[session.person].address.as_str()
                    && body["session"]["id"] == session.hash.as_str(),
                "{body} is not {session:?}"
            );
        }
        responded(detail, response)
    }

    /// A client logs out.
    pub(super) async fn logout(&mut self, env: &mut Environment) -> StepResult {
        let client = self.some_visitor(env);
        let is_form = env.rng.one_in(4);
        let caller = &self.clients[client];
        let token = caller.session();
        let mut request = caller.authenticate(caller.api.logout());
        if is_form && !caller.is_program {
            request = request.form();
        }
        let response = request.await;
        let session = token.and_then(|token| self.model.session_of(&token));
        let is_certain = env.check("a logout", &response, Outcome::Ok)?;
        self.check_logout(session, is_certain)?;
        if is_certain {
            let caller = &mut self.clients[client];
            caller.token = None;
            ensure!(caller.session().is_none(), "the cookie was not removed");
        }
        responded(format!("client {client} session {session:?}"), &response)
    }

    /// Checks that a logout has ended the session, or may not have if the response was lost.
    pub(super) fn check_logout(
        &mut self,
        session: Option<usize>,
        is_certain: bool,
    ) -> Result<(), String> {
        let Some(session) = session else {
            return Ok(());
        };
        let has_row = self.has_row(session);
        let now = self.now();
        let known = &mut self.model.sessions[session];
        let had_row = !known.ended && !known.is_gone;
        let is_live = had_row && known.expires_at > now;
        let is_right = match (had_row, has_row) {
            (true, true) => !is_live || !is_certain,
            (true, false) => is_live,
            (false, has_row) => !has_row,
        };
        ensure!(
            is_right,
            "after a logout it is {has_row} that a row exists of {known:?}"
        );
        known.ended |= is_live && !has_row;
        Ok(())
    }

    /// A stranger sends a token for the wrong purpose, or one that was changed.
    pub(super) async fn forge(&mut self, env: &mut Environment) -> StepResult {
        let Some(link) = self.some_link(env) else {
            return skipped("no link");
        };
        let link = self.model.links[link].token();
        let sessions = self.model.sessions.iter();
        let sessions: Vec<_> = sessions
            .flat_map(|session| session.tokens.first())
            .collect();
        let session = env.rng.choose(&sessions).copied();
        let stranger = self.world.client();
        let me = |token: &str| (stranger.me().bearer_token(token), Outcome::NotAuthenticated);
        let verify = |token: &str| (stranger.verify_link(token), Outcome::InvalidToken);
        let (forgery, (request, expected)) = match (env.rng.below(4), session) {
            (0, _) => ("a link as a session", me(&link)),
            (1, Some(session)) => ("a session as a link", verify(session)),
            (2, _) => ("a changed link", verify(&changed(&mut env.rng, &link))),
            _ => {
                let token = session.unwrap_or(&link);
                ("a changed session", me(&changed(&mut env.rng, token)))
            }
        };
        let response = request.await;
        env.check(forgery, &response, expected)?;
        responded(forgery, &response)
    }

    /// A stranger sends this portal a link, a code with its nonce, or a session of the other one.
    pub(super) async fn cross(&self, env: &mut Environment, other: &Self) -> StepResult {
        let Some(link) = other.some_link(env) else {
            return skipped("no link");
        };
        let link = &other.model.links[link];
        let stranger = self.world.client();
        stranger.set_nonces(link.nonce.as_deref());
        let mut sessions = other.model.sessions.iter().rev();
        let session = sessions.find_map(|session| session.tokens.last());
        let (kind, request, expected) = match (env.rng.below(4), session) {
            (0, Some(session)) => {
                stranger.set_session(Some(session));
                ("a session", stranger.me(), Outcome::NotAuthenticated)
            }
            (1, Some(session)) => {
                let logout = stranger.logout().bearer_token(session);
                ("a logout", logout, Outcome::Ok)
            }
            (2, _) => {
                let code = link.code().unwrap_or("12345678");
                ("a code", stranger.verify_code(code), Outcome::InvalidToken)
            }
            _ => {
                let verify = stranger.verify_link(&link.token());
                ("a link", verify, Outcome::InvalidToken)
            }
        };
        let response = request.await;
        env.check(&format!("{kind} of the other portal"), &response, expected)?;
        responded(kind, &response)
    }
}

/// Changes one character of a token's claims or signature.
fn changed(rng: &mut Rng, token: &str) -> String {
    let start = token.find('.').unwrap_or_default() + 1;
    let mut bytes = token.as_bytes().to_vec();
    // The last character may have bits that mean nothing.
    let mut places: Vec<_> = (start..bytes.len() - 1).collect();
    places.retain(|at| bytes[*at] != b'.');
    let at = *rng.pick(&places);
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}
