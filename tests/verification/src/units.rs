//! The write units that calls take under each partition key of a table or of an index.

use local::aws_stub::Call;
use serde_json::Value;
use std::collections::HashMap;

/// A partition key: the table or `<table>/index/<index>`, and the value.
pub(crate) type Partition = (String, String);

/// An item that a request writes, or checks in a transaction.
pub(crate) struct Write<'a> {
    pub(crate) table: &'a str,
    pub(crate) pk: &'a str,
    pub(crate) sk: &'a str,
    pub(crate) is_put: bool,
    /// The table and the key of the item, as one text.
    pub(crate) item: String,
    /// The new `unfinished` of an email.
    unfinished: Option<&'a str>,
    /// Set if the write may change `unfinished`.
    moves: bool,
}

/// Returns the writes of a request. Batches, which only erase, are left out.
pub(crate) fn writes<'a>(operation: &str, body: &'a Value) -> Vec<Write<'a>> {
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            let writes = items.filter_map(|item| item.as_object()?.values().next());
            writes.filter_map(write).collect()
        }
        "PutItem" | "UpdateItem" => write(body).into_iter().collect(),
        _ => vec![],
    }
}

fn write(body: &Value) -> Option<Write<'_>> {
    let table = body["TableName"].as_str()?;
    let prefix = format!("{}-", local::template::STACK);
    let table = table.strip_prefix(&prefix).unwrap_or(table);
    let key = body.get("Item").or(body.get("Key"))?;
    let pk = key["pk"]["S"].as_str()?;
    let sk = key["sk"]["S"].as_str().unwrap_or_default();
    let update = body["UpdateExpression"].as_str().unwrap_or_default();
    let assigned = update.split_once("unfinished = ");
    let placeholder = assigned.and_then(|(_, rest)| rest.split([',', ' ']).next());
    let unfinished = match placeholder {
        Some(name) => &body["ExpressionAttributeValues"][name],
        None => &body["Item"]["unfinished"],
    };
    Some(Write {
        table,
        pk,
        sk,
        is_put: body.get("Item").is_some(),
        item: format!("{table}/{pk}/{sk}"),
        unfinished: unfinished["S"].as_str(),
        moves: update.contains("unfinished") || !body["Item"]["unfinished"].is_null(),
    })
}

/// Follows the calls of a portal, in order to know under which key of the index `unfinished` each
/// email is.
#[derive(Default)]
pub(crate) struct Meter {
    unfinished: HashMap<String, String>,
}

impl Meter {
    /// Returns the keys of the index `unfinished` that a write changes.
    pub(crate) fn index_partition(&self, write: &Write<'_>) -> Option<Partition> {
        let known = self.unfinished.get(&write.item).map(String::as_str);
        let value = known.or(write.unfinished).filter(|_| write.moves)?;
        Some(("emails/index/unfinished".to_owned(), value.to_owned()))
    }

    /// Returns the write units that an answered call took under each partition key. Those of a
    /// table are divided equally among its items in the request.
    pub(crate) fn units(&mut self, call: &Call) -> Vec<(Partition, f64)> {
        let writes = writes(&call.operation, &call.body);
        let mut all = vec![];
        for (resource, units) in call.units.iter().filter(|_| !writes.is_empty()) {
            if let Some((table, _)) = resource.split_once("/index/") {
                let of_table = || writes.iter().filter(|write| write.table == table);
                let partition = of_table().find_map(|write| self.index_partition(write));
                let partition = partition.unwrap_or((resource.clone(), "all".to_owned()));
                all.push((partition, *units));
                continue;
            }
            let of_table = || writes.iter().filter(|write| write.table == resource);
            let each = units / of_table().count().max(1) as f64;
            all.extend(of_table().map(|one| ((resource.clone(), one.pk.to_owned()), each)));
        }
        let values = writes
            .into_iter()
            .filter_map(|one| Some((one.item, one.unfinished?)));
        self.unfinished
            .extend(values.map(|(item, value)| (item, value.to_owned())));
        all
    }
}
