//! The embedded Secrets Manager. It holds one secret, the key ring, generated as the template says.

use crate::secret_file;
use crate::template::KeyRingSecret;
use serde_json::Value;
use shared::config::StartError;
use shared::random::Random;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

const ALPHABET: [u8; 62] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The secret that holds the key ring.
pub(crate) struct SecretsManager {
    pub(crate) arn: String,
    value: Mutex<Option<String>>,
}

impl SecretsManager {
    /// Holds the key ring `given`, or the one stored in `directory`, or else generates one and
    /// stores it there.
    ///
    /// # Errors
    /// A [`StartError`] if the file cannot be read or written.
    pub(crate) fn new(
        declared: &KeyRingSecret,
        given: Option<String>,
        directory: Option<&Path>,
        random: &Random,
    ) -> Result<Self, StartError> {
        let value = match (given, directory) {
            (Some(given), _) => given,
            (None, None) => generate(declared, random),
            (None, Some(directory)) => {
                let file = directory.join("key-ring.json");
                let create = || Ok(generate(declared, random).into_bytes());
                let failed = |why| StartError(format!("The key ring cannot be stored: {why}."));
                let value = secret_file::read_or_create(&file, create).map_err(failed)?;
                String::from_utf8(value).map_err(|_| failed("it is not text".to_owned()))?
            }
        };
        Ok(Self {
            arn: declared.arn.clone(),
            value: Mutex::new(Some(value)),
        })
    }

    /// Returns the secret's value, or `None` while Secrets Manager is made to fail.
    pub(crate) fn get(&self) -> Option<String> {
        self.lock().clone()
    }

    pub(crate) fn set(&self, value: Option<String>) {
        *self.lock() = value;
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn generate(declared: &KeyRingSecret, random: &Random) -> String {
    let password: String = std::iter::repeat_with(|| random.bytes::<1>())
        // 248 is the largest multiple of 62 that fits a byte: larger values would make some
        // characters likelier than others.
        .filter(|[byte]| *byte < 248)
        .filter_map(|[byte]| {
            ALPHABET
                .get(usize::from(byte % 62))
                .copied()
                .map(char::from)
        })
        .take(declared.length)
        .collect();
    let mut ring = declared.template.clone();
    ring.insert(declared.key.clone(), password.into());
    Value::Object(ring).to_string()
}
