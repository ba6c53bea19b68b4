//! The flows: steps of users, administrators and the mailer.
//!
//! A new flow is a function over a [`Scenario`] and an entry in the list of its file.

mod accounts;
mod admin;
mod confirmations;
mod emails;
mod links;
mod notices;
mod passwords;
mod redrives;
mod sessions;

use super::scenario::{Scenario, StepResult};
use futures_util::future::LocalBoxFuture;

/// A flow from a fresh portal to its normal outcome.
pub(super) struct Flow {
    function: &'static str,
    /// Parameters of the template that differ from their defaults.
    pub(super) parameters: &'static [(&'static str, &'static str)],
    /// The statuses with which its emails may end.
    pub(super) email_statuses: &'static [&'static str],
    pub(super) steps: for<'a> fn(&'a Scenario) -> LocalBoxFuture<'a, StepResult>,
}

/// Makes a flow of an async function; every email of it is sent unless `ending` says otherwise.
macro_rules! flow {
    ($function:ident) => {
        $crate::fault_injection::flows::Flow {
            function: stringify!($function),
            parameters: &[],
            email_statuses: &["sent"],
            steps: |scenario| Box::pin($function(scenario)),
        }
    };
}
use flow;

impl Flow {
    const fn with(mut self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn ending(mut self, statuses: &'static [&'static str]) -> Self {
        self.email_statuses = statuses;
        self
    }

    /// Returns the name on the command line.
    pub(super) fn name(&self) -> String {
        self.function.replace('_', "-")
    }
}

/// Returns the flows of all files.
pub(super) fn all() -> Vec<Flow> {
    [
        links::flows(),
        notices::flows(),
        emails::flows(),
        passwords::flows(),
        accounts::flows(),
        sessions::flows(),
        confirmations::flows(),
        admin::flows(),
        redrives::flows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
