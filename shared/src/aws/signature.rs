//! Signature Version 4, for the requests that the functions make: a path without a query, and a
//! body in memory.

use super::Credentials;
use crate::domain::time::Timestamp;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use ring::digest::{self, Digest, SHA256};
use ring::hmac::{self, HMAC_SHA256, Key};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Signs the requests to one service in one region.
pub(super) struct Signer {
    region: String,
    service: &'static str,
    derived: Mutex<Option<DerivedKey>>,
}

/// The key of one day and one access key.
#[derive(Clone)]
struct DerivedKey {
    date: String,
    access_key: String,
    key: Key,
}

impl Signer {
    /// Returns the signer for a service, by the name that it has in signatures.
    pub(super) fn new(region: &str, service: &'static str) -> Self {
        Self {
            region: region.to_owned(),
            service,
            derived: Mutex::default(),
        }
    }

    /// Adds the headers of the signature to `request`.
    ///
    /// # Errors
    /// The request is none of those that the functions make.
    pub(super) fn sign(
        &self,
        request: &mut HttpRequest,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<(), BoxError> {
        let time = basic_format(now)?;
        let date = time.get(..8).unwrap_or_default();
        let host = host_and_path(request)?.0.to_owned();
        let headers = request.headers_mut();
        headers.try_insert("host", host)?;
        headers.try_insert("x-amz-date", time.clone())?;
        if let Some(token) = &credentials.session_token {
            headers.try_insert("x-amz-security-token", token.expose().clone())?;
        }
        let (canonical, signed_headers) = canonical_request(request)?;
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(canonical));
        let signature = hmac::sign(&self.key(credentials, date), to_sign.as_bytes());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={}",
            &credentials.access_key_id,
            hex(signature)
        );
        request
            .headers_mut()
            .try_insert("authorization", authorization)?;
        Ok(())
    }

    /// Returns the key of a day, which is derived once.
    fn key(&self, credentials: &Credentials, date: &str) -> Key {
        let access_key = credentials.access_key_id.as_str();
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*derived
            && known.date == date
            && known.access_key == access_key
        {
            return known.key.clone();
        }
        let secret = format!("AWS4{}", credentials.secret_access_key.expose());
        let start = Key::new(HMAC_SHA256, secret.as_bytes());
        let parts = [date, &self.region, self.service, "aws4_request"];
        let key = parts.iter().fold(start, |key, part| {
            Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
        });
        *derived = Some(DerivedKey {
            date: date.to_owned(),
            access_key: access_key.to_owned(),
            key: key.clone(),
        });
        key
    }
}

/// Returns the hash of the canonical request, and the names of its headers.
fn canonical_request(request: &HttpRequest) -> Result<(Digest, String), BoxError> {
    let (_, path) = host_and_path(request)?;
    let body = request.body().bytes().ok_or("the body is a stream")?;
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .filter(|(name, _)| is_signed(name))
        .collect();
    headers.sort_unstable();
    let mut canonical = digest::Context::new(&SHA256);
    for part in [request.method(), "\n/", path, "\n\n"] {
        canonical.update(part.as_bytes());
    }
    for (name, value) in &headers {
        for part in [name, ":", value.trim(), "\n"] {
            canonical.update(part.as_bytes());
        }
    }
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    for part in ["\n", &names, "\n", &hex(digest::digest(&SHA256, body))] {
        canonical.update(part.as_bytes());
    }
    Ok((canonical.finish(), names))
}

/// Returns whether a header is part of the signature. Others describe the attempt or the client.
fn is_signed(name: &str) -> bool {
    matches!(name, "host" | "content-type") || name.starts_with("x-amz-")
}

/// Returns the host of a request, and the path after its first slash if the path is its own
/// canonical form.
fn host_and_path(request: &HttpRequest) -> Result<(&str, &str), BoxError> {
    let (_, rest) = request
        .uri()
        .split_once("://")
        .ok_or("the URL is not absolute")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_~".contains(&byte);
    if path.bytes().all(is_plain) && !path.contains("//") {
        Ok((host, path))
    } else {
        Err("only a plain path without a query can be signed".into())
    }
}

/// Returns a time like `20261126T184112Z`.
fn basic_format(time: Timestamp) -> Result<String, BoxError> {
    let time = OffsetDateTime::from_unix_timestamp(time.secs().cast_signed())?;
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let month = u8::from(month);
    let mut text = String::with_capacity(16);
    write!(
        text,
        "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
    )?;
    Ok(text)
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digit = |nibble: u8| {
        char::from(if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        })
    };
    let digits = bytes
        .as_ref()
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}
