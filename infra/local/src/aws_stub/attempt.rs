//! What can be told of a request of the SDK's: service, operation, and the tables it touches.

use crate::dynamodb::short_name;
use crate::json::at;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use std::sync::Arc;

/// One request.
pub(crate) struct Facts {
    /// `dynamodb`, `secretsmanager` or `ses`; for anything else, the host.
    pub(super) service: String,
    /// `TransactWriteItems`, `GetSecretValue`, `SendEmail`.
    pub(super) operation: String,
    /// The body.
    pub(super) body: Arc<Value>,
    /// The tables' short names, one for each item, sorted.
    pub(super) tables: Vec<String>,
    /// What IAM must allow for it: action and table (or nothing), one for each item, sorted.
    pub(super) actions: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let host = url::Url::parse(request.uri()).ok();
        let host = host
            .as_ref()
            .and_then(url::Url::host_str)
            .unwrap_or_default();
        let service = match host.split('.').next().unwrap_or_default() {
            "email" => "ses".to_owned(),
            name @ ("dynamodb" | "secretsmanager") => name.to_owned(),
            _ => host.to_owned(),
        };
        let path = request.uri().split_once(host).map_or("", |(_, rest)| rest);
        let operation = match request.headers().get("x-amz-target") {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None if request.method() == "POST" && path == "/v2/email/outbound-emails" => {
                "SendEmail".to_owned()
            }
            None => format!("{} {path}", request.method()),
        };
        let body = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let mut actions = match service.as_str() {
            "dynamodb" => touched(&operation, &body),
            _ => vec![(format!("{service}:{operation}"), String::new())],
        };
        actions.sort();
        let mut tables: Vec<_> = actions
            .iter()
            .map(|(_, table)| table.clone())
            .filter(|table| !table.is_empty())
            .collect();
        tables.sort();
        Self {
            service,
            operation,
            body: Arc::new(body),
            tables,
            actions,
        }
    }

    /// Whether it may have changed a table.
    pub(super) fn writes(&self) -> bool {
        ["Put", "Update", "Delete", "Write", "Execute"]
            .iter()
            .any(|verb| self.operation.contains(verb))
    }
}

/// The actions and tables of a request to DynamoDB: in a transaction each item has its own.
fn touched(operation: &str, body: &Value) -> Vec<(String, String)> {
    let name = |of: &Value| {
        at(of, "/TableName")
            .as_str()
            .map(|name| short_name(name).to_owned())
    };
    if let Some(items) = at(body, "/TransactItems").as_array() {
        let acts = items
            .iter()
            .filter_map(|item| item.as_object()?.iter().next());
        let act = |(act, of): (&String, &Value)| {
            let act = if act == "ConditionCheck" {
                "ConditionCheckItem".to_owned()
            } else {
                format!("{act}Item")
            };
            Some((format!("dynamodb:{act}"), name(of)?))
        };
        return acts.filter_map(act).collect();
    }
    let action = format!("dynamodb:{operation}");
    if let Some(batches) = at(body, "/RequestItems").as_object() {
        let items = |batch: &Value| {
            batch
                .as_array()
                .or(at(batch, "/Keys").as_array())
                .map_or(0, Vec::len)
        };
        let repeated = |(name, batch): (&String, &Value)| {
            std::iter::repeat_n((action.clone(), short_name(name).to_owned()), items(batch))
        };
        return batches.iter().flat_map(repeated).collect();
    }
    let index = at(body, "/IndexName")
        .as_str()
        .map(|index| format!("/index/{index}"))
        .unwrap_or_default();
    name(body)
        .map(|table| (action, table + &index))
        .into_iter()
        .collect()
}
