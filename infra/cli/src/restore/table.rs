//! The table `users`: made anew like the restored one, with the settings of the template.

use super::Context;
use super::source::Source;
use crate::error::Error;
use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndex, OnDemandThroughput, PointInTimeRecoverySpecification,
    SseSpecification, SseType, TableDescription, TableStatus, Tag,
};
use std::time::Duration;

/// The tag of a table that is being filled. Its value is the name of the restored table.
const MARK: &str = "vestibule-restoring";
const POLL_EVERY: Duration = Duration::from_secs(2);
const POLLS: usize = 300;

/// Replaces the table by an empty one, unless an earlier run has done so. The one that is deleted
/// remains in a backup for 35 days.
pub(super) async fn prepare(context: &Context<'_>, source: &Source) -> Result<(), Error> {
    let restored = context.describe(&source.table).await?;
    let restored = restored.ok_or_else(|| Error::Failed(format!("No table {}.", source.table)))?;
    if let Some(found) = context.describe(&context.users).await? {
        if is_being_filled(context, &found, source).await? {
            return wait(context, true).await;
        }
        delete(context).await?;
    }
    create(context, &restored, source).await?;
    wait(context, true).await
}

/// Puts back the settings that a table has only once it exists, and removes what the restore
/// needed.
pub(super) async fn finish(context: &Context<'_>, source: &Source) -> Result<(), Error> {
    let recovery = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .build()
        .map_err(|error| Error::Failed(error.to_string()))?;
    let update = context.client.update_continuous_backups();
    let update = update.table_name(&context.users);
    let update = update.point_in_time_recovery_specification(recovery);
    let updated = update.send().await;
    updated.map_err(|error| Error::of_call("switch on point-in-time recovery", &error))?;
    let users = context.describe(&context.users).await?;
    let arn = users.as_ref().and_then(|users| users.table_arn());
    let untag = context.client.untag_resource();
    let untag = untag.resource_arn(arn.unwrap_or_default()).tag_keys(MARK);
    let untagged = untag.send().await;
    untagged.map_err(|error| Error::of_call("remove the mark of the restore", &error))?;
    if source.is_given {
        return Ok(());
    }
    let deleted = context.client.delete_table().table_name(&source.table);
    let deleted = deleted.send().await;
    deleted.map_err(|error| Error::of_call(&format!("delete {}", source.table), &error))?;
    Ok(())
}

async fn is_being_filled(
    context: &Context<'_>,
    users: &TableDescription,
    source: &Source,
) -> Result<bool, Error> {
    let arn = users.table_arn().unwrap_or_default();
    let tags = context.client.list_tags_of_resource().resource_arn(arn);
    let tags = tags.send().await;
    let tags = tags.map_err(|error| Error::of_call("read the table's tags", &error))?;
    let is_mark = |tag: &Tag| tag.key() == MARK && tag.value() == source.table;
    Ok(tags.tags().iter().any(is_mark))
}

async fn delete(context: &Context<'_>) -> Result<(), Error> {
    let what = format!("delete the table {}", context.users);
    let unprotected = context.client.update_table().table_name(&context.users);
    let unprotected = unprotected.deletion_protection_enabled(false).send().await;
    unprotected.map_err(|error| Error::of_call(&what, &error))?;
    wait(context, true).await?;
    let deleted = context.client.delete_table().table_name(&context.users);
    let deleted = deleted.send().await;
    deleted.map_err(|error| Error::of_call(&what, &error))?;
    wait(context, false).await
}

async fn create(
    context: &Context<'_>,
    like: &TableDescription,
    source: &Source,
) -> Result<(), Error> {
    let invalid = |error: aws_sdk_dynamodb::error::BuildError| Error::Failed(error.to_string());
    let mut tags = vec![(MARK, source.table.as_str())];
    let of_stack = context.stack.tags.iter();
    tags.extend(of_stack.map(|(key, value)| (key.as_str(), value.as_str())));
    let tags = tags.into_iter().map(|(key, value)| {
        let tag = Tag::builder().key(key).value(value);
        tag.build().map_err(invalid)
    });
    let indexes = like.global_secondary_indexes().iter().map(|index| {
        GlobalSecondaryIndex::builder()
            .set_index_name(index.index_name().map(str::to_owned))
            .set_key_schema(Some(index.key_schema().to_vec()))
            .set_projection(index.projection().cloned())
            .set_on_demand_throughput(index.on_demand_throughput().cloned())
            .build()
            .map_err(invalid)
    });
    let parameter = |name| context.stack.parameters.get(name).map(String::as_str);
    let key = parameter("KmsKeyArn").filter(|key| !key.is_empty());
    let encryption = key.map(|key| {
        let encryption = SseSpecification::builder().enabled(true);
        encryption
            .sse_type(SseType::Kms)
            .kms_master_key_id(key)
            .build()
    });
    let units = parameter("TableMaximumUnits").and_then(|units| units.parse().ok());
    let maximum = units.map(|units| {
        let maximum = OnDemandThroughput::builder().max_read_request_units(units);
        maximum.max_write_request_units(units).build()
    });
    let created = context.client.create_table().table_name(&context.users);
    let created = created
        .set_attribute_definitions(Some(like.attribute_definitions().to_vec()))
        .set_key_schema(Some(like.key_schema().to_vec()))
        .set_global_secondary_indexes(Some(indexes.collect::<Result<_, _>>()?))
        .set_on_demand_throughput(maximum)
        .set_sse_specification(encryption)
        .billing_mode(BillingMode::PayPerRequest)
        .deletion_protection_enabled(true)
        .set_tags(Some(tags.collect::<Result<_, _>>()?))
        .send()
        .await;
    let what = format!("create the table {}", context.users);
    created.map_err(|error| Error::of_call(&what, &error))?;
    Ok(())
}

/// Waits until the table is active, or gone.
async fn wait(context: &Context<'_>, exists: bool) -> Result<(), Error> {
    for _ in 0..POLLS {
        let found = context.describe(&context.users).await?;
        let status = found.as_ref().and_then(|table| table.table_status());
        match (exists, status) {
            (true, Some(TableStatus::Active)) | (false, None) => return Ok(()),
            _ => tokio::time::sleep(POLL_EVERY).await,
        }
    }
    Err(Error::Failed(format!(
        "The table {} is still being changed. Run this command again.",
        context.users
    )))
}
