//! The pages of a signed-in user: the account, and confirming that it is still them.

use crate::PageContext;
use crate::flash::Flash;
use crate::templates::{AccountPage, ConfirmPage, MessagePage, SessionRow};
use shared::auth::authenticate::Authenticated;
use shared::domain::ids::UserId;
use shared::domain::session::Session;
use shared::http::form_error::FormError;
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Response};

impl PageContext<'_> {
    /// Serves the account page, which is the landing page of a portal without a frontend.
    ///
    /// Costs 1 read and 1 query.
    pub(crate) async fn account(&self) -> Result<Response, Problem> {
        let list = async |user: &UserId| self.app.store.list_sessions(user).await;
        let found = self.app.read_authenticated(self.request, self.origin, list);
        let (authenticated, sessions) = match found.await {
            Ok(found) => found,
            Err(problem) => return self.without_session(problem),
        };
        let mut frame = self.frame("")?;
        let text = match self.request.query("notice") {
            Some("password-changed") => Some(frame.t.password_changed_here),
            Some("session-ended") => Some(frame.t.session_ended_here),
            _ => None,
        };
        if let (Some(flash), Some(text)) = (&mut frame.flash, text) {
            flash.set_text(text);
        }
        frame.flash = self.wrong_password("current").or(frame.flash);
        let site = &self.app.config.site;
        let frontend = site.frontend.as_ref();
        Ok(self.render(&AccountPage {
            frame,
            user: &authenticated.user,
            sessions: self.session_rows(&authenticated, sessions),
            dashboard_url: frontend.map(|_| site.dashboard_url(self.origin)),
            has_passwords: self.has_passwords(),
            min_length: self.app.config.passwords.min_length,
        }))
    }

    /// Serves the page that asks for a proof that the user is still there.
    ///
    /// Costs 1 read.
    pub(crate) async fn confirm(&self) -> Result<Response, Problem> {
        let found = self
            .app
            .read_authenticated(self.request, self.origin, async |_| Ok(()));
        let authenticated = match found.await {
            Ok((authenticated, ())) => authenticated,
            Err(problem) => return self.without_session(problem),
        };
        let mut frame = self.frame("password")?;
        frame.flash = self.wrong_password("password").or(frame.flash);
        Ok(self.render(&ConfirmPage {
            frame,
            address: &authenticated.user.address,
            has_passwords: self.has_passwords(),
        }))
    }

    /// Redirects to the sign-in page. A browser that one of our forms sent here blocks cookies, and
    /// would go round in a circle.
    fn without_session(&self, problem: Problem) -> Result<Response, Problem> {
        if problem.kind != ProblemType::NotAuthenticated {
            return Err(problem);
        }
        let login_url = self.login_url(None);
        if self.request.header("sec-fetch-site") != Some("same-origin") {
            return Ok(response::see_other(&login_url));
        }
        let frame = self.frame("")?;
        let t = frame.t;
        Ok(self.render(&MessagePage {
            frame,
            heading: t.not_signed_in,
            texts: vec![t.cookies_blocked],
            address: None,
            url: login_url,
            button: t.sign_in,
            more: None,
        }))
    }

    /// Returns the message of a password that is wrong where the address is known.
    fn wrong_password(&self, field: &'static str) -> Option<Flash> {
        let error = FormError::from_query(|name| self.request.query(name));
        let is_wrong = error == Some(FormError::InvalidCredentials);
        is_wrong.then(|| Flash::error(field, self.language.pages().wrong_password))
    }

    /// Returns the live sessions, this one first and then the newest.
    fn session_rows(&self, own: &Authenticated, sessions: Vec<Session>) -> Vec<SessionRow> {
        let rules = &self.app.config.sessions;
        let is_live = |session: &Session| {
            session.is_live(&own.user, self.now) && !rules.is_idle(session, self.now)
        };
        let mut live: Vec<_> = sessions.into_iter().filter(is_live).collect();
        let is_current = |session: &Session| session.hash == own.session.hash;
        live.sort_by_key(|session| {
            (
                !is_current(session),
                std::cmp::Reverse(session.last_seen_at),
            )
        });
        let row = |session: Session| SessionRow {
            id: session.hash.to_string(),
            client: self.language.client(&session.client),
            last_seen: self.language.moment(session.last_seen_at),
            is_current: is_current(&session),
            ip: session.client.ip,
        };
        live.into_iter().map(row).collect()
    }
}
