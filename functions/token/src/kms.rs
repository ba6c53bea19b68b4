//! AWS KMS, which holds the private keys and signs.

use crate::jwk::{Jwk, KeySet};
use aws_sdk_kms::operation::get_public_key::{
    GetPublicKey, GetPublicKeyError, GetPublicKeyInput, GetPublicKeyOutput,
};
use aws_sdk_kms::operation::sign::{Sign, SignError, SignInput, SignOutput};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::aws::Aws;
use shared::aws::{self, Client, Request, Service};
use shared::domain::key_arn::KeyArn;
use shared::http::Problem;
use shared::keys::{AccessTokenKey, AccessTokenKeys};
use std::sync::{Mutex, PoisonError};

/// The service AWS KMS.
struct KeyManagement;

impl Service for KeyManagement {
    const NAME: &'static str = "kms";
}

impl Request<KeyManagement> for SignInput {
    type Operation = Sign;
    type Output = SignOutput;
    type Error = SignError;
}

impl Request<KeyManagement> for GetPublicKeyInput {
    type Operation = GetPublicKey;
    type Output = GetPublicKeyOutput;
    type Error = GetPublicKeyError;
}

/// A client of KMS, and the public keys that it has fetched: they never change.
pub(crate) struct Kms {
    client: Client<KeyManagement>,
    fetched: Mutex<Vec<(KeyArn, Jwk)>>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

impl Kms {
    pub(crate) fn new(aws: &Aws) -> Self {
        Self {
            client: Client::new(aws),
            fetched: Mutex::default(),
        }
    }

    /// Signs `claims` as a JWT. Costs 1 call.
    ///
    /// # Errors
    /// 503 `unavailable` if KMS cannot be reached or refuses.
    pub(crate) async fn sign(
        &self,
        key: &AccessTokenKey,
        claims: &impl Serialize,
    ) -> Result<String, Problem> {
        let header = Header {
            alg: "RS256",
            typ: "at+jwt",
            kid: key.kid(),
        };
        let unsigned = format!("{}.{}", part(&header), part(claims));
        let request = SignInput::builder()
            .key_id(key.arn.as_str())
            // KMS takes messages of 4096 bytes at most, and a digest of any message.
            .message_type(MessageType::Digest)
            .message(Blob::new(Sha256::digest(&unsigned).to_vec()))
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256);
        let request = request
            .build()
            .map_err(|error| unavailable(&error.to_string()))?;
        let signed = self.client.send(request).await;
        let signed = signed.map_err(|error| unavailable(&aws::describe(&error)))?;
        let signature = signed
            .signature
            .ok_or_else(|| unavailable("no signature"))?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("{unsigned}.{signature}"))
    }

    /// Returns the public keys. Costs 1 call for each one that this instance has not fetched yet.
    ///
    /// # Errors
    /// 503 `unavailable` if KMS cannot be reached or refuses.
    pub(crate) async fn key_set(&self, keys: &AccessTokenKeys) -> Result<KeySet, Problem> {
        let mut set = KeySet { keys: vec![] };
        for key in keys.all() {
            set.keys.push(self.public_key(key).await?);
        }
        Ok(set)
    }

    async fn public_key(&self, key: &AccessTokenKey) -> Result<Jwk, Problem> {
        if let Some(jwk) = self.known(key) {
            return Ok(jwk);
        }
        let request = GetPublicKeyInput::builder().key_id(key.arn.as_str());
        let request = request
            .build()
            .map_err(|error| unavailable(&error.to_string()))?;
        let output = self.client.send(request).await;
        let output = output.map_err(|error| unavailable(&aws::describe(&error)))?;
        let der = output.public_key.unwrap_or_else(|| Blob::new([]));
        let jwk = Jwk::parse(key.kid(), der.as_ref());
        let jwk = jwk.ok_or_else(|| unavailable("a key is not RSA with 2048 bits"))?;
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.push((key.arn.clone(), jwk.clone()));
        Ok(jwk)
    }

    fn known(&self, key: &AccessTokenKey) -> Option<Jwk> {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let found = fetched.iter().find(|(arn, _)| *arn == key.arn);
        found.map(|(_, jwk)| jwk.clone())
    }
}

/// Returns a part of a JWT: JSON in base64url.
fn part(value: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "claims are strings, numbers and lists")]
    let json = serde_json::to_vec(value).expect("claims serialize");
    URL_SAFE_NO_PAD.encode(json)
}

fn unavailable(error: &str) -> Problem {
    tracing::error!(error, "KMS is unavailable");
    Problem::unavailable()
}
