//! The stream that feeds the mailer, SES, and the mailboxes.

use crate::outbox::{deliver, is_reported};
use crate::units::writes;
use futures_util::future::{join_all, try_join_all};
use kit::{Email, World, secs};
use local::aws_stub::Call;
use local::{ReceivedEmail, SesEvent};
use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// A new on-demand table has four partitions, and its stream as many shards. The template runs ten
/// mailers for each.
const MAILERS: usize = 4 * 10;
const BATCH: usize = 10;
/// The interval at which Lambda and clients look again.
const POLL: Duration = Duration::from_millis(50);
/// The time after which SES says that an email was delivered.
const DELIVERED_AFTER: Duration = secs(1);

/// The records for each mailer, and the sign-in emails that nobody has read.
pub(super) struct Delivery<'w> {
    world: &'w World,
    queues: Mutex<Vec<VecDeque<Value>>>,
    mailboxes: Mutex<HashMap<String, Email>>,
}

impl<'w> Delivery<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            queues: Mutex::new(vec![VecDeque::new(); MAILERS]),
            mailboxes: Mutex::default(),
        }
    }

    /// Delivers emails until the future is dropped.
    pub(super) async fn run(&self) -> Result<Infallible, String> {
        let mailers = try_join_all((0..MAILERS).map(|mailer| self.run_mailer(mailer)));
        let (_, _, _) = tokio::try_join!(mailers, self.sweep(), self.run_ses())?;
        Err("the delivery ended".to_owned())
    }

    /// Waits for the next sign-in email to this address.
    pub(super) async fn wait_for(&self, address: &str) -> Result<Email, String> {
        for _ in 0..1200 {
            if let Some(email) = lock(&self.mailboxes).remove(address) {
                return Ok(email);
            }
            sleep(POLL).await;
        }
        Err(format!("no email to {address} arrived within a minute"))
    }

    /// Takes the emails that these calls have queued. The embedded stream is not used, because it
    /// reads all of its records at every write.
    pub(super) fn queue(&self, calls: &[Call]) {
        for call in calls.iter().filter(|call| call.status == 200) {
            for write in writes(&call.operation, &call.body) {
                if write.table == "emails" && write.is_put {
                    let bytes = write.pk.bytes();
                    let hash = bytes.fold(0, |hash, byte| hash * 31 % 65_521 + usize::from(byte));
                    let keys = json!({"pk": {"S": write.pk}, "sk": {"S": write.sk}});
                    let change = json!({"Keys": keys, "SequenceNumber": write.sk});
                    let record = json!({"eventName": "INSERT", "dynamodb": change});
                    lock(&self.queues)[hash % MAILERS].push_back(record);
                }
            }
        }
    }

    async fn run_mailer(&self, mailer: usize) -> Result<Infallible, String> {
        loop {
            let batch: Vec<_> = {
                let queue = &mut lock(&self.queues)[mailer];
                let size = queue.len().min(BATCH);
                queue.drain(..size).collect()
            };
            if batch.is_empty() {
                sleep(POLL).await;
                continue;
            }
            let response = deliver(self.world, &batch).await?;
            let failed = batch.into_iter().rev();
            for record in failed.filter(|record| is_reported(&response, record)) {
                lock(&self.queues)[mailer].push_front(record);
            }
        }
    }

    async fn sweep(&self) -> Result<Infallible, String> {
        loop {
            sleep(secs(60)).await;
            let sweep = json!({"Sweep": {}});
            self.world.portal.invoke("mailer", sweep).await?;
        }
    }

    /// Puts emails into mailboxes, and publishes their delivery a little later.
    async fn run_ses(&self) -> Result<Infallible, String> {
        let mut sent: VecDeque<(Timestamp, ReceivedEmail)> = VecDeque::new();
        loop {
            let now = self.world.clock.now();
            for email in self.world.portal.take_inbox() {
                sent.push_back((now.plus(DELIVERED_AFTER), email.clone()));
                if email.code.is_some() {
                    lock(&self.mailboxes).insert(email.to.clone(), Email::from(email));
                }
            }
            let due = sent.iter().take_while(|(due, _)| *due <= now).count();
            let events = sent.drain(..due).map(|(due, email)| async move {
                let document = SesEvent::Delivery.document(&email, due).to_string();
                self.world.publish(&document).await
            });
            let published = join_all(events).await.into_iter();
            published.collect::<Result<Vec<_>, _>>()?;
            sleep(POLL).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
