//! The conditions that records may be read by.

use crate::store::item::s;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;

/// The condition that a record must meet.
#[derive(Clone, Copy, Debug)]
pub enum EventFilter<'a> {
    /// The stored action is this one, such as `partner.login`.
    Action(&'a str),
    /// The metadata has an entry of this name.
    Metadata(&'a str),
    /// The action was done with a session, or moved the user's epoch: the starts and the ends of
    /// all sessions.
    Sessions,
}

impl EventFilter<'_> {
    pub(super) fn apply(self, query: QueryInputBuilder) -> QueryInputBuilder {
        match self {
            Self::Action(action) => query
                .filter_expression("#action = :action")
                .expression_attribute_names("#action", "action")
                .expression_attribute_values(":action", s(action)),
            Self::Metadata(name) => query
                .filter_expression("attribute_exists(#metadata.#name)")
                .expression_attribute_names("#metadata", "metadata")
                .expression_attribute_names("#name", name),
            Self::Sessions => query
                .filter_expression("resource_type = :session OR attribute_exists(metadata.epoch)")
                .expression_attribute_values(":session", s("session")),
        }
    }
}
