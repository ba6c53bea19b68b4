//! The rows of suppressed addresses. Their sort key is outside of every range of record ids, so no
//! history shows them. A lifted suppression leaves its row, which remembers when it was lifted.

use crate::domain::email::{Suppression, SuppressionReason};
use crate::domain::ids::KeyedHash;
use crate::store::Store;
use crate::store::expression::Expression;
use crate::store::item::{Item, item, moment, s, text};

const SORT_KEY: &str = "suppression";

pub(in crate::store) fn key(to: &KeyedHash) -> Item {
    item([("pk", Some(s(to.to_string()))), ("sk", Some(s(SORT_KEY)))])
}

/// Reads a suppression, or `None` if it was lifted.
pub(in crate::store) fn from_item(item: &Item) -> Option<Suppression> {
    Some(Suppression {
        since: moment(item, "suppressed_at")?,
        reason: SuppressionReason::parse(text(item, "reason")?)?,
        // An erasure has removed it.
        detail: text(item, "detail").unwrap_or_default().to_owned(),
    })
}

impl Store {
    pub(in crate::store) fn suppression_row(&self, to: &KeyedHash) -> Expression {
        Expression::on(&self.tables.emails, key(to))
    }

    /// Returns the check that the address is not suppressed.
    pub(in crate::store) fn unsuppressed(&self, to: &KeyedHash) -> Expression {
        self.suppression_row(to)
            .when("attribute_not_exists(suppressed_at)")
    }
}
