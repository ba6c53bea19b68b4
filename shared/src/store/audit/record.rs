//! Records an event that changes nothing else (promise 8).

use crate::domain::audit::AuditEvent;
use crate::store::audit::audit_item;
use crate::store::expression::built;
use crate::store::{Store, Unavailable};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;

impl Store {
    /// Adds a record of `event`.
    ///
    /// Costs 1 put.
    ///
    /// # Errors
    /// Fails with [`Unavailable`] if the store cannot be reached.
    pub async fn record_event(&self, event: &AuditEvent) -> Result<(), Unavailable> {
        let request = PutItemInput::builder()
            .table_name(&self.tables.audit)
            .set_item(Some(audit_item::to_item(event, &self.record_id(event))))
            .condition_expression("attribute_not_exists(pk)");
        match self.client.send(built(request.build())).await {
            Ok(_) => Ok(()),
            // The id is random: the item that exists is this one, put by an earlier attempt of the
            // SDK whose response was lost.
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(Unavailable::because("record_event", &error)),
        }
    }
}
