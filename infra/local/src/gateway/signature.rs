//! `AWS_IAM`: who signed a call (Signature Version 4). The one key here is `local` with the secret
//! `local`.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use shared::domain::time::Timestamp;
use std::time::{Duration, SystemTime};
use time::{Date, Month, PrimitiveDateTime, Time};

/// Key id and secret alike.
const KEY: &str = "local";
/// How far a signature's time may be off.
const FRESH: Duration = Duration::from_secs(300);

/// Whether the call carries a good and fresh signature of that key.
pub(super) fn is_good(parts: &Parts, body: &[u8], now: Timestamp) -> bool {
    claimed(&parts.headers).is_some_and(|claimed| {
        let signed_at = Timestamp::from_secs(
            claimed
                .at
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        );
        let fresh = now.since(signed_at) <= FRESH && signed_at.since(now) <= FRESH;
        fresh && signature(parts, body, &claimed).is_some_and(|right| right == claimed.signature)
    })
}

/// What the `Authorization` header says.
struct Claimed<'a> {
    at: SystemTime,
    headers: Vec<&'a str>,
    signature: &'a str,
}

fn claimed(headers: &HeaderMap) -> Option<Claimed<'_>> {
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
    let part = |wanted| {
        parts
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| *value)
    };
    let date = text("x-amz-date")?;
    let scope = format!(
        "{KEY}/{}/{}/execute-api/aws4_request",
        date.get(..8)?,
        crate::template::REGION
    );
    let headers: Vec<_> = part("SignedHeaders")?.split(';').collect();
    let ours = part("Credential")? == scope
        && headers.contains(&"host")
        && headers.contains(&"x-amz-date");
    ours.then_some(Claimed {
        at: moment(date)?,
        headers,
        signature: part("Signature")?,
    })
}

/// The signature that the call must carry.
fn signature(parts: &Parts, body: &[u8], claimed: &Claimed<'_>) -> Option<String> {
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let path = parts.uri.path_and_query()?.as_str();
    let uri = format!("http://{}{path}", text("host")?);
    let added = ["host", "x-amz-date"];
    let headers = claimed.headers.iter().filter(|name| !added.contains(name));
    let headers: Vec<_> = headers
        .map(|name| Some((*name, text(name)?)))
        .collect::<Option<_>>()?;
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
        .time(claimed.at)
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    Some(sign(request, &params.into()).ok()?.signature().to_owned())
}

/// `20260102T030405Z`
fn moment(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u8>().ok();
    let month = Month::try_from(number(4..6)?).ok()?;
    let date = Date::from_calendar_date(text.get(..4)?.parse().ok()?, month, number(6..8)?).ok()?;
    let time = Time::from_hms(number(9..11)?, number(11..13)?, number(13..15)?).ok()?;
    let good = text.len() == 16 && text.get(8..9) == Some("T") && text.ends_with('Z');
    good.then(|| PrimitiveDateTime::new(date, time).assume_utc().into())
}
