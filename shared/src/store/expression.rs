//! The expression of one write: what it changes, and on which condition.

use crate::store::item::Item;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, Update,
};
use std::collections::HashMap;

/// A write to one item, before it is known whether it goes into a transaction.
pub(super) struct Expression {
    table: String,
    key: Item,
    set: Vec<&'static str>,
    add: Vec<&'static str>,
    remove: Vec<&'static str>,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    on_failure: Option<ReturnValuesOnConditionCheckFailure>,
}

impl Expression {
    /// Starts an expression on the item of `table` that has `key`.
    pub(super) fn on(table: &str, key: Item) -> Self {
        Self {
            table: table.to_owned(),
            key,
            set: Vec::new(),
            add: Vec::new(),
            remove: Vec::new(),
            condition: None,
            names: HashMap::new(),
            values: HashMap::new(),
            on_failure: None,
        }
    }

    /// Adds assignments to the `SET` clause.
    pub(super) fn set(mut self, assignments: &'static str) -> Self {
        self.set.push(assignments);
        self
    }

    /// Adds increments to the `ADD` clause.
    pub(super) fn add(mut self, increments: &'static str) -> Self {
        self.add.push(increments);
        self
    }

    /// Adds attributes to the `REMOVE` clause.
    pub(super) fn remove(mut self, attributes: &'static str) -> Self {
        self.remove.push(attributes);
        self
    }

    /// Sets the condition, replacing an earlier one.
    pub(super) fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Adds a condition to the one that is set.
    pub(super) fn and(mut self, condition: &str) -> Self {
        self.condition = self
            .condition
            .map(|first| format!("{first} AND {condition}"));
        self
    }

    /// Adds placeholders for attribute names, each with its `#`.
    pub(super) fn names<const N: usize>(mut self, names: [(&str, &str); N]) -> Self {
        let names = names.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned()));
        self.names.extend(names);
        self
    }

    /// Adds placeholders for values, each with its `:`.
    pub(super) fn values<P: Into<String>>(
        mut self,
        values: impl IntoIterator<Item = (P, AttributeValue)>,
    ) -> Self {
        let values = values.into_iter();
        self.values
            .extend(values.map(|(placeholder, value)| (placeholder.into(), value)));
        self
    }

    /// Makes a failed write return the item that did not meet the condition.
    pub(super) fn returning_old_item(mut self) -> Self {
        self.on_failure = Some(ReturnValuesOnConditionCheckFailure::AllOld);
        self
    }

    pub(super) fn into_update(self) -> Update {
        built(
            Update::builder()
                .update_expression(self.clauses())
                .table_name(self.table)
                .set_key(Some(self.key))
                .set_condition_expression(self.condition)
                .set_expression_attribute_names(unless_empty(self.names))
                .set_expression_attribute_values(unless_empty(self.values))
                .set_return_values_on_condition_check_failure(self.on_failure)
                .build(),
        )
    }

    pub(super) fn into_delete(self) -> Delete {
        built(
            Delete::builder()
                .table_name(self.table)
                .set_key(Some(self.key))
                .set_condition_expression(self.condition)
                .set_expression_attribute_names(unless_empty(self.names))
                .set_expression_attribute_values(unless_empty(self.values))
                .set_return_values_on_condition_check_failure(self.on_failure)
                .build(),
        )
    }

    pub(super) fn into_check(self) -> ConditionCheck {
        built(
            ConditionCheck::builder()
                .table_name(self.table)
                .set_key(Some(self.key))
                .set_condition_expression(self.condition)
                .set_expression_attribute_names(unless_empty(self.names))
                .set_expression_attribute_values(unless_empty(self.values))
                .set_return_values_on_condition_check_failure(self.on_failure)
                .build(),
        )
    }

    /// Returns the update as a request outside of a transaction.
    pub(super) fn into_request(self) -> UpdateItemInputBuilder {
        UpdateItemInput::builder()
            .update_expression(self.clauses())
            .table_name(self.table)
            .set_key(Some(self.key))
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(unless_empty(self.names))
            .set_expression_attribute_values(unless_empty(self.values))
            .set_return_values_on_condition_check_failure(self.on_failure)
    }

    fn clauses(&self) -> String {
        let clauses = [
            ("SET", &self.set),
            ("ADD", &self.add),
            ("REMOVE", &self.remove),
        ];
        let used = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let texts: Vec<_> = used
            .map(|(keyword, parts)| format!("{keyword} {}", parts.join(", ")))
            .collect();
        texts.join(" ")
    }
}

/// Returns a put that fails if the item exists.
pub(super) fn put_new(table: &str, item: Item) -> Put {
    built(
        Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build(),
    )
}

/// Returns a put that replaces the item, if it exists.
pub(super) fn put_over(table: &str, item: Item) -> Put {
    built(
        Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .build(),
    )
}

/// Unwraps what one of the SDK's builders has built from all its required fields.
pub(super) fn built<T>(result: Result<T, BuildError>) -> T {
    #[expect(clippy::expect_used, reason = "every required field is set")]
    result.expect("every required field is set")
}

/// DynamoDB refuses an empty map.
fn unless_empty<V>(map: HashMap<String, V>) -> Option<HashMap<String, V>> {
    Some(map).filter(|map| !map.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::item::{n, s};

    #[test]
    fn clauses_are_joined_and_empty_ones_are_left_out() {
        let update = Expression::on("users", Item::new())
            .remove("c")
            .set("a = :a")
            .set("b = :b")
            .add("d :d")
            .into_update();
        assert_eq!(
            update.update_expression,
            "SET a = :a, b = :b ADD d :d REMOVE c"
        );
        assert_eq!(update.expression_attribute_names, None);
        assert_eq!(update.expression_attribute_values, None);
    }

    #[test]
    fn names_and_values_of_several_calls_add_up() {
        let delete = Expression::on("users", Item::new())
            .when("#a = :a AND #b = :b")
            .names([("#a", "a")])
            .names([("#b", "b")])
            .values([(":a", n(1))])
            .values(Some((":b", s("2"))))
            .into_delete();
        assert_eq!(
            delete.expression_attribute_names.map(|names| names.len()),
            Some(2)
        );
        assert_eq!(
            delete
                .expression_attribute_values
                .map(|values| values.len()),
            Some(2)
        );
    }
}
