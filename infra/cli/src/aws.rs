//! Clients with the operator's own credentials.

use crate::error::Error;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use shared::aws::Https;

/// Returns the configuration of all clients, with credentials from wherever the AWS CLI takes them.
/// Its HTTP client is that of the functions, which trusts only Amazon's roots.
pub(crate) async fn config() -> Result<SdkConfig, Error> {
    let http = Https::trusting_amazon().map_err(|error| Error::Failed(error.to_string()))?;
    let http = SharedHttpConnector::new(http);
    let http = http_client_fn(move |_settings, _components| http.clone());
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
    let config = loader.load().await;
    if config.region().is_none() {
        let why = "No region is set. Set AWS_REGION, or choose a profile that has one.";
        return Err(Error::Failed(why.to_owned()));
    }
    Ok(config)
}
