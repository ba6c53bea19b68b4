//! The flows: what people, administrators and the mailer do. A new one is a function over a scene
//! and a line in its list.

mod accounts;
mod administration;
mod mails;
mod passwords;
mod people;
mod sessions;

use super::scene::Scene;
use futures_util::future::LocalBoxFuture;

/// Who is active from the beginning, and who is invited.
const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";
/// Whoever else there comes to be.
const EVE: &str = "eve@example.com";
/// Two passwords that every policy takes.
const FIRST: &str = "three quiet otters paint";
const SECOND: &str = "a lantern under the bridge";

/// What came of a flow: its normal outcome, or what came instead.
pub(super) type Outcome = Result<(), String>;

/// A flow: a script over a fresh world.
pub(super) struct Flow {
    /// How it is called on the command line.
    pub(super) name: &'static str,
    /// The template's parameters that it changes.
    pub(super) parameters: &'static [(&'static str, &'static str)],
    /// How mails may end in it.
    pub(super) ends: &'static [&'static str],
    /// What happens.
    pub(super) run: for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Outcome>,
}

impl Flow {
    /// At the template's defaults, where every mail is sent.
    const fn new(
        name: &'static str,
        run: for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Outcome>,
    ) -> Self {
        Self {
            name,
            parameters: &[],
            ends: &["sent"],
            run,
        }
    }

    const fn with(mut self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn ending(mut self, ends: &'static [&'static str]) -> Self {
        self.ends = ends;
        self
    }
}

/// All of them.
pub(super) fn all() -> Vec<Flow> {
    let mut flows = people::flows();
    flows.extend(
        [
            mails::flows(),
            passwords::flows(),
            accounts::flows(),
            sessions::flows(),
        ]
        .into_iter()
        .flatten(),
    );
    flows.extend(administration::flows());
    flows
}
