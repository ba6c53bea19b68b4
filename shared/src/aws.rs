//! The configuration of the AWS SDK, built with `aws-config` from the environment alone. Nothing
//! opens a profile file or a CA bundle, or connects to the metadata service.

use crate::config::StartError;
use crate::env::Env;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use std::time::Duration;

/// The root certificates of Amazon's endpoints: Amazon Root CA 1 to 4 and Starfield Services Root
/// G2.
const ROOTS: &str = include_str!("aws-roots.pem");

/// Builds the configuration that all clients of a function share. Credentials, region and endpoint
/// are those of `env`: one process can hold several portals. `http` sends the requests; the local
/// portal replaces it.
///
/// A connection may take 0.5 s, an attempt 1 s and an operation 3 s, with 3 attempts. They follow
/// one another sooner than by default, where a pause takes up to a second. The mailer gives SES
/// more time.
///
/// `aws_config::defaults` is not used: it reads the environment of the process, opens profile
/// files, and links every credentials provider.
///
/// # Errors
/// [`StartError`] for a missing region or missing credentials.
pub fn sdk_config(env: &Env, http: SharedHttpClient) -> Result<SdkConfig, StartError> {
    let required = |name| {
        env.get(name)
            .ok_or_else(|| StartError(format!("{name} is not set. Lambda sets it in production.")))
    };
    let credentials = Credentials::from_keys(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        env.get("AWS_SESSION_TOKEN").map(str::to_owned),
    );
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(25));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(3))
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(required("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(retries)
        .timeout_config(timeouts)
        .http_client(http);
    // The address of an emulator.
    config.set_endpoint_url(env.get("AWS_ENDPOINT_URL").map(str::to_owned));
    Ok(config.build())
}

/// Returns an HTTPS client with ring that trusts only Amazon's roots. Idle connections are closed
/// after 20 s: requests come in bursts, and a connection that the other side has closed costs a
/// retry.
///
/// # Errors
/// [`StartError`] if the roots, which are part of the binary, cannot be parsed.
pub fn https() -> Result<SharedHttpClient, StartError> {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build();
    let tls = tls.map_err(|error| {
        StartError(format!(
            "Could not load the built-in root certificates: {error}."
        ))
    })?;
    Ok(Builder::new()
        .pool_idle_timeout(Duration::from_secs(20))
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https())
}

/// Returns the part of an SDK error that may be logged: its kind, or the service's code. Messages
/// may quote addresses and keys, and the SDK's `Display` repeats the raw response.
pub fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata,
{
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
