//! The embedded services that respond in place of AWS.

use super::request::AwsRequest;
use crate::dynamodb::{self, short_name};
use crate::inbox::Inbox;
use crate::json::at;
use crate::kms::Kms;
use crate::secrets_manager::SecretsManager;
use crate::ses::{EventTopic, events_for};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dynoxide::Database;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::ids::UserId;
use shared::random::Random;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The services of one portal.
pub(crate) struct Services {
    pub(crate) database: Database,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) secrets: SecretsManager,
    pub(crate) kms: Kms,
    /// The events that SES publishes.
    pub(crate) email_events: EventTopic,
    /// Set if SES publishes an event for every email that arrives.
    pub(crate) publishes_deliveries: bool,
    pub(crate) clock: Clock,
    /// Notified of every write to a table, so that its stream is read.
    pub(crate) written: watch::Sender<()>,
    /// The source of message ids.
    pub(crate) random: Random,
}

/// A response, with the capacity units that it reports as consumed: by table, or
/// `<table>/index/<index>`.
pub(super) struct ServiceResponse {
    pub(super) response: HttpResponse,
    pub(super) units: BTreeMap<String, f64>,
}

impl From<HttpResponse> for ServiceResponse {
    fn from(response: HttpResponse) -> Self {
        Self {
            response,
            units: BTreeMap::new(),
        }
    }
}

impl Services {
    /// Executes a request and returns the response.
    ///
    /// # Errors
    /// A [`ConnectorError`] if the operation is not supported.
    pub(super) fn handle(&self, request: &AwsRequest) -> Result<ServiceResponse, ConnectorError> {
        match (request.service.as_str(), request.operation.as_str()) {
            ("dynamodb", operation) => self.call_dynamodb(operation, request),
            ("ses", "SendEmail") => Ok(self.send_email(&request.body)?.into()),
            ("secretsmanager", "GetSecretValue") => {
                Ok(self.get_secret_value(&request.body)?.into())
            }
            ("secretsmanager", "PutSecretValue") => {
                Ok(self.put_secret_value(&request.body)?.into())
            }
            ("secretsmanager", "UpdateSecretVersionStage") => {
                Ok(self.move_stage(&request.body)?.into())
            }
            ("kms", "Sign") => {
                let digest = STANDARD.decode(text(&request.body, "/Message"));
                let key = text(&request.body, "/KeyId");
                let signed = digest.map_err(|error| error.to_string());
                let signed = signed.and_then(|digest| self.kms.sign(key, &digest));
                Ok(reply_with("Signature", signed)?.into())
            }
            ("kms", "GetPublicKey") => {
                let key = self.kms.public_key(text(&request.body, "/KeyId"));
                Ok(reply_with("PublicKey", key)?.into())
            }
            (service, operation) => {
                let unknown = format!("the local portal does not support {operation} of {service}");
                Err(ConnectorError::other(unknown.into(), None))
            }
        }
    }

    fn call_dynamodb(
        &self,
        operation: &str,
        request: &AwsRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        let mut body = (*request.body).clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("ReturnConsumedCapacity".to_owned(), json!("INDEXES"));
        }
        let (status, output) = dynamodb::call(&self.database, operation, &body);
        if request.writes() {
            self.written.send_replace(());
        }
        let output_value: Value = serde_json::from_str(&output).unwrap_or_default();
        let units = capacity_units(at(&output_value, "/ConsumedCapacity"));
        Ok(ServiceResponse {
            response: reply(status, output)?,
            units,
        })
    }

    fn send_email(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        // SES only promises that the id is unique, and user ids are.
        let id = UserId::new(self.random.bytes()).to_string();
        let id = id.replace("usr_", "local-");
        match self.inbox.deliver(body, id) {
            Ok(email) => {
                for event in events_for(&email.to, self.publishes_deliveries) {
                    let document = event.document(&email, self.clock.now());
                    self.email_events.publish(document);
                }
                reply(200, json!({ "MessageId": email.message_id }).to_string())
            }
            Err(missing) => refuse(
                400,
                "BadRequestException",
                &format!("The email lacks {missing}."),
            ),
        }
    }

    fn get_secret_value(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        let arn = &self.secrets.arn;
        let stage = at(body, "/VersionStage").as_str().unwrap_or("AWSCURRENT");
        match self.secrets.version(|version| version.has(stage)) {
            Err(_) => refuse(
                500,
                "InternalServiceError",
                "Secrets Manager was made to fail.",
            ),
            Ok(Some(version)) if at(body, "/SecretId").as_str() == Some(arn) => {
                let output = json!({
                    "ARN": arn, "SecretString": version.value, "VersionId": version.id,
                    "VersionStages": version.stages,
                });
                reply(200, output.to_string())
            }
            Ok(_) => refuse(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
        }
    }

    fn put_secret_value(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        let stages = at(body, "/VersionStages").as_array().into_iter().flatten();
        let stages: Vec<_> = stages
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let value = text(body, "/SecretString").to_owned();
        let id = self.secrets.put(value, &stages);
        reply(
            200,
            json!({"ARN": self.secrets.arn, "VersionId": id}).to_string(),
        )
    }

    fn move_stage(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        let [stage, from, to] = ["/VersionStage", "/RemoveFromVersionId", "/MoveToVersionId"]
            .map(|name| text(body, name));
        if self.secrets.move_stage(stage, from, to) {
            return reply(200, json!({"ARN": self.secrets.arn}).to_string());
        }
        let why = "The parameter RemoveFromVersionId must be the version that has the label.";
        refuse(400, "InvalidParameterException", why)
    }
}

/// Returns a response with a JSON body.
pub(super) fn reply(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = status
        .try_into()
        .map_err(|error| ConnectorError::user(Box::new(error)))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response
        .headers_mut()
        .insert("content-type", "application/json");
    Ok(response)
}

/// Returns bytes in base64 under this name, as KMS does.
fn reply_with(name: &str, bytes: Result<Vec<u8>, String>) -> Result<HttpResponse, ConnectorError> {
    match bytes {
        Ok(bytes) => reply(200, json!({ name: STANDARD.encode(bytes) }).to_string()),
        Err(why) => refuse(400, "ValidationException", &why),
    }
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    at(body, pointer).as_str().unwrap_or_default()
}

/// Returns an error that clients of both the JSON and the REST protocol understand.
fn refuse(status: u16, code: &'static str, message: &str) -> Result<HttpResponse, ConnectorError> {
    let mut response = reply(
        status,
        json!({ "__type": code, "message": message }).to_string(),
    )?;
    response.headers_mut().insert("x-amzn-errortype", code);
    Ok(response)
}

/// Returns the units of a report, or of one report for each table.
fn capacity_units(report: &Value) -> BTreeMap<String, f64> {
    if let Value::Array(reports) = report {
        return reports.iter().flat_map(capacity_units).collect();
    }
    let table = short_name(text(report, "/TableName")).to_owned();
    let units = |detail: &Value| at(detail, "/CapacityUnits").as_f64();
    let indexes = at(report, "/GlobalSecondaryIndexes").as_object();
    let indexes = indexes.into_iter().flatten().map(|(name, detail)| {
        let index = format!("{table}/index/{name}");
        (index, units(detail).unwrap_or_default())
    });
    let mut all: BTreeMap<_, _> = indexes.collect();
    all.extend(units(at(report, "/Table")).map(|units| (table, units)));
    all
}
