//! Access tokens for the back ends of a team.

use super::StartError;
use super::reader::Reader;
use crate::domain::key_arn::KeyArn;
use crate::domain::time::MINUTE;
use std::time::Duration;

/// Access tokens for the back ends of a team.
#[derive(Clone, Debug)]
pub struct AccessTokenConfig {
    /// `ACCESS_TOKEN_MINUTES`: lifetime of a token, 1 to 60 minutes.
    pub lifetime: Duration,
    /// `ACCESS_TOKEN_AUDIENCE`: the audience, instead of the issuer.
    pub audience: Option<String>,
    /// `ACCESS_TOKEN_KEY`: the ARN of the first signing key in KMS.
    pub key: KeyArn,
}

impl AccessTokenConfig {
    /// Returns `None` if `ACCESS_TOKENS` is off.
    pub(super) fn read(read: &Reader<'_>) -> Result<Option<Self>, StartError> {
        let lifetime = read.duration("ACCESS_TOKEN_MINUTES", MINUTE, 1..=60)?;
        let wanted = "1 to 256 visible ASCII characters";
        let audience = read.optional("ACCESS_TOKEN_AUDIENCE", wanted, audience)?;
        let key = read.optional("ACCESS_TOKEN_KEY", "the ARN of a key in KMS", KeyArn::parse)?;
        if !read.required("ACCESS_TOKENS", "on or off", on_or_off)? {
            return Ok(None);
        }
        let missing = || StartError("ACCESS_TOKEN_KEY is not set. The template sets it.".into());
        Ok(Some(Self {
            lifetime,
            audience,
            key: key.ok_or_else(missing)?,
        }))
    }
}

fn audience(text: &str) -> Option<String> {
    let is_valid = text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_valid.then(|| text.to_owned())
}

fn on_or_off(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}
