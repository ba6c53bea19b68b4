//! `AWS_IAM`: requests signed with Signature Version 4. The only access key here is `local` with
//! the secret `local`.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use shared::domain::time::Timestamp;
use std::time::{Duration, SystemTime};
use time::{Date, Month, PrimitiveDateTime, Time};

/// The id of the access key, and its secret.
const KEY: &str = "local";
/// The maximum difference between the signature's time and now.
const MAX_SKEW: Duration = Duration::from_secs(300);

/// Returns whether the request has a valid and current signature of the access key.
pub(super) fn is_valid(parts: &Parts, body: &[u8], now: Timestamp) -> bool {
    let Some(authorization) = Authorization::parse(&parts.headers) else {
        return false;
    };
    let since_epoch = authorization
        .signed_at
        .duration_since(SystemTime::UNIX_EPOCH);
    let signed_at = Timestamp::from_secs(since_epoch.unwrap_or_default().as_secs());
    let is_current = now.since(signed_at) <= MAX_SKEW && signed_at.since(now) <= MAX_SKEW;
    is_current
        && expected_signature(parts, body, &authorization)
            .is_some_and(|expected| expected == authorization.signature)
}

/// The contents of the `Authorization` and `X-Amz-Date` headers.
struct Authorization<'a> {
    signed_at: SystemTime,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Returns the contents, or `None` if they are invalid or name another key.
    fn parse(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
        };
        let parts = text("authorization")?
            .strip_prefix("AWS4-HMAC-SHA256 ")?
            .split(',')
            .map(str::trim);
        let parts: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
        let part = |key| {
            parts
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| *value)
        };
        let date = text("x-amz-date")?;
        let scope = format!(
            "{KEY}/{}/{}/execute-api/aws4_request",
            date.get(..8)?,
            crate::template::REGION
        );
        let signed_headers: Vec<_> = part("SignedHeaders")?.split(';').collect();
        let is_ours = part("Credential")? == scope
            && signed_headers.contains(&"host")
            && signed_headers.contains(&"x-amz-date");
        is_ours.then_some(Self {
            signed_at: parse_time(date)?,
            signed_headers,
            signature: part("Signature")?,
        })
    }
}

/// Returns the signature that the request must have.
fn expected_signature(
    parts: &Parts,
    body: &[u8],
    authorization: &Authorization<'_>,
) -> Option<String> {
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let path = parts.uri.path_and_query()?.as_str();
    let uri = format!("http://{}{path}", text("host")?);
    let added_by_signer = ["host", "x-amz-date"];
    let headers = authorization
        .signed_headers
        .iter()
        .filter(|name| !added_by_signer.contains(name))
        .map(|name| Some((*name, text(name)?)))
        .collect::<Option<Vec<_>>>()?;
    let request = SignableRequest::new(
        parts.method.as_str(),
        uri,
        headers.into_iter(),
        SignableBody::Bytes(body),
    )
    .ok()?;
    let identity = Credentials::from_keys(KEY, KEY, None).into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(crate::template::REGION)
        .name("execute-api")
        .time(authorization.signed_at)
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    Some(sign(request, &params.into()).ok()?.signature().to_owned())
}

/// Parses a time such as `20260102T030405Z`.
fn parse_time(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u8>().ok();
    let month = Month::try_from(number(4..6)?).ok()?;
    let date = Date::from_calendar_date(text.get(..4)?.parse().ok()?, month, number(6..8)?).ok()?;
    let time = Time::from_hms(number(9..11)?, number(11..13)?, number(13..15)?).ok()?;
    let is_complete = text.len() == 16 && text.get(8..9) == Some("T") && text.ends_with('Z');
    is_complete.then(|| PrimitiveDateTime::new(date, time).assume_utc().into())
}
