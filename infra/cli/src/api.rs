//! A client of the admin API, which signs its calls with the operator's own credentials.

use crate::aws;
use crate::error::Error;
use crate::https::Https;
use crate::problem;
use crate::stack::Stack;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use clap::Args;
use serde_json::Value;
use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::time::{Duration, UNIX_EPOCH};

/// Options of all commands that call the admin API.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    portal: Portal,
    /// Prints JSON rather than text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Portal {
    /// Name of the CloudFormation stack
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// URL of a local portal, as `cargo run -p local` prints it, instead of a stack
    #[arg(long, value_name = "URL")]
    api: Option<String>,
}

/// The access key of local portals, and its secret.
const LOCAL_KEY: &str = "local";
const LOCAL_REGION: &str = "us-east-1";

/// A client of one portal's admin API.
pub struct Api {
    origin: String,
    identity: Identity,
    region: String,
    clock: Clock,
    https: Https,
}

impl Api {
    /// Finds the portal, and the credentials to call it with.
    ///
    /// # Errors
    /// [`Error::Failed`] if the stack cannot be found, or there are no credentials.
    pub async fn connect(options: &Options, clock: &Clock) -> Result<Self, Error> {
        let Portal { stack, api } = &options.portal;
        let (origin, region, identity) = match (api, stack) {
            (Some(url), _) => {
                let credentials = Credentials::from_keys(LOCAL_KEY, LOCAL_KEY, None);
                (url.clone(), LOCAL_REGION.to_owned(), credentials.into())
            }
            (None, stack) => {
                let aws = aws::config().await?;
                let stack = Stack::find(&aws, stack.as_deref().unwrap_or_default()).await?;
                let region = aws.region().map(ToString::to_string).unwrap_or_default();
                let provider = aws.credentials_provider().ok_or_else(no_credentials)?;
                let credentials = provider.provide_credentials().await;
                let credentials = credentials.map_err(|_| no_credentials())?;
                (stack.api_url, region, credentials.into())
            }
        };
        let origin = origin.trim_end_matches('/').to_owned();
        Ok(Self {
            https: Https::new(&origin)?,
            origin,
            identity,
            region,
            clock: clock.clone(),
        })
    }

    /// Returns the response to a GET of `path`, which may have a query.
    ///
    /// # Errors
    /// [`Error::Refused`] for 409, and [`Error::Failed`] for all other problems.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call("GET", path, None).await
    }

    /// Returns the response to a POST.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call("POST", path, Some(body)).await
    }

    /// Returns the response to a PUT.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call("PUT", path, Some(body)).await
    }

    /// Returns the response to a DELETE, which is null if it has no body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.call("DELETE", path, None).await
    }

    /// Returns the time by which calls are signed.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let url = format!("{}{path}", self.origin);
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = self.signature(method, &url, body.as_bytes())?;
        headers.push(("accept-language".to_owned(), "en".to_owned()));
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let (status, body) = self.https.send(method, &url, &headers, body).await?;
        if (200..300).contains(&status) {
            return Ok(serde_json::from_slice(&body).unwrap_or_default());
        }
        Err(problem::explain(status, &body))
    }

    /// Returns the headers of a signature for API Gateway.
    fn signature(
        &self,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Error> {
        let now = UNIX_EPOCH + Duration::from_secs(self.now().secs());
        let params = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("execute-api")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(unsigned)?;
        let body = SignableBody::Bytes(body);
        let request =
            SignableRequest::new(method, url, std::iter::empty(), body).map_err(unsigned)?;
        let signed = sign(request, &params.into()).map_err(unsigned)?;
        let headers = signed.output().headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

fn no_credentials() -> Error {
    Error::Failed("Found no AWS credentials. Set AWS_PROFILE, or sign in.".to_owned())
}

fn unsigned(error: impl std::error::Error) -> Error {
    Error::Failed(format!("Could not sign the call: {error}."))
}
