//! The embedded Secrets Manager. It holds one secret, the key ring, generated as the template says.

use crate::secret_file;
use crate::template::KeyRingSecret;
use serde_json::Value;
use shared::config::StartError;
use shared::random::Random;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

const ALPHABET: [u8; 62] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The label of the version that is read unless another one is named.
const CURRENT: &str = "AWSCURRENT";
/// The label of the version before it.
const PREVIOUS: &str = "AWSPREVIOUS";

/// The secret that holds the key ring.
pub(crate) struct SecretsManager {
    pub(crate) arn: String,
    state: Mutex<State>,
}

struct State {
    /// Those with a label; Secrets Manager drops the others.
    versions: Vec<Version>,
    put: u64,
    fails: bool,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) stages: Vec<String>,
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
        let secrets = Self {
            arn: declared.arn.clone(),
            state: Mutex::new(State {
                versions: vec![],
                put: 0,
                fails: false,
            }),
        };
        secrets.set(Some(value));
        Ok(secrets)
    }

    /// Returns the secret's value, or `None` while Secrets Manager is made to fail.
    pub(crate) fn get(&self) -> Option<String> {
        let current = self.version(|version| version.has(CURRENT));
        current.ok().flatten().map(|version| version.value)
    }

    /// Replaces the secret's value. With `None`, Secrets Manager fails.
    pub(crate) fn set(&self, value: Option<String>) {
        self.lock().fails = value.is_none();
        if let Some(value) = value {
            self.put(value, &[CURRENT.to_owned()]);
        }
    }

    /// Returns a version of the secret. Fails while Secrets Manager is made to.
    pub(crate) fn version(
        &self,
        is_meant: impl Fn(&Version) -> bool,
    ) -> Result<Option<Version>, Fails> {
        let state = self.lock();
        if state.fails {
            return Err(Fails);
        }
        Ok(state.versions.iter().find(|one| is_meant(one)).cloned())
    }

    /// Adds a version, and moves these labels to it. Returns its id.
    pub(crate) fn put(&self, value: String, stages: &[String]) -> String {
        let mut state = self.lock();
        state.put += 1;
        let id = format!("version-{}", state.put);
        state.versions.push(Version {
            id: id.clone(),
            value,
            stages: vec![],
        });
        for stage in stages {
            state.label(stage, &id);
        }
        id
    }

    /// Moves a label from one version to another. Returns `false`, and moves nothing, unless the
    /// first one has it and the other one exists.
    pub(crate) fn move_stage(&self, stage: &str, from: &str, to: &str) -> bool {
        let mut state = self.lock();
        let holds = |version: &Version| version.id == from && version.has(stage);
        let may_move = state.versions.iter().any(holds)
            && state.versions.iter().any(|version| version.id == to);
        if may_move {
            state.label(stage, to);
        }
        may_move
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Secrets Manager is made to fail.
pub(crate) struct Fails;

impl Version {
    pub(crate) fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|one| one == stage)
    }
}

impl State {
    /// Moves a label to a version. The version that was the current one becomes the previous one.
    fn label(&mut self, stage: &str, id: &str) {
        let holder = self.versions.iter().find(|version| version.has(stage));
        let holder = holder.map(|version| version.id.clone());
        for version in &mut self.versions {
            version.stages.retain(|one| one != stage);
            if version.id == id {
                version.stages.push(stage.to_owned());
            }
        }
        if let Some(holder) = holder.filter(|holder| stage == CURRENT && holder != id) {
            self.label(PREVIOUS, &holder);
        }
        self.versions.retain(|version| !version.stages.is_empty());
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
