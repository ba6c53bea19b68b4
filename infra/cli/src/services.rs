//! Calls of AWS that only read, each of which is one signed request.
//!
//! `doctor` asks nine services one to three questions each. Their crates of the SDK would take
//! minutes to compile for that.

use crate::api::encode;
use crate::error::Error;
use crate::https::{Https, Response};
use crate::signer::Signer;
use aws_config::SdkConfig;
use serde_json::Value;
use shared::clock::Clock;

/// The version in the paths of most of Lambda's API.
pub(crate) const LAMBDA_API: &str = "2015-03-31";

pub(crate) struct Services {
    https: Https,
    signer: Signer,
    region: String,
    /// The address of an emulator.
    endpoint: Option<String>,
}

impl Services {
    pub(crate) async fn new(aws: &SdkConfig, clock: &Clock) -> Result<Self, Error> {
        let endpoint = aws.endpoint_url().map(|url| url.trim_end_matches('/'));
        Ok(Self {
            https: Https::new(endpoint.unwrap_or("https://"))?,
            signer: Signer::of_operator(aws, clock).await?,
            region: aws.region().map(ToString::to_string).unwrap_or_default(),
            endpoint: endpoint.map(str::to_owned),
        })
    }

    /// Returns what SES has at `/v2/email` and these segments, or `None` if that does not exist.
    pub(crate) async fn ses(&self, segments: &[&str]) -> Result<Option<Value>, Error> {
        let path = path("/v2/email", segments);
        let response = self.get("email", "ses", &path).await?;
        if response.status == 404 {
            return Ok(None);
        }
        self.json(&path, &response).map(Some)
    }

    /// Returns what Lambda has at this path.
    pub(crate) async fn lambda(&self, version: &str, segments: &[&str]) -> Result<Value, Error> {
        let path = path(&format!("/{version}"), segments);
        let response = self.get("lambda", "lambda", &path).await?;
        self.json(&path, &response)
    }

    /// Returns the settings of an HTTP API.
    pub(crate) async fn http_api(&self, id: &str) -> Result<Value, Error> {
        let path = path("/v2/apis", &[id]);
        let response = self.get("apigateway", "apigateway", &path).await?;
        self.json(&path, &response)
    }

    /// Returns the response of a service with the JSON protocol. `target` is the prefix that the
    /// service has, and the operation.
    pub(crate) async fn json_call(
        &self,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Result<Value, Error> {
        let content_type = match service {
            "dynamodb" | "monitoring" => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        };
        let headers = [("x-amz-target", target), ("content-type", content_type)];
        let body = body.to_string();
        let response = self.send("POST", [service, service], "/", &headers, body);
        let response = response.await?;
        self.json(target, &response)
    }

    /// Returns the attribute of a topic.
    pub(crate) async fn topic_attribute(&self, arn: &str, name: &str) -> Result<String, Error> {
        let arn = encode(arn);
        let body = format!("Action=GetTopicAttributes&Version=2010-03-31&TopicArn={arn}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let response = self.send("POST", ["sns", "sns"], "/", &form, body).await?;
        if !response.is_success() {
            return Err(failed("GetTopicAttributes", &response));
        }
        let xml = String::from_utf8_lossy(&response.body).into_owned();
        let after_key = xml.split_once(&format!("<key>{name}</key>"));
        let value = after_key.and_then(|(_, rest)| rest.split_once("<value>"));
        let value = value.and_then(|(_, rest)| rest.split_once("</value>"));
        Ok(value.map_or_else(String::new, |(value, _)| value.to_owned()))
    }

    async fn get(&self, host: &str, service: &str, path: &str) -> Result<Response, Error> {
        let no_body = String::new();
        self.send("GET", [host, service], path, &[], no_body).await
    }

    /// Sends a request to a service, given by the name in its host and that in signatures.
    async fn send(
        &self,
        method: &str,
        [host, service]: [&str; 2],
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Response, Error> {
        let region = &self.region;
        let url = match &self.endpoint {
            Some(emulator) => format!("{emulator}{path}"),
            None => format!("https://{host}.{region}.amazonaws.com{path}"),
        };
        let mut signed = self
            .signer
            .headers(service, method, &url, body.as_bytes())?;
        signed.extend(
            headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        self.https.send(method, &url, &signed, body).await
    }

    fn json(&self, what: &str, response: &Response) -> Result<Value, Error> {
        if response.is_success() {
            return Ok(response.json());
        }
        Err(failed(what, response))
    }
}

fn path(start: &str, segments: &[&str]) -> String {
    let segments = segments.iter().map(|segment| encode(segment));
    let path: Vec<_> = std::iter::once(start.to_owned()).chain(segments).collect();
    path.join("/")
}

/// Names the error of a service, which each protocol puts somewhere else.
fn failed(what: &str, response: &Response) -> Error {
    let body = response.json();
    let text = |name| body.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("Message"));
    let code = match response.header("x-amzn-errortype") {
        "" => text("__type").unwrap_or_default(),
        code => code,
    };
    let code = code.rsplit('#').next().unwrap_or_default();
    let status = response.status;
    let message = message.map(|text| format!(": {text}")).unwrap_or_default();
    Error::Failed(format!(
        "The call {what} failed with the status {status} {code}{message}."
    ))
}
