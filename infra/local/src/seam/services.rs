//! Who answers in Amazon's place.

use super::attempt::Facts;
use crate::inbox::Inbox;
use crate::json::at;
use crate::key_ring::KeyRing;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::domain::ids::UserId;
use shared::randomness::Random;
use std::sync::Arc;
use tokio::sync::watch;

/// The services of one portal.
pub(crate) struct Services {
    /// The embedded DynamoDB's URL.
    pub(crate) dynamodb: String,
    /// Where SES delivers.
    pub(crate) inbox: Arc<Inbox>,
    /// What Secrets Manager holds.
    pub(crate) key_ring: Arc<KeyRing>,
    /// Woken by every write to a table: streams are read then.
    pub(crate) written: watch::Sender<()>,
    /// For message ids.
    pub(crate) random: Random,
    http: SharedHttpClient,
}

/// An answer, and the capacity it says was consumed.
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) capacity: f64,
}

impl From<HttpResponse> for Answer {
    fn from(response: HttpResponse) -> Self {
        Self { response, capacity: 0.0 }
    }
}

impl Services {
    pub(crate) fn new(dynamodb: String, inbox: Arc<Inbox>, key_ring: Arc<KeyRing>, random: Random) -> Self {
        Self { dynamodb, inbox, key_ring, written: watch::Sender::new(()), random, http: Builder::new().build_http() }
    }

    /// What requests to the embedded DynamoDB travel over.
    pub(super) fn wire(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.http.http_connector(settings, components)
    }

    /// Answers a request.
    pub(super) async fn answer(
        &self,
        facts: &Facts,
        request: HttpRequest,
        wire: &SharedHttpConnector,
    ) -> Result<Answer, ConnectorError> {
        match (facts.service.as_str(), facts.operation.as_str()) {
            ("dynamodb", _) => self.forward(facts, request, wire).await,
            ("ses", "SendEmail") => self.send(&facts.body).map(Answer::from),
            ("secretsmanager", "GetSecretValue") => self.secret(&facts.body).map(Answer::from),
            (service, operation) => {
                let nobody = format!("nobody answers {operation} of {service} here");
                Err(ConnectorError::other(nobody.into(), None))
            }
        }
    }

    async fn forward(
        &self,
        facts: &Facts,
        mut request: HttpRequest,
        wire: &SharedHttpConnector,
    ) -> Result<Answer, ConnectorError> {
        let mut body = facts.body.clone();
        if let (true, Some(fields)) = (reports_capacity(&facts.operation), body.as_object_mut()) {
            fields.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
        }
        request.set_uri(self.dynamodb.as_str()).map_err(|error| ConnectorError::user(error.into()))?;
        request.headers_mut().remove("content-length");
        *request.body_mut() = SdkBody::from(body.to_string());
        let mut response = wire.call(request).await?;
        let bytes = response.take_body().collect().await.map_err(ConnectorError::io)?.to_bytes();
        if facts.writes() {
            self.written.send_replace(());
        }
        let capacity =
            serde_json::from_slice(&bytes).map_or(0.0, |answer: Value| capacity(at(&answer, "/ConsumedCapacity")));
        Ok(Answer { response: response.map(|_| SdkBody::from(bytes.clone())), capacity })
    }

    fn send(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        match self.inbox.deliver(body) {
            // Any unique id will do, and this one is at hand.
            Ok(()) => {
                let id = UserId::new(self.random.bytes()).to_string().replace("usr_", "local-");
                reply(200, json!({ "MessageId": id }).to_string())
            }
            Err(missing) => refuse(400, "BadRequestException", &format!("The mail lacks {missing}.")),
        }
    }

    fn secret(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        let arn = &self.key_ring.arn;
        match self.key_ring.get() {
            None => refuse(500, "InternalServiceError", "Secrets Manager was told to fail."),
            Some(_) if at(body, "/SecretId").as_str() != Some(arn) => {
                refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
            }
            Some(value) => {
                let stages = ["AWSCURRENT"];
                reply(200, json!({ "ARN": arn, "SecretString": value, "VersionStages": stages }).to_string())
            }
        }
    }
}

/// A response of JSON.
pub(super) fn reply(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/json");
    Ok(response)
}

/// An error as JSON protocols and REST ones both find it.
fn refuse(status: u16, code: &'static str, message: &str) -> Result<HttpResponse, ConnectorError> {
    let mut response = reply(status, json!({ "__type": code, "message": message }).to_string())?;
    response.headers_mut().insert("x-amzn-errortype", code);
    Ok(response)
}

fn reports_capacity(operation: &str) -> bool {
    ["Item", "Query", "Scan"].iter().any(|part| operation.contains(part))
}

/// One report, or one for each table.
fn capacity(report: &Value) -> f64 {
    match report {
        Value::Array(reports) => reports.iter().map(capacity).sum(),
        report => at(report, "/CapacityUnits").as_f64().unwrap_or_default(),
    }
}
