//! AWS: where its services are and who calls them, from the environment alone. Nothing opens a
//! profile file or a CA bundle, or connects to the metadata service.
//!
//! The functions use the SDK's operations, types and serializers, and send them with a [`Client`]
//! of their own. The SDK's takes most of a request's time: `docs/adr` says why and how much.

mod client;
mod connection;
mod https;
mod signature;
mod timer;

use crate::clock::Clock;
use crate::config::StartError;
use crate::domain::secret::Secret;
use crate::env::Env;
use crate::random::Random;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::result;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

#[cfg(test)]
mod tests;

pub use client::{Attempts, Client, Request, Service};
pub use https::Https;

/// The error of a request to AWS, whose own type of error is `E`. Of the response it has only the
/// status.
pub type SdkError<E> = result::SdkError<E, u16>;

/// The region, credentials and connections that all clients of a process share.
#[derive(Clone)]
pub struct Aws {
    region: String,
    credentials: Credentials,
    /// The address of an emulator.
    endpoint: Option<String>,
    http: SharedHttpConnector,
    clock: Clock,
    random: Random,
}

/// The credentials that Lambda sets as environment variables.
#[derive(Clone)]
struct Credentials {
    access_key_id: String,
    secret_access_key: Secret<String>,
    session_token: Option<Secret<String>>,
}

impl Aws {
    /// Reads credentials, region and endpoint from `env`, not from the process: one process can
    /// hold several portals. `http` sends the requests; the local portal replaces it.
    ///
    /// # Errors
    /// [`StartError`] for a missing region or missing credentials.
    pub fn new(env: &Env, http: impl HttpConnector + 'static) -> Result<Self, StartError> {
        let required = |name| {
            let value = env.get(name).map(str::to_owned);
            value.ok_or_else(|| {
                StartError(format!("{name} is not set. Lambda sets it in production."))
            })
        };
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials: Credentials {
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: Secret::new(required("AWS_SECRET_ACCESS_KEY")?),
                session_token: required("AWS_SESSION_TOKEN").ok().map(Secret::new),
            },
            endpoint: env.get("AWS_ENDPOINT_URL").map(str::to_owned),
            http: SharedHttpConnector::new(http),
            clock: env.clock.clone(),
            random: env.random.clone(),
        })
    }

    /// Returns the URL of a service, whose host name starts with `name`.
    fn endpoint(&self, name: &str) -> String {
        if let Some(emulator) = &self.endpoint {
            return emulator.clone();
        }
        let region = &self.region;
        let domain = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        format!("https://{name}.{region}.{domain}")
    }
}

/// Returns whether a service may answer the same request in another way next time.
pub fn is_temporary<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let result::SdkError::ServiceError(context) = error else {
        return true;
    };
    client::is_temporary(*context.raw(), context.err().code())
}

/// Returns the part of an error that may be logged: its kind, or the service's code. Messages may
/// quote addresses and keys, and the SDK's `Display` repeats the raw response.
pub fn describe<E: ProvideErrorMetadata, R>(error: &result::SdkError<E, R>) -> String {
    use result::SdkError;
    match error {
        SdkError::ServiceError(context) => {
            context.err().code().unwrap_or("service error").to_owned()
        }
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "timed out while connecting".to_owned()
        }
        SdkError::DispatchFailure(_) => "connection failed".to_owned(),
        SdkError::ResponseError(_) => "unreadable response".to_owned(),
        _ => "request could not be built".to_owned(),
    }
}
