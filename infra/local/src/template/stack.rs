//! The names of the one stack that exists here.

/// The name of the stack, which is the first part of the tables' names.
pub const STACK: &str = "vestibule";

pub const REGION: &str = "us-east-1";

pub const ACCOUNT: &str = "000000000000";

/// The id of the HTTP API.
pub(crate) const API: &str = "local";
