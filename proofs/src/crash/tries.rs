//! Passwords as clients try them: what was tried, and which are right.

use super::scene::{SID, Scene};
use serde_json::json;
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use std::collections::BTreeMap;
use tests::{Answer, Browser};

/// What hashes cost in every flow: next to nothing.
pub(super) const COSTS: &str = "m=7168,t=1,p=1";

/// How many requests were made, and how many of them were answered with something else than
/// "later".
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    pub(super) asked: usize,
    pub(super) answered: usize,
}

/// What was tried with passwords.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries {
    right: Tried,
    wrong: Tried,
    /// By address, since she last signed in by whatever means; and whether she has since the last
    /// wrong one.
    in_a_row: BTreeMap<String, (Tried, bool)>,
}

impl Tries {
    pub(super) const fn right(&self) -> Tried {
        self.right
    }

    pub(super) const fn wrong(&self) -> Tried {
        self.wrong
    }

    /// At all addresses together.
    pub(super) fn in_a_row(&self) -> Tried {
        let sum = |sum: Tried, (row, _): &(Tried, bool)| Tried {
            asked: sum.asked + row.asked,
            answered: sum.answered + row.answered,
        };
        self.in_a_row.values().fold(Tried::default(), sum)
    }

    fn row(&mut self, email: &str) -> &mut Tried {
        let (row, is_over) = self.in_a_row.entry(email.to_owned()).or_default();
        if std::mem::take(is_over) {
            *row = Tried::default();
        }
        row
    }

    fn asked_wrong(&mut self, email: &str) {
        self.wrong.asked += 1;
        self.row(email).asked += 1;
    }

    fn answered_wrong(&mut self, email: &str) {
        self.wrong.answered += 1;
        self.row(email).answered += 1;
    }

    fn signed_in(&mut self, email: &str) {
        self.in_a_row.entry(email.to_owned()).or_default().1 = true;
    }
}

/// A password, whose it is, and whether it signs her in.
#[derive(Clone)]
pub(super) struct Known {
    email: String,
    password: String,
    signs_in: bool,
}

/// The hash of a password at such costs.
///
/// # Panics
/// For what are no costs, or is no password.
#[expect(
    clippy::unwrap_used,
    reason = "a flow that names no costs is a mistake of the proof"
)]
pub(super) fn hashed(costs: &str, password: &str) -> String {
    let hasher = Hasher::new(Argon2Params::parse(costs).unwrap(), None);
    hasher
        .hash(&Password::parse(password).unwrap(), [7; 16])
        .as_str()
        .to_owned()
}

impl Scene {
    /// Gives a user a password from before the flow.
    pub(super) fn has_password(&self, email: &str, password: &str, costs: &str) {
        let hash = json!({":hash": {"S": hashed(costs, password)}});
        self.world.set_user(email, "SET password = :hash", &hash);
        self.password_is(email, password);
    }

    /// Writes down that this is her password now, and that no other one is.
    pub(super) fn password_is(&self, email: &str, password: &str) {
        self.password_is_gone(email);
        let (email, password) = (email.to_owned(), password.to_owned());
        self.passwords.borrow_mut().push(Known {
            email,
            password,
            signs_in: true,
        });
    }

    /// Writes down that nothing signs in with this address for the moment.
    pub(super) fn password_is_gone(&self, email: &str) {
        self.passwords
            .borrow_mut()
            .iter_mut()
            .filter(|known| known.email == email)
            .for_each(|known| known.signs_in = false);
    }

    /// Writes down that she has proved who she is: wrong passwords before that are in no row with
    /// those after it.
    pub(super) fn proved(&self, email: &str) {
        self.tries.borrow_mut().signed_in(email);
    }

    /// What was tried.
    pub(super) fn tries(&self) -> Tries {
        self.tries.borrow().clone()
    }

    /// Sets how many wrong passwords there were in a row at the only address that had any.
    ///
    /// # Panics
    /// When the database cannot be written.
    #[expect(clippy::unwrap_used, reason = "a row that was read can be written")]
    pub(super) fn wrong_in_a_row(&self, email: &str, count: usize) {
        let rows = self.world.rows("rate-limits");
        let row = rows.iter().find(|row| {
            row["pk"]["S"]
                .as_str()
                .is_some_and(|pk| pk.starts_with("password-in-a-row"))
        });
        let mut row = row.cloned().unwrap_or_default();
        row["count"] = json!({"N": count.to_string()});
        let put =
            json!({"TableName": format!("{}-throttles", local::template::STACK), "Item": row});
        let _put = self
            .world
            .portal
            .database()
            .put_item(serde_json::from_value(put).unwrap())
            .unwrap();
        *self.tries.borrow_mut().row(email) = Tried {
            asked: count,
            answered: count,
        };
    }

    /// Signs in with the right password; a session that this browser had ends then.
    pub(super) async fn right(
        &self,
        browser: &Browser<'_>,
        email: &str,
        password: &str,
    ) -> Result<(), String> {
        let before = browser.cookie(SID);
        let request = json!({"email": email, "password": password});
        let post = async || {
            self.post_right(browser.post("/auth/sign-in", request.clone()))
                .await
        };
        self.due(200, "", post).await?;
        self.is_right(browser, email, before.as_deref())
    }

    /// The same by the page's form.
    pub(super) async fn right_by_form(
        &self,
        browser: &Browser<'_>,
        email: &str,
        password: &str,
    ) -> Result<(), String> {
        let before = browser.cookie(SID);
        let fields = [("email", email), ("password", password)];
        let post = async || {
            self.post_right(browser.post_form("/auth/sign-in", &fields))
                .await
        };
        self.leads(post, "/auth/signed-in").await?;
        self.is_right(browser, email, before.as_deref())
    }

    async fn post_right(&self, post: impl Future<Output = Answer>) -> Answer {
        self.tries.borrow_mut().right.asked += 1;
        post.await
    }

    fn is_right(
        &self,
        browser: &Browser<'_>,
        email: &str,
        before: Option<&str>,
    ) -> Result<(), String> {
        self.tries.borrow_mut().right.answered += 1;
        self.proved(email);
        if let Some(before) = before {
            self.over_with(before);
        }
        self.has_session(browser)
    }

    /// Tries what does not sign in.
    pub(super) async fn wrong(
        &self,
        browser: &Browser<'_>,
        email: &str,
        password: &str,
    ) -> Result<(), String> {
        self.due(401, "invalid-credentials", async || {
            self.try_wrong(browser, email, password).await
        })
        .await?;
        self.is_wrong(email);
        Ok(())
    }

    /// The same by the page's form.
    pub(super) async fn wrong_by_form(
        &self,
        browser: &Browser<'_>,
        email: &str,
        password: &str,
    ) -> Result<(), String> {
        let fields = [("email", email), ("password", password)];
        let post = async || {
            self.tries.borrow_mut().asked_wrong(email);
            browser.post_form("/auth/sign-in", &fields).await
        };
        self.leads(post, "/auth/sign-in?error=invalid_credentials")
            .await?;
        self.is_wrong(email);
        Ok(())
    }

    /// One request with a wrong password.
    pub(super) async fn try_wrong(
        &self,
        browser: &Browser<'_>,
        email: &str,
        password: &str,
    ) -> Answer {
        self.tries.borrow_mut().asked_wrong(email);
        browser
            .post(
                "/auth/sign-in",
                json!({"email": email, "password": password}),
            )
            .await
    }

    /// Writes down that one was answered as wrong.
    pub(super) fn is_wrong(&self, email: &str) {
        self.tries.borrow_mut().answered_wrong(email);
    }

    /// The password that was set last signs in, and no other one does.
    pub(super) async fn only_the_last_password_signs_in(&self) -> Result<(), String> {
        let known = self.passwords.borrow().clone();
        for Known {
            email,
            password,
            signs_in,
        } in known
        {
            let answer = self
                .browser()
                .post(
                    "/auth/sign-in",
                    json!({"email": email, "password": password}),
                )
                .await;
            let due = if signs_in { 200 } else { 401 };
            if answer.status.as_u16() != due {
                return Err(format!(
                    "a password that is to answer {due} answered {} {}",
                    answer.status, answer.body
                ));
            }
        }
        Ok(())
    }
}
