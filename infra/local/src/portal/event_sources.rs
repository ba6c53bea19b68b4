//! The schedules and streams that invoke functions.

use crate::aws_stub::Services;
use crate::lambda::Lambda;
use crate::options::Options;
use crate::shutdown::BackgroundTasks;
use crate::stream::{EventSourceMapping, MappingProgress, report_undelivered};
use crate::template::{Function, Schedule};
use shared::clock::Clock;
use shared::config::StartError;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The parts of a portal that its event sources use.
pub(super) struct EventSources<'a> {
    pub(super) services: &'a Arc<Services>,
    pub(super) clock: &'a Clock,
    pub(super) options: &'a Options,
}

impl EventSources<'_> {
    /// Starts the schedules and event source mappings of all functions, unless the options say that
    /// the caller invokes them. Returns the table of each mapping, and the mapping's progress.
    ///
    /// # Errors
    /// A [`StartError`] if a stream cannot be read or a filter is not supported.
    pub(super) fn start(
        &self,
        declared: &[Function],
        functions: &BTreeMap<String, Lambda>,
        tasks: &mut BackgroundTasks,
    ) -> Result<Vec<(String, watch::Receiver<MappingProgress>)>, StartError> {
        let mut mappings = vec![];
        if self.options.events_by_hand {
            return Ok(mappings);
        }
        if let Some(email_events) = functions.get("email-events").cloned() {
            let services = Arc::clone(self.services);
            tasks.spawn_until_shutdown(async move {
                services.email_events.run(email_events).await;
            });
        }
        for function in declared {
            let Some(lambda) = functions.get(&function.name) else {
                continue;
            };
            for schedule in &function.schedules {
                tasks.spawn_until_shutdown(run_schedule(schedule.clone(), lambda.clone()));
            }
            for settings in &function.streams {
                let table = settings.table().to_owned();
                if self.options.announce {
                    self.report_undelivered(&table, tasks)?;
                }
                let checkpoint = self.options.data.as_ref().map(|directory| {
                    directory.join(format!("{}-{table}.checkpoint", function.name))
                });
                let mapping = EventSourceMapping::new(
                    &self.services.database,
                    settings.clone(),
                    lambda.clone(),
                    self.clock.clone(),
                    checkpoint,
                )?;
                mappings.push((table, mapping.progress()));
                tasks.spawn_until_shutdown(mapping.run(self.services.written.subscribe()));
            }
        }
        Ok(mappings)
    }

    fn report_undelivered(
        &self,
        table: &str,
        tasks: &mut BackgroundTasks,
    ) -> Result<(), StartError> {
        let task = report_undelivered(
            &self.services.database,
            table,
            Arc::clone(&self.services.inbox),
            self.services.written.subscribe(),
        );
        tasks.spawn_until_shutdown(task.map_err(|error| {
            StartError(format!("Could not read the stream of {table}: {error}."))
        })?);
        Ok(())
    }
}

/// Invokes a function at every interval, without end. Failed invocations are logged by [`Lambda`].
async fn run_schedule(schedule: Schedule, lambda: Lambda) {
    loop {
        tokio::time::sleep(schedule.interval).await;
        let _output = lambda.invoke(schedule.input.clone()).await;
    }
}
