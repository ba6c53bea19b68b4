//! What Secrets Manager holds: the key ring, generated as the template says.

use crate::template;
use serde_json::Value;
use shared::config::StartError;
use shared::random::Random;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The secret, and whether it can be had.
pub(crate) struct KeyRing {
    /// What it is asked for by.
    pub(crate) arn: String,
    value: Mutex<Option<String>>,
}

impl KeyRing {
    /// The ring `given`; or the one kept in `directory`; or a new one, kept there.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub(crate) fn new(
        declared: &template::KeyRingSecret,
        given: Option<String>,
        directory: Option<&Path>,
        random: &Random,
    ) -> Result<Self, StartError> {
        let value = match (given, directory) {
            (Some(given), _) => given,
            (None, None) => generate(declared, random),
            (None, Some(directory)) => keep(&directory.join("key-ring.json"), || {
                generate(declared, random)
            })
            .map_err(|error| {
                StartError(format!(
                    "Could not store the key ring in {}: {error}.",
                    directory.display()
                ))
            })?,
        };
        Ok(Self {
            arn: declared.arn.clone(),
            value: Mutex::new(Some(value)),
        })
    }

    /// The secret's value; `None` while Secrets Manager is to fail.
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

fn keep(file: &Path, new: impl FnOnce() -> String) -> std::io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let value = new();
            fs::write(file, &value)?;
            #[cfg(unix)]
            fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            Ok(value)
        }
        read => read,
    }
}

fn generate(declared: &template::KeyRingSecret, random: &Random) -> String {
    let password: String = std::iter::repeat_with(|| random.bytes::<1>())
        // 248 is the largest multiple of 62 in a byte: without the rest, no character is likelier
        // than another.
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

const ALPHABET: [u8; 62] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
