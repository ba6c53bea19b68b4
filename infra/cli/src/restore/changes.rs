//! The changes of users since a time, as the audit tells them.

use super::Context;
use crate::error::Error;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::domain::audit::Action;
use shared::domain::time::{MINUTE, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The largest difference between the clocks of functions and of DynamoDB.
const CLOCK_ERROR: Duration = MINUTE.saturating_mul(5);

/// The users of whom something must not come back, by their ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Time of each erasure, in milliseconds.
    pub(super) erased: BTreeMap<String, Timestamp>,
    /// The password that is restored may be an old one.
    pub(super) new_password: BTreeSet<String>,
    /// Suspended, or given another address, name, role or resources.
    pub(super) changed: BTreeSet<String>,
    pub(super) created: BTreeSet<String>,
}

impl Changes {
    /// Reads the audit from a time on.
    pub(super) async fn since(context: &Context<'_>, at: Timestamp) -> Result<Self, Error> {
        let from = at.minus(CLOCK_ERROR).millis();
        let scan = context.client.scan();
        let mut pages = scan
            .table_name(format!("{}-audit", context.stack.name))
            .consistent_read(true)
            .filter_expression("#at >= :from")
            .projection_expression("pk, #action, #at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#action", "action")
            .expression_attribute_values(":from", AttributeValue::N(from.to_string()))
            .into_paginator()
            .items()
            .send();
        let mut changes = Self::default();
        while let Some(record) = pages.next().await {
            let record = record.map_err(|error| Error::of_call("read the audit", &error))?;
            let text = |name: &str| record.get(name).and_then(|value| value.as_s().ok());
            let at = record.get("at").and_then(|value| value.as_n().ok());
            let at = at.and_then(|at| at.parse().ok()).unwrap_or_default();
            if let (Some(user), Some(action)) = (text("pk"), text("action")) {
                changes.add(context, user, action, Timestamp::from_millis(at));
            }
        }
        Ok(changes)
    }

    fn add(&mut self, context: &Context<'_>, user: &str, action: &str, at: Timestamp) {
        let is_one_of = |actions: &[Action]| {
            let portal = &context.stack.portal;
            actions.iter().any(|one| one.of(portal) == action)
        };
        let user = user.to_owned();
        if is_one_of(&[Action::Erased]) {
            self.erased.insert(user, at);
        } else if is_one_of(&[
            Action::PasswordReset,
            Action::PasswordChanged,
            Action::Activated,
        ]) {
            self.new_password.insert(user);
        } else if is_one_of(&[Action::Suspended, Action::AddressChanged, Action::Changed]) {
            self.changed.insert(user);
        } else if is_one_of(&[
            Action::Added,
            Action::Imported,
            Action::Invited,
            Action::SignedUp,
        ]) {
            self.created.insert(user);
        }
    }
}
