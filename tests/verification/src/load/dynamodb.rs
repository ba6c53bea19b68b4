//! A model of what DynamoDB does under load: units under each partition key, conflicts of writes to
//! one item at the same time, and the time that a call takes.

use crate::rng::Rng;
use crate::units::{Meter, Partition, Write, writes};
use local::aws_stub::{Attempt, Call, Fault};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// The write units that DynamoDB gives one partition key in a second.
const UNITS_PER_SECOND: f64 = 1000.0;
/// The number of attempts that the store makes.
const ATTEMPTS: u32 = 6;
/// An index whose entries do not come in order: DynamoDB splits its one partition key as it fills.
const SPLIT: &str = "users/index/by-address";

pub(super) struct Model {
    rng: Rng,
    meter: Meter,
    partitions: HashMap<Partition, Usage>,
    /// Until when an item is being written: by a transaction, and by any write.
    busy: HashMap<String, (Instant, Instant)>,
    /// The refused attempts at each write that met one.
    refused: HashMap<String, u32>,
    pub(super) conflicts: u64,
    pub(super) throttled: u64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
    /// The most units in a second under one partition key of each table and index, and the key.
    pub(super) hottest: BTreeMap<String, (f64, String)>,
}

/// The use of one partition key.
struct Usage {
    /// Units that may be used, and when that was so.
    left: (f64, Instant),
    /// Units used in the current second, and its start.
    used: (f64, Instant),
}

impl Usage {
    fn new(now: Instant) -> Self {
        Self {
            left: (UNITS_PER_SECOND, now),
            used: (0.0, now),
        }
    }

    fn left(&self, now: Instant) -> f64 {
        let (left, since) = self.left;
        let refilled = left + now.duration_since(since).as_secs_f64() * UNITS_PER_SECOND;
        refilled.min(UNITS_PER_SECOND)
    }

    /// Returns the units used in the current second.
    fn charge(&mut self, units: f64, now: Instant) -> f64 {
        self.left = (self.left(now) - units, now);
        if now.duration_since(self.used.1) >= Duration::from_secs(1) {
            self.used = (0.0, now);
        }
        self.used.0 += units;
        self.used.0
    }
}

impl Model {
    pub(super) fn new(rng: Rng) -> Self {
        Self {
            rng,
            meter: Meter::default(),
            partitions: HashMap::new(),
            busy: HashMap::new(),
            refused: HashMap::new(),
            conflicts: 0,
            throttled: 0,
            write_units: 0.0,
            read_units: 0.0,
            hottest: BTreeMap::new(),
        }
    }

    /// Returns what befalls an attempt that arrives now.
    pub(super) fn fault(&mut self, attempt: &Attempt) -> Fault {
        let millis = match (attempt.service.as_str(), attempt.operation.as_str()) {
            ("ses", _) => 50 + self.rng.below(100),
            ("dynamodb", "TransactWriteItems") => 5 + self.rng.below(10),
            ("dynamodb", _) => 2 + self.rng.below(6),
            _ => return Fault::None,
        };
        let now = Instant::now();
        let end = now + Duration::from_millis(millis as u64);
        let is_transaction = attempt.operation == "TransactWriteItems";
        let writes = writes(&attempt.operation, &attempt.body);
        if writes.iter().any(|write| self.is_throttled(write, now)) {
            self.throttled += 1;
            return self.refuse(attempt, "ProvisionedThroughputExceeded");
        }
        let conflicts = |write: &Write<'_>| {
            let busy = self.busy.get(&write.item);
            let until =
                busy.map(|(transaction, any)| if is_transaction { any } else { transaction });
            until.is_some_and(|until| now < *until)
        };
        if writes.iter().any(conflicts) {
            self.conflicts += 1;
            return self.refuse(attempt, "TransactionConflict");
        }
        for write in writes {
            let (transaction, any) = self.busy.entry(write.item).or_insert((now, now));
            if is_transaction {
                *transaction = end;
            }
            *any = end.max(*any);
        }
        Fault::Delay(end - now)
    }

    fn is_throttled(&self, write: &Write<'_>, now: Instant) -> bool {
        let table = (write.table.to_owned(), write.pk.to_owned());
        let mut partitions = [Some(table), self.meter.index_partition(write)].into_iter();
        partitions.any(|partition| {
            let usage = partition.and_then(|partition| self.partitions.get(&partition));
            usage.is_some_and(|usage| usage.left(now) <= 0.0)
        })
    }

    fn refuse(&mut self, attempt: &Attempt, reason: &str) -> Fault {
        let token = attempt.body["ClientRequestToken"].as_str();
        let write = token.map_or_else(|| attempt.body.to_string(), str::to_owned);
        *self.refused.entry(write).or_default() += 1;
        let body = match token {
            Some(_) => kit::cancelled(reason),
            None => kit::dynamodb_error(&format!("{reason}Exception")),
        };
        Fault::Reply(400, body)
    }

    /// Charges the calls that have been answered.
    pub(super) fn charge(&mut self, calls: &[Call]) {
        let now = Instant::now();
        for call in calls.iter().filter(|call| call.service == "dynamodb") {
            if call.operation.contains("Get") || call.operation == "Query" {
                self.read_units += call.capacity;
                continue;
            }
            self.write_units += call.capacity;
            for (partition, units) in self.meter.units(call) {
                let resource = partition.0.clone();
                let key = partition.1.clone();
                let usage = self.partitions.entry(partition);
                let usage = usage.or_insert_with(|| Usage::new(now));
                let used = usage.charge(units, now);
                if resource == SPLIT {
                    usage.left = (UNITS_PER_SECOND, now);
                }
                let hottest = self.hottest.entry(resource).or_default();
                if used > hottest.0 {
                    *hottest = (used, key);
                }
            }
        }
    }

    /// Returns the largest number of attempts at one write.
    pub(super) fn most_attempts(&self) -> u32 {
        1 + self.refused.values().max().copied().unwrap_or_default()
    }

    /// Returns the number of writes that the store gave up.
    pub(super) fn given_up(&self) -> usize {
        let refused = self.refused.values();
        refused.filter(|refused| **refused >= ATTEMPTS).count()
    }
}
