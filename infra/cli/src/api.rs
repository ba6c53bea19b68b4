//! A client of the admin API, which signs its calls with the operator's own credentials.

use crate::aws;
use crate::error::Error;
use crate::https::{Https, Response};
use crate::problem;
use crate::signer::Signer;
use crate::stack::Stack;
use aws_credential_types::Credentials;
use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use shared::clock::Clock;

/// Options of all commands that call the admin API.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub(crate) portal: Portal,
    /// Prints JSON rather than text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Portal {
    /// Name of the CloudFormation stack
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// URL of a local portal, as `cargo run -p local` prints it, instead of a stack
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<String>,
}

/// The access key of local portals, and its secret.
const LOCAL_KEY: &str = "local";
const LOCAL_REGION: &str = "us-east-1";

/// All but the unreserved characters of RFC 3986, as signatures spell them.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A client of one portal's admin API.
pub struct Api {
    origin: String,
    signer: Signer,
    https: Https,
}

impl Api {
    /// Finds the portal, and the credentials to call it with.
    ///
    /// # Errors
    /// [`Error::Failed`] if the stack cannot be found, or there are no credentials.
    pub async fn connect(options: &Options, clock: &Clock) -> Result<Self, Error> {
        let Portal { stack, api } = &options.portal;
        let (origin, signer) = match (api, stack) {
            (Some(url), _) => {
                let local = Credentials::from_keys(LOCAL_KEY, LOCAL_KEY, None);
                (url.clone(), Signer::new(local.into(), LOCAL_REGION, clock))
            }
            (None, stack) => {
                let aws = aws::config().await?;
                let stack = Stack::find(&aws, stack.as_deref().unwrap_or_default()).await?;
                (stack.admin_url, Signer::of_operator(&aws, clock).await?)
            }
        };
        let origin = origin.trim_end_matches('/').to_owned();
        Ok(Self {
            https: Https::new(&origin)?,
            origin,
            signer,
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

    /// Returns the response to a PATCH.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call("PATCH", path, Some(body)).await
    }

    /// Returns the response to a DELETE, which is null if it has no body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.call("DELETE", path, None).await
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let response = self.send(method, path, body).await?;
        if response.is_success() {
            return Ok(response.json());
        }
        Err(problem::explain(response.status, &response.body))
    }

    /// Sends a signed request, and returns the response whatever its status.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, Error> {
        let url = format!("{}{path}", self.origin);
        let body = body.map(Value::to_string).unwrap_or_default();
        let signed = self
            .signer
            .headers("execute-api", method, &url, body.as_bytes());
        let mut headers = signed?;
        headers.push(("accept-language".to_owned(), "en".to_owned()));
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        self.https.send(method, &url, &headers, body).await
    }
}

/// Encodes a part of a path, or a value of a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
