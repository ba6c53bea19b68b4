//! Clients with the operator's own credentials.

use crate::error::Error;
use aws_config::{BehaviorVersion, SdkConfig};

/// Returns the configuration of all clients, with credentials from wherever the AWS CLI takes them.
/// Its HTTP client is that of the functions, which trusts only Amazon's roots.
pub(crate) async fn config() -> Result<SdkConfig, Error> {
    let http = shared::aws::https().map_err(|error| Error::Failed(error.to_string()))?;
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
    let config = loader.load().await;
    if config.region().is_none() {
        let why = "No region is set. Set AWS_REGION, or choose a profile that has one.";
        return Err(Error::Failed(why.to_owned()));
    }
    Ok(config)
}
