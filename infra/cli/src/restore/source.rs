//! The table that DynamoDB restores, and the time whose users it holds.

use super::{Context, RestoreOptions};
use crate::error::Error;
use aws_sdk_dynamodb::types::{BackupSummary, BackupTypeFilter, TableStatus};
use aws_smithy_types::DateTime;
use shared::domain::time::Timestamp;

pub(super) struct Source {
    /// Name of the table.
    pub(super) table: String,
    /// The users are those of this time.
    pub(super) at: Timestamp,
    /// The operator restored the table, and keeps it.
    pub(super) is_given: bool,
    /// ARN of the backup that DynamoDB made when `users` was deleted, if it was.
    backup: Option<String>,
}

impl Source {
    /// Decides what to restore. The name of the table tells the time, so that a repeat finds it.
    pub(super) async fn find(
        context: &Context<'_>,
        options: &RestoreOptions,
    ) -> Result<Self, Error> {
        let (at, backup) = match options.at {
            Some(at) => (at, None),
            None if context.describe(&context.users).await?.is_none() => {
                let backup = newest_backup(context).await?;
                let at = backup.backup_creation_date_time();
                let at = at.and_then(|at| u64::try_from(at.secs()).ok());
                let at = Timestamp::from_secs(at.unwrap_or_default());
                (at, backup.backup_arn().map(str::to_owned))
            }
            None => {
                return Err(Error::Failed(format!(
                    "The table {} exists. Name the time to return to with --at.",
                    context.users
                )));
            }
        };
        let named = format!("{}-at-{}", context.users, at.secs());
        Ok(Self {
            table: options.from.clone().unwrap_or(named),
            at,
            is_given: options.from.is_some(),
            backup,
        })
    }

    /// Lets DynamoDB restore the table, unless it exists.
    ///
    /// # Errors
    /// [`Error::Refused`] until it is there.
    pub(super) async fn restore(&self, context: &Context<'_>) -> Result<(), Error> {
        let found = context.describe(&self.table).await?;
        match found.as_ref().map(|table| table.table_status()) {
            Some(Some(TableStatus::Active)) => return Ok(()),
            Some(_) => {}
            None if self.is_given => {
                let why = format!("There is no table {}.", self.table);
                return Err(Error::Failed(why));
            }
            None => self.start(context).await?,
        }
        Err(Error::Refused(format!(
            "DynamoDB is restoring {}, which takes minutes to hours. Run this command again then.",
            self.table
        )))
    }

    async fn start(&self, context: &Context<'_>) -> Result<(), Error> {
        let what = format!("restore {}", context.users);
        if let Some(backup) = &self.backup {
            let restore = context.client.restore_table_from_backup();
            let restore = restore.backup_arn(backup).target_table_name(&self.table);
            let started = restore.send().await;
            return started.map_or_else(|error| Err(Error::of_call(&what, &error)), |_| Ok(()));
        }
        let restore = context.client.restore_table_to_point_in_time();
        let started = restore
            .source_table_name(&context.users)
            .target_table_name(&self.table)
            .restore_date_time(DateTime::from_secs(
                i64::try_from(self.at.secs()).unwrap_or(i64::MAX),
            ))
            .send()
            .await;
        started.map_or_else(|error| Err(Error::of_call(&what, &error)), |_| Ok(()))
    }
}

/// Returns the backup that DynamoDB made when the table was deleted.
async fn newest_backup(context: &Context<'_>) -> Result<BackupSummary, Error> {
    let listed = context.client.list_backups().table_name(&context.users);
    let listed = listed.backup_type(BackupTypeFilter::System).send().await;
    let listed = listed.map_err(|error| Error::of_call("list the backups", &error))?;
    let backups = listed.backup_summaries().iter();
    let newest = backups.max_by_key(|backup| backup.backup_creation_date_time().copied());
    newest.cloned().ok_or_else(|| {
        let users = &context.users;
        Error::Failed(format!(
            "There is neither a table {users} nor a backup from when it was deleted."
        ))
    })
}
