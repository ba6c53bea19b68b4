//! The oracle of sign-ins with a password: what they must do, and what they have done.

use super::limits::Counter;
use super::link_reading::Sent;
use super::model::{REPEATABLE_FOR, Session};
use super::portal::PortalUnderTest;
use super::rules::{HOUR, QUARTER_HOUR};
use crate::ensure;
use crate::rows::{number, text};
use shared::domain::user::Status;

/// A form with a password that is about to be sent.
#[derive(Clone)]
pub(super) struct SignInForm {
    pub(super) client: usize,
    pub(super) person: usize,
    pub(super) password: String,
    pub(super) key: Option<String>,
    pub(super) is_form: bool,
    pub(super) marks: Vec<String>,
    pub(super) sent: Sent,
}

impl SignInForm {
    /// Returns the counters that count the form now.
    pub(super) fn counters(&self, portal: &PortalUnderTest<'_>) -> Vec<Counter> {
        portal.password_limits(self.client, self.person).counters()
    }

    pub(super) fn with_key(self, key: String) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }
}

/// The result that a sign-in with a password must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    NewSession,
    /// The session that the same form has started.
    SameSession(usize),
    Wrong,
    /// This client alone has tried too often, until this time.
    Refused(u64),
    /// The portal has no passwords.
    NotFound,
}

impl PortalUnderTest<'_> {
    /// Returns the result that a sign-in must have, and the limits that it was counted by.
    ///
    /// Only what the client itself has tried is a 429. The limit of the address is silent.
    pub(super) fn expect_sign_in(&mut self, form: &SignInForm) -> (Expected, Vec<Counter>) {
        if !self.model.rules.has_passwords {
            return (Expected::NotFound, vec![]);
        }
        let now = self.now();
        let limits = self.password_limits(form.client, form.person);
        let all = limits.counters();
        self.touch(&all);
        let counters = &mut self.model.counters;
        let own = limits.known_browser.as_ref();
        let is_known = own.is_some_and(|own| counters.count(own, now));
        if !is_known {
            let attribute = &limits.address_attribute;
            if counters.is_full(&limits.network, now) {
                return (Expected::Refused((now / HOUR + 1) * HOUR), all);
            }
            if counters.number(&limits.network, attribute, now) >= limits.attempts {
                let end = (now / QUARTER_HOUR + 1) * QUARTER_HOUR;
                return (Expected::Refused(end), all);
            }
            counters.add(&limits.network, "count", now);
            counters.add(&limits.network, attribute, now);
        }
        let is_allowed = is_known || counters.count(&limits.address, now);
        let user = self.model.people[form.person].user.as_ref();
        let user = user.filter(|user| {
            is_allowed
                && user.status == Status::Active
                && user.password.as_ref() == Some(&form.password)
        });
        let Some(user) = user else {
            self.count_failure("login.failed", Some(form.person));
            return (Expected::Wrong, all);
        };
        if !is_known {
            counters.give_back(&limits.network, "count", now);
            counters.give_back(&limits.network, &limits.address_attribute, now);
        }
        let repeated = user
            .form
            .as_ref()
            .filter(|(key, at, _)| Some(key) == form.key.as_ref() && at + REPEATABLE_FOR >= now);
        let repeated = repeated.map(|(_, _, session)| *session);
        let expected = match repeated.filter(|session| self.model.is_live(*session, now)) {
            Some(session) => Expected::SameSession(session),
            None => Expected::NewSession,
        };
        (expected, all)
    }

    /// Returns whether a form must sign somebody in, without counting it.
    pub(super) fn may_sign_in(&mut self, form: &SignInForm) -> bool {
        let counters = self.model.counters.clone();
        let (expected, limits) = self.expect_sign_in(form);
        self.model.counters = counters;
        self.touch(&limits);
        expected == Expected::NewSession
    }

    /// Reads the session that a sign-in with a password has started, if it has.
    pub(super) fn read_sign_in(&mut self, form: &SignInForm) -> Result<Option<usize>, String> {
        let now = self.now();
        let Some(user) = self.model.user(form.person).cloned() else {
            return Ok(None);
        };
        let row = self.row("users", &format!("user#{}", user.id), None);
        let row = row.ok_or_else(|| format!("the row of {user:?} is gone"))?;
        let sign_ins = number(&row, "sign_ins").unwrap_or_default();
        if sign_ins == user.sign_ins {
            return Ok(None);
        }
        ensure!(
            sign_ins == user.sign_ins + 1,
            "{user:?} has signed in {sign_ins} times"
        );
        let mut rows = self.world.rows("sessions");
        rows.retain(|row| {
            let hash = text(row, "sk");
            let mut known = self.model.sessions.iter();
            text(row, "pk") == user.id && known.all(|known| known.hash != hash)
        });
        let [row] = rows.as_slice() else {
            return Err(format!("a sign-in has started {rows:?}"));
        };
        let session = Session {
            person: form.person,
            user: user.id.clone(),
            epoch: user.epoch,
            hash: text(row, "sk").to_owned(),
            action: "login",
            ..Session::default()
        };
        let session = self.new_session(row, session)?;
        self.check_replaced(&session, &[form.sent.session.as_deref()])?;
        let number = self.model.sessions.len();
        self.model.sessions.push(session);
        if let Some(user) = &mut self.model.people[form.person].user {
            user.sign_ins += 1;
            // A repeat whose session has ended is another sign-in, without a key.
            let is_repeat = user.form.as_ref().is_some_and(|(key, at, _)| {
                Some(key) == form.key.as_ref() && at + REPEATABLE_FOR >= now
            });
            if let (Some(key), false) = (&form.key, is_repeat) {
                user.form = Some((key.clone(), now, number));
            }
        }
        Ok(Some(number))
    }
}
