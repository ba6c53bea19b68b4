//! `mailer` sends the emails of the outbox. It has no route.
//!
//! The stream of the `emails` table invokes it with the keys of new rows, and a schedule invokes it
//! once a minute with `{"Sweep": {}}`. It responds with the records that the stream must deliver
//! again. Every retry sends the same link.
//!
//! A record is delivered again only where that may help at once: the store cannot be reached, or
//! SES refused the email temporarily for the first or second time. All else waits in its row for
//! the sweep and holds up no other email.

mod backoff;
mod budgets;
mod decision;
mod delivery;
mod events;
mod links;
mod message;
mod outcome;
mod ses;
mod sweep;
mod tags;
mod templates;

pub use events::{BatchResponse, Event, Record};

use budgets::FullShards;
use futures_util::future::join_all;
use ses::Ses;
use shared::app::App;
use shared::aws::Aws;
use shared::config::StartError;
use shared::domain::origin::Origin;
use shared::env::Env;
use shared::lambda::Bootstrap;

pub const ROUTES: &[&str] = &[];

pub struct Mailer {
    app: App,
    ses: Ses,
    /// The origin of the links to the built-in pages.
    public: Origin,
    full_shards: FullShards,
}

impl Bootstrap for Mailer {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let app = App::start(aws, env).await?;
        let public = app.config.site.public.clone().ok_or_else(|| {
            StartError("PUBLIC_URL is not set. The mailer needs it for links.".into())
        })?;
        let ses = Ses::new(aws, &app.config.email.configuration_set);
        Ok(Self {
            app,
            ses,
            public,
            full_shards: FullShards::default(),
        })
    }
}

/// Delivers the emails of a batch of the stream concurrently, or sweeps. An email that fails does
/// not keep the others of its batch from being tried.
pub async fn handle(mailer: &Mailer, event: Event) -> BatchResponse {
    match event {
        Event::Records(records) => mailer.deliver_all(records).await,
        Event::Sweep {} => {
            // The next sweep, a minute later, finds whatever this one could not read.
            let _unavailable = mailer.sweep().await;
            BatchResponse::default()
        }
    }
}

impl Mailer {
    async fn deliver_all(&self, records: Vec<Record>) -> BatchResponse {
        let mut response = BatchResponse::default();
        let failures = join_all(records.into_iter().map(|record| self.deliver_one(record)));
        for record in failures.await.into_iter().flatten() {
            response.deliver_again(record);
        }
        response
    }

    /// Delivers the email of one record. Returns the record if it must be delivered again.
    async fn deliver_one(&self, record: Record) -> Option<Record> {
        let Some(key) = record.key() else {
            tracing::error!("a stream record has an invalid key");
            return None;
        };
        let delivered = self.deliver(&key).await;
        delivered.is_err().then_some(record)
    }
}
