//! Lists users by address.

use crate::domain::address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::store::item::s;
use crate::store::users::user_item;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;

/// A page of the list of users.
pub struct UserPage {
    /// Users in the order of their addresses.
    pub users: Vec<User>,
    /// True if the list goes on after this page.
    pub more: bool,
}

impl Store {
    /// Returns the users whose addresses start with `prefix`, ordered by address, at most `limit`,
    /// and fewer if they exceed a megabyte. Starts after the user `after`, whose address must start
    /// with `prefix` as well.
    ///
    /// Costs 1 query of the index by address, which is eventually consistent.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached or a row cannot be read.
    pub async fn list_users(
        &self,
        prefix: &str,
        after: Option<(&UserId, &EmailAddress)>,
        limit: u8,
    ) -> Result<UserPage, Unavailable> {
        let start = after.map(|(id, address)| {
            let mut key = user_item::user_key(id);
            key.insert("listed".to_owned(), s("user"));
            key.insert("address".to_owned(), s(address.as_str()));
            key
        });
        let query = self
            .query_by_address(prefix)
            .set_exclusive_start_key(start)
            // The one after the limit tells if the list goes on.
            .limit(i32::from(limit) + 1);
        let page = self.query("list_users", query).await?;
        let limit = usize::from(limit);
        let items = page.items();
        let users: Option<_> = items.iter().take(limit).map(user_item::from_item).collect();
        Ok(UserPage {
            users: users.ok_or_else(|| Unavailable::unreadable("users"))?,
            more: items.len() > limit || page.last_evaluated_key().is_some(),
        })
    }

    fn query_by_address(&self, prefix: &str) -> QueryInputBuilder {
        let query = QueryInput::builder()
            .table_name(&self.tables.users)
            .index_name("by-address")
            .expression_attribute_values(":user", s("user"));
        // DynamoDB refuses an empty prefix.
        if prefix.is_empty() {
            query.key_condition_expression("listed = :user")
        } else {
            query
                .key_condition_expression("listed = :user AND begins_with(address, :prefix)")
                .expression_attribute_values(":prefix", s(prefix))
        }
    }
}
