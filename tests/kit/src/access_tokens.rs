//! Access tokens as other back ends see them: verified with the published keys alone.

use crate::{ApiClient, routes};
use jsonwebtoken_10::crypto::{CryptoProvider, JwkUtils, JwtVerifier};
use jsonwebtoken_10::errors::ErrorKind;
use jsonwebtoken_10::jwk::JwkSet;
use jsonwebtoken_10::{Algorithm, DecodingKey, DecodingKeyKind, Validation, decode, decode_header};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;
use signature::Verifier as Verify;

/// A back end that accepts the access tokens of one portal, with the library `jsonwebtoken`.
pub struct Verifier {
    pub issuer: String,
    pub audience: String,
    pub jwks: Value,
}

impl Verifier {
    /// Returns a verifier that has just fetched the published keys.
    ///
    /// # Panics
    /// If the portal does not publish any.
    pub async fn fetch(client: &ApiClient<'_>) -> Self {
        let document = client.open(routes::OPENID_CONFIGURATION).await;
        let document = document.assert("200").json();
        let issuer = document["issuer"].as_str().unwrap_or_default().to_owned();
        Self {
            audience: issuer.clone(),
            issuer,
            jwks: client.open(routes::JWKS).await.assert("200").json(),
        }
    }

    /// Returns the claims of a token that is valid at `now`, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// The reason to refuse the token.
    pub fn verify(&self, token: &str, now: u64) -> Result<Value, String> {
        install_rs256();
        let header = decode_header(token).map_err(|error| error.to_string())?;
        if header.typ.as_deref() != Some("at+jwt") {
            return Err("not an access token".to_owned());
        }
        let jwks: JwkSet = serde_json::from_value(self.jwks.clone()).map_err(|e| e.to_string())?;
        let kid = header.kid.unwrap_or_default();
        let jwk = jwks.find(&kid).ok_or("unknown key")?;
        let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library reads the machine's clock.
        validation.validate_exp = false;
        let claims = decode::<Value>(token, &key, &validation)
            .map_err(|error| error.to_string())?
            .claims;
        if claims["exp"].as_u64().is_none_or(|exp| exp <= now) {
            return Err("expired".to_owned());
        }
        Ok(claims)
    }
}

/// Makes RS256 the only algorithm of the library. Its own cryptography would be a second copy of
/// much that is in the tree.
fn install_rs256() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
        verifier_factory: |algorithm, key| match (algorithm, key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                Ok(Box::new(Rs256(RsaPublicKeyComponents {
                    n: n.clone(),
                    e: e.clone(),
                })))
            }
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        jwk_utils: JwkUtils::new_unimplemented(),
    };
    let _already_installed = PROVIDER.install_default();
}

struct Rs256(RsaPublicKeyComponents<Vec<u8>>);

impl Verify<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
