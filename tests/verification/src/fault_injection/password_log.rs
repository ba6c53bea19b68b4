//! The passwords of a flow's users, and how often passwords and codes were tried.

/// Tries of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    /// Requests sent; one that failed temporarily may have been counted, or not.
    pub(super) sent: usize,
    /// Requests that got a final response and are counted for certain.
    pub(super) judged: usize,
}

impl Attempts {
    pub(super) fn add(&mut self, sent: usize, judged: usize) {
        self.sent += sent;
        self.judged += judged;
    }
}

/// A password that a user has, or had.
#[derive(Clone, Debug)]
pub(super) struct KnownPassword {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) is_current: bool,
}

/// The passwords of a flow's users, and how often passwords and codes were tried.
#[derive(Clone, Debug, Default)]
pub(super) struct PasswordLog {
    pub(super) known: Vec<KnownPassword>,
    /// Sign-ins that started a session.
    pub(super) right: Attempts,
    /// Passwords that did not sign in.
    pub(super) wrong: Attempts,
    /// Passwords refused that count against a network: no known browser sent them.
    pub(super) by_network: Attempts,
    /// Passwords, right or wrong, that count against an address.
    pub(super) at_address: Attempts,
    /// Passwords and codes, right or wrong, that known browsers sent.
    pub(super) by_known_browser: Attempts,
    /// Codes that did not sign in.
    pub(super) wrong_codes: Attempts,
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

    /// Records a sign-in after this many requests; one that repeats another starts no session.
    pub(super) fn accepted(&mut self, by_known_browser: bool, sent: usize, is_repeat: bool) {
        self.right.add(sent, usize::from(!is_repeat));
        if by_known_browser {
            self.by_known_browser.add(sent, 1);
        } else {
            self.at_address.add(sent, 1);
        }
    }

    /// Records requests with a wrong password.
    pub(super) fn refused(&mut self, by_known_browser: bool, sent: usize, judged: usize) {
        self.wrong.add(sent, judged);
        if by_known_browser {
            self.by_known_browser.add(sent, judged);
        } else {
            self.by_network.add(sent, judged);
            self.at_address.add(sent, judged);
        }
    }
}
