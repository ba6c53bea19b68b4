//! The embedded KMS. Each key is an RSA key of 2048 bits, generated when it is first used.

use crate::secret_file;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::Sha256;
use rsa::{Pkcs1v15Sign, PrivateKey};
use shared::random::Random;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const BITS: usize = 2048;

/// The keys by their ARN. They are stored in a directory, if there is one.
pub(crate) struct Kms {
    directory: Option<PathBuf>,
    random: Random,
    keys: Mutex<BTreeMap<String, PrivateKey>>,
}

impl Kms {
    pub(crate) fn new(directory: Option<&Path>, random: &Random) -> Self {
        Self {
            directory: directory.map(Path::to_owned),
            random: random.clone(),
            keys: Mutex::default(),
        }
    }

    /// Signs a SHA-256 digest with RSASSA-PKCS1-v1_5.
    ///
    /// # Errors
    /// Describes what is wrong with the digest or the key's file.
    pub(crate) fn sign(&self, arn: &str, digest: &[u8]) -> Result<Vec<u8>, String> {
        let key = self.key(arn)?;
        let signed = key.sign_with_rng(
            &mut Rng(&self.random),
            Pkcs1v15Sign::new::<Sha256>(),
            digest,
        );
        signed.map_err(text)
    }

    /// Returns the DER of the public key (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// Describes what is wrong with the key's file.
    pub(crate) fn public_key(&self, arn: &str) -> Result<Vec<u8>, String> {
        let public = self.key(arn)?.to_public_key();
        let der = public.to_public_key_der().map_err(text)?;
        Ok(der.as_bytes().to_vec())
    }

    fn key(&self, arn: &str) -> Result<PrivateKey, String> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(arn) {
            return Ok(key.clone());
        }
        let key = match &self.directory {
            None => self.generate()?,
            Some(directory) => {
                let name = arn.rsplit('/').next().unwrap_or_default();
                let file = directory.join(format!("kms-{name}.der"));
                let create = || {
                    let der = self.generate()?.to_pkcs8_der().map_err(text)?;
                    Ok(der.as_bytes().to_vec())
                };
                let der = secret_file::read_or_create(&file, create)?;
                PrivateKey::from_pkcs8_der(&der).map_err(text)?
            }
        };
        keys.insert(arn.to_owned(), key.clone());
        Ok(key)
    }

    fn generate(&self) -> Result<PrivateKey, String> {
        PrivateKey::new(&mut Rng(&self.random), BITS).map_err(text)
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// The portal's randomness as the crate `rsa` takes it.
struct Rng<'a>(&'a Random);

impl TryRng for Rng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            [*byte] = self.0.bytes();
        }
        Ok(())
    }
}

impl TryCryptoRng for Rng<'_> {}
