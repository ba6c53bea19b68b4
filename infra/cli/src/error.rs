//! Failures, as sentences for the operator.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use std::fmt;
use std::process::ExitCode;

/// The reason that a command did not do what it was asked to.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// Something does not work, or is not as it must be.
    Failed(String),
    /// The output is complete, and reports something that is not as it should be.
    Found(String),
    /// It is too early, or there is nothing to do. Nothing was changed.
    Refused(String),
}

impl Error {
    /// Describes a call that failed. `what` completes "Could not".
    pub(crate) fn of_call<E: ProvideErrorMetadata, R>(what: &str, error: &SdkError<E, R>) -> Self {
        let kind = shared::aws::describe(error);
        let message = error.as_service_error().and_then(|error| error.message());
        let message = message.map(|text| format!(" ({text})")).unwrap_or_default();
        Self::Failed(format!("Could not {what}: {kind}{message}."))
    }

    /// Returns the exit code: 1 for a failure and for a report of one, 3 for a refusal. Clap exits
    /// with 2.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) | Self::Found(_) => ExitCode::from(1),
            Self::Refused(_) => ExitCode::from(3),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) | Self::Found(why) | Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}
