//! The SDK's configuration, from the environment alone: no profile file, no metadata service, no CA
//! bundle.

use crate::config::StartError;
use crate::env::Env;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use std::time::Duration;

/// The roots that Amazon's endpoints chain to: Amazon Root CA 1 to 4 and Starfield Services Root
/// G2.
const ROOTS: &str = include_str!("aws-roots.pem");

/// What the clients of a function are built from. `http` is the seam: the local portal puts its own
/// there.
///
/// Limits (promise 11): connecting 0.5 s, an attempt 1 s, an operation 3 s, 3 attempts,
/// soon after one another: the default waits up to a second. The mailer lets SES take longer.
///
/// # Errors
/// A missing region or missing credentials.
pub fn sdk_config(env: &Env, http: SharedHttpClient) -> Result<SdkConfig, StartError> {
    let of_lambda = |name| {
        env.get(name)
            .ok_or_else(|| StartError(format!("{name} is not set. Lambda sets it in production.")))
    };
    let credentials = Credentials::from_keys(
        of_lambda("AWS_ACCESS_KEY_ID")?,
        of_lambda("AWS_SECRET_ACCESS_KEY")?,
        env.get("AWS_SESSION_TOKEN").map(str::to_owned),
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(of_lambda("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(25)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_millis(500))
                .operation_attempt_timeout(Duration::from_secs(1))
                .operation_timeout(Duration::from_secs(3))
                .build(),
        )
        .http_client(http);
    // An emulator's address; `SdkConfig` by itself does not read it.
    config.set_endpoint_url(env.get("AWS_ENDPOINT_URL").map(str::to_owned));
    Ok(config.build())
}

/// HTTPS to Amazon, by ring, trusting Amazon's roots only. Idle connections are kept for 20 s: API
/// Gateway's callers come in bursts, and a connection that the other side has closed costs a retry.
///
/// # Errors
/// Never in practice: the roots are part of the binary.
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

/// What may be logged of an SDK error: its kind and the service's code. Messages may quote
/// addresses and keys, and the SDK's own display repeats the raw answer.
pub fn describe<E, R>(error: &aws_sdk_dynamodb::error::SdkError<E, R>) -> String
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata,
{
    use aws_sdk_dynamodb::error::SdkError;
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
