//! The passwords of a flow's users, and how often they were tried.

use std::collections::BTreeMap;

/// Sign-ins with a password.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    /// Requests sent; one that failed temporarily may have been counted, or not.
    pub(super) sent: usize,
    /// Requests whose password was judged.
    pub(super) judged: usize,
}

impl Attempts {
    fn add(&mut self, sent: usize, judged: usize) {
        self.sent += sent;
        self.judged += judged;
    }
}

/// The consecutive wrong passwords at one address.
#[derive(Clone, Debug, Default)]
struct Streak {
    wrong: Attempts,
    /// Is true once the user has signed in, by any means.
    is_over: bool,
}

/// A password that a user has, or had.
#[derive(Clone, Debug)]
pub(super) struct KnownPassword {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) is_current: bool,
}

/// The passwords of a flow's users, and how often they were tried.
#[derive(Clone, Debug, Default)]
pub(super) struct PasswordLog {
    pub(super) known: Vec<KnownPassword>,
    pub(super) right: Attempts,
    pub(super) wrong: Attempts,
    streaks: BTreeMap<String, Streak>,
}

impl PasswordLog {
    /// Makes this the only password that signs the user in.
    pub(super) fn set(&mut self, email: &str, password: &str) {
        self.remove(email);
        self.known
            .retain(|known| known.email != email || known.password != password);
        self.known.push(KnownPassword {
            email: email.to_owned(),
            password: password.to_owned(),
            is_current: true,
        });
    }

    /// Expects that no known password signs in with this address.
    pub(super) fn remove(&mut self, email: &str) {
        let of_user = self.known.iter_mut().filter(|known| known.email == email);
        of_user.for_each(|known| known.is_current = false);
    }

    /// Records a sign-in after this many requests.
    pub(super) fn accepted(&mut self, email: &str, sent: usize) {
        self.right.add(sent, 1);
        self.end_streak(email);
    }

    /// Records requests with a wrong password.
    pub(super) fn refused(&mut self, email: &str, sent: usize, judged: usize) {
        self.wrong.add(sent, judged);
        self.streak(email).add(sent, judged);
    }

    /// Records that the user has proved who they are: later wrong passwords begin another streak.
    pub(super) fn end_streak(&mut self, email: &str) {
        self.streaks.entry(email.to_owned()).or_default().is_over = true;
    }

    /// Sets the streak at an address to this many wrong passwords.
    pub(super) fn set_streak(&mut self, email: &str, count: usize) {
        *self.streak(email) = Attempts {
            sent: count,
            judged: count,
        };
    }

    fn streak(&mut self, email: &str) -> &mut Attempts {
        let streak = self.streaks.entry(email.to_owned()).or_default();
        if streak.is_over {
            *streak = Streak::default();
        }
        &mut streak.wrong
    }

    /// Returns the streaks of all addresses together.
    pub(super) fn streaks(&self) -> Attempts {
        let mut sum = Attempts::default();
        for streak in self.streaks.values() {
            sum.add(streak.wrong.sent, streak.wrong.judged);
        }
        sum
    }
}
