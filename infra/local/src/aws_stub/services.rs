//! Who answers in Amazon's place.

use crate::aws_stub::attempt::Facts;
use crate::dynamodb;
use crate::inbox::Inbox;
use crate::json::at;
use crate::key_ring::KeyRing;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use serde_json::{Value, json};
use shared::domain::ids::UserId;
use shared::random::Random;
use std::sync::Arc;
use tokio::sync::watch;

/// The services of one portal.
pub(crate) struct Services {
    /// The embedded DynamoDB.
    pub(crate) database: Database,
    /// Where SES delivers.
    pub(crate) inbox: Arc<Inbox>,
    /// What Secrets Manager holds.
    pub(crate) key_ring: Arc<KeyRing>,
    /// Woken by every write to a table: streams are read then.
    pub(crate) written: watch::Sender<()>,
    /// For message ids.
    pub(crate) random: Random,
}

/// An answer, and the capacity it says was consumed.
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) capacity: f64,
}

impl From<HttpResponse> for Answer {
    fn from(response: HttpResponse) -> Self {
        Self {
            response,
            capacity: 0.0,
        }
    }
}

impl Services {
    /// Does what was asked when nobody waits for the answer any more.
    pub(crate) fn arrive(&self, facts: &Facts) {
        let _nobody_hears = self.answer(facts);
    }

    /// Answers a request.
    pub(super) fn answer(&self, facts: &Facts) -> Result<Answer, ConnectorError> {
        match (facts.service.as_str(), facts.operation.as_str()) {
            ("dynamodb", operation) => self.ask_dynamodb(operation, facts),
            ("ses", "SendEmail") => self.send(&facts.body).map(Answer::from),
            ("secretsmanager", "GetSecretValue") => self.secret(&facts.body).map(Answer::from),
            (service, operation) => {
                let nobody = format!("the local portal does not support {operation} of {service}");
                Err(ConnectorError::other(nobody.into(), None))
            }
        }
    }

    fn ask_dynamodb(&self, operation: &str, facts: &Facts) -> Result<Answer, ConnectorError> {
        let mut body = (*facts.body).clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
        }
        let (status, answer) = dynamodb::answer(&self.database, operation, &body);
        if facts.writes() {
            self.written.send_replace(());
        }
        let capacity = serde_json::from_str(&answer).map_or(0.0, |answer: Value| {
            capacity(at(&answer, "/ConsumedCapacity"))
        });
        Ok(Answer {
            response: reply(status, answer)?,
            capacity,
        })
    }

    fn send(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        match self.inbox.deliver(body) {
            // Any unique id will do, and this one is at hand.
            Ok(()) => {
                let id = UserId::new(self.random.bytes())
                    .to_string()
                    .replace("usr_", "local-");
                reply(200, json!({ "MessageId": id }).to_string())
            }
            Err(missing) => refuse(
                400,
                "BadRequestException",
                &format!("The email lacks {missing}."),
            ),
        }
    }

    fn secret(&self, body: &Value) -> Result<HttpResponse, ConnectorError> {
        let arn = &self.key_ring.arn;
        match self.key_ring.get() {
            None => refuse(
                500,
                "InternalServiceError",
                "Secrets Manager was made to fail.",
            ),
            Some(_) if at(body, "/SecretId").as_str() != Some(arn) => refuse(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
            Some(value) => {
                let stages = ["AWSCURRENT"];
                reply(
                    200,
                    json!({ "ARN": arn, "SecretString": value, "VersionStages": stages })
                        .to_string(),
                )
            }
        }
    }
}

/// A response of JSON.
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

/// An error as JSON protocols and REST ones both find it.
fn refuse(status: u16, code: &'static str, message: &str) -> Result<HttpResponse, ConnectorError> {
    let mut response = reply(
        status,
        json!({ "__type": code, "message": message }).to_string(),
    )?;
    response.headers_mut().insert("x-amzn-errortype", code);
    Ok(response)
}

/// One report, or one for each table.
fn capacity(report: &Value) -> f64 {
    match report {
        Value::Array(reports) => reports.iter().map(capacity).sum(),
        report => at(report, "/CapacityUnits").as_f64().unwrap_or_default(),
    }
}
