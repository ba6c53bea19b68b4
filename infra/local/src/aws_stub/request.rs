//! A request of the AWS SDK, as far as the stub understands it.

use crate::dynamodb::short_name;
use crate::json::at;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use std::sync::Arc;

/// One request: its service, its operation, and the tables it touches.
pub(super) struct AwsRequest {
    /// `dynamodb`, `kms`, `secretsmanager` or `ses`; the host name for anything else.
    pub(super) service: String,
    /// `TransactWriteItems`, `GetSecretValue` or `SendEmail`, for example.
    pub(super) operation: String,
    pub(super) body: Arc<Value>,
    /// The short name of the table of each item, sorted.
    pub(super) tables: Vec<String>,
    /// The action that IAM must allow for each item, with its table or an empty string, sorted.
    pub(super) actions: Vec<(String, String)>,
}

impl AwsRequest {
    pub(super) fn parse(request: &HttpRequest) -> Self {
        let url = url::Url::parse(request.uri()).ok();
        let host = url
            .as_ref()
            .and_then(url::Url::host_str)
            .unwrap_or_default();
        let service = match host.split('.').next().unwrap_or_default() {
            "email" => "ses".to_owned(),
            name @ ("dynamodb" | "kms" | "secretsmanager") => name.to_owned(),
            _ => host.to_owned(),
        };
        let operation = operation(request, host);
        let body = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let mut actions = match service.as_str() {
            "dynamodb" => table_actions(&operation, &body),
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

    /// Returns whether the request may change a table.
    pub(super) fn writes(&self) -> bool {
        ["Put", "Update", "Delete", "Write", "Execute"]
            .iter()
            .any(|verb| self.operation.contains(verb))
    }
}

fn operation(request: &HttpRequest, host: &str) -> String {
    let path = request.uri().split_once(host).map_or("", |(_, rest)| rest);
    match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None if request.method() == "POST" && path == "/v2/email/outbound-emails" => {
            "SendEmail".to_owned()
        }
        None => format!("{} {path}", request.method()),
    }
}

/// Returns the action and the table of each item of a request to DynamoDB. The items of a
/// transaction have different actions.
fn table_actions(operation: &str, body: &Value) -> Vec<(String, String)> {
    if let Some(items) = at(body, "/TransactItems").as_array() {
        let writes = items
            .iter()
            .filter_map(|item| item.as_object()?.iter().next());
        return writes
            .filter_map(|(kind, write)| Some((transaction_action(kind), table_name(write)?)))
            .collect();
    }
    let action = format!("dynamodb:{operation}");
    if let Some(batches) = at(body, "/RequestItems").as_object() {
        let count = |batch: &Value| {
            batch
                .as_array()
                .or(at(batch, "/Keys").as_array())
                .map_or(0, Vec::len)
        };
        let one_per_item = |(name, batch): (&String, &Value)| {
            std::iter::repeat_n((action.clone(), short_name(name).to_owned()), count(batch))
        };
        return batches.iter().flat_map(one_per_item).collect();
    }
    let index = at(body, "/IndexName")
        .as_str()
        .map(|index| format!("/index/{index}"))
        .unwrap_or_default();
    table_name(body)
        .map(|table| (action, table + &index))
        .into_iter()
        .collect()
}

fn transaction_action(kind: &str) -> String {
    if kind == "ConditionCheck" {
        "dynamodb:ConditionCheckItem".to_owned()
    } else {
        format!("dynamodb:{kind}Item")
    }
}

fn table_name(request: &Value) -> Option<String> {
    at(request, "/TableName")
        .as_str()
        .map(|name| short_name(name).to_owned())
}
