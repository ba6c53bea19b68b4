//! Signatures of AWS (SigV4) with the operator's own credentials.

use crate::error::Error;
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use shared::clock::Clock;
use std::time::{Duration, UNIX_EPOCH};

/// Signs requests of one identity in one region.
pub(crate) struct Signer {
    identity: Identity,
    region: String,
    clock: Clock,
}

impl Signer {
    pub(crate) fn new(identity: Identity, region: &str, clock: &Clock) -> Self {
        Self {
            identity,
            region: region.to_owned(),
            clock: clock.clone(),
        }
    }

    /// Returns a signer with the credentials and the region of the configuration.
    ///
    /// # Errors
    /// [`Error::Failed`] if there are no credentials.
    pub(crate) async fn of_operator(aws: &SdkConfig, clock: &Clock) -> Result<Self, Error> {
        let provider = aws.credentials_provider().ok_or_else(no_credentials)?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|_| no_credentials())?;
        let region = aws.region().map(ToString::to_string).unwrap_or_default();
        Ok(Self::new(credentials.into(), &region, clock))
    }

    /// Returns the headers of a signature for a service.
    pub(crate) fn headers(
        &self,
        service: &str,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Error> {
        let now = UNIX_EPOCH + Duration::from_secs(self.clock.now().secs());
        let params = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(service)
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
