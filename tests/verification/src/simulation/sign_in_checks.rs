//! The responses to clients who have been signed in.

use super::portal::{NEXT, PortalUnderTest};
use crate::{ensure, jwt};
use kit::{ApiResponse, routes};
use serde_json::json;
use shared::domain::session::SessionId;
use shared::domain::time::Timestamp;

/// A client that has been signed in.
#[derive(Clone)]
pub(super) struct SignedIn<'a> {
    pub(super) client: usize,
    pub(super) session: usize,
    pub(super) is_form: bool,
    /// The client is redirected to the page that it asked for.
    pub(super) has_next: bool,
    /// The marks that the client has sent.
    pub(super) marks: &'a [String],
}

impl PortalUnderTest<'_> {
    /// Checks the response to a client that has been signed in, and keeps its token and its mark.
    pub(super) fn check_sign_in(
        &mut self,
        signed_in: &SignedIn<'_>,
        response: &ApiResponse,
    ) -> Result<(), String> {
        if signed_in.is_form {
            self.check_landing(signed_in.has_next, response)?;
        }
        let session = &self.model.sessions[signed_in.session];
        let email = &self.model.people[session.person].address;
        if !signed_in.is_form {
            let body = response.json();
            let expires_at = Timestamp::from_millis(session.expires_at).rfc3339();
            let next = signed_in.has_next.then(|| self.next_url());
            ensure!(
                body["user"] == json!({"id": session.user, "email": email})
                    && body["session"]["expires_at"] == expires_at.as_str()
                    && body["next"].as_str() == next.as_deref(),
                "signed in as {body}, not as {email} until {expires_at}, to {next:?}"
            );
        }
        let caller = &self.clients[signed_in.client];
        let token = caller.token_in(self.name, response);
        let token = token.ok_or("signed in without a session")?;
        let claims = jwt::claims(&token);
        let id = SessionId::parse(&jwt::session_id(&token)).ok_or("a session without an id")?;
        ensure!(
            id.hash().to_string() == session.hash
                && claims["sub"] == session.user.as_str()
                && claims["exp"] == session.expires_at / 1000,
            "the token has the claims {claims}, not those of {session:?}"
        );
        self.take_mark(signed_in, response)?;
        let session = &mut self.model.sessions[signed_in.session];
        if !session.tokens.contains(&token) {
            session.tokens.push(token.clone());
        }
        let caller = &mut self.clients[signed_in.client];
        if caller.is_program {
            caller.token = Some(token);
        }
        Ok(())
    }

    /// Keeps the mark that makes the client a known browser: a new one in front of two others, in
    /// place of its earlier one for the same address.
    fn take_mark(
        &mut self,
        signed_in: &SignedIn<'_>,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let person = self.model.sessions[signed_in.session].person;
        let caller = &mut self.clients[signed_in.client];
        let marks = caller.marks_in(self.name, response);
        let is_other = |mark: &&String| self.model.marks.get(*mark) != Some(&person);
        let others = signed_in.marks.iter().filter(is_other).take(2);
        let has_others = caller.is_program || marks.iter().skip(1).eq(others);
        let Some(new) = marks.first().filter(|_| has_others) else {
            return Err(format!(
                "a sign-in changed the marks from {:?} to {marks:?}",
                signed_in.marks
            ));
        };
        ensure!(
            !self.model.marks.contains_key(new),
            "a sign-in has issued an old mark"
        );
        self.model.marks.insert(new.clone(), person);
        if caller.is_program {
            caller.known = Some(new.clone());
        }
        Ok(())
    }

    /// Returns the page that some requests ask for.
    pub(super) fn next_url(&self) -> String {
        self.world.portal.public_url().to_owned() + NEXT
    }

    /// Checks where a client is redirected that has been signed in.
    pub(super) fn check_landing(
        &self,
        has_next: bool,
        response: &ApiResponse,
    ) -> Result<(), String> {
        let landing = if has_next {
            self.next_url()
        } else {
            self.world.portal.public_url().to_owned() + routes::ACCOUNT
        };
        let location = response.location();
        ensure!(
            location == landing,
            "redirected to {location}, not {landing}"
        );
        Ok(())
    }
}
