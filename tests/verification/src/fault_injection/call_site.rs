//! A call to AWS at which a fault can be injected.

use local::aws_stub::Attempt;
use std::fmt;

/// A call as a function makes it; two calls are alike when all of this is equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallSite {
    pub(super) function: String,
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) tables: Vec<String>,
}

impl From<&Attempt> for CallSite {
    fn from(attempt: &Attempt) -> Self {
        Self {
            function: attempt.function.clone(),
            service: attempt.service.clone(),
            operation: attempt.operation.clone(),
            tables: attempt.tables.clone(),
        }
    }
}

impl CallSite {
    /// Returns whether a call that arrives late can still change something.
    pub(super) fn is_write(&self) -> bool {
        let operation = self.operation.as_str();
        let batch = ["BatchWriteItem", "TransactWriteItems"].contains(&operation);
        batch || ["UpdateItem", "PutItem", "SendEmail"].contains(&operation)
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.operation)?;
        if self.tables.is_empty() {
            return Ok(());
        }
        write!(f, " on {}", self.tables.join(", "))
    }
}
