//! The key ring in Secrets Manager. It is replaced only if nobody else has replaced it since it was
//! read.

use crate::error::Error;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use serde_json::{Map, Value};
use shared::keys::KeyRing;

const CURRENT: &str = "AWSCURRENT";
/// The label of the version before it, which Secrets Manager moves itself.
const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of a version until it becomes the current one.
const PREPARED: &str = "VESTIBULE_PREPARED";

/// The key ring as it was read.
pub(crate) struct Secret {
    client: Client,
    stack: Stack,
    version: String,
    text: String,
}

impl Secret {
    /// Reads the key ring of a stack.
    pub(crate) async fn read(aws: &SdkConfig, stack: &Stack) -> Result<Self, Error> {
        Self::read_version(aws, stack, CURRENT).await
    }

    /// Reads the key ring as it was before it was last replaced.
    pub(crate) async fn read_previous(aws: &SdkConfig, stack: &Stack) -> Result<Self, Error> {
        Self::read_version(aws, stack, PREVIOUS).await
    }

    async fn read_version(aws: &SdkConfig, stack: &Stack, stage: &str) -> Result<Self, Error> {
        let client = Client::new(aws);
        let read = client.get_secret_value().secret_id(&stack.key_ring);
        let read = read.version_stage(stage).send();
        let read = read
            .await
            .map_err(|error| Error::of_call("read the key ring", &error))?;
        Ok(Self {
            client,
            stack: stack.clone(),
            version: read.version_id().unwrap_or_default().to_owned(),
            text: read.secret_string().unwrap_or_default().to_owned(),
        })
    }

    /// Returns the key ring, parsed as the functions do.
    ///
    /// # Errors
    /// [`Error::Failed`] if the functions could not read it.
    pub(crate) fn ring(&self) -> Result<KeyRing, Error> {
        parse(&self.text, &self.stack)
    }

    /// Returns a field of the key ring.
    pub(crate) fn field(&self, name: &str) -> Value {
        let fields: Value = serde_json::from_str(&self.text).unwrap_or_default();
        fields.get(name).cloned().unwrap_or_default()
    }

    /// Replaces a field, and keeps everything else.
    ///
    /// # Errors
    /// Those of [`Secret::replace`].
    pub(crate) async fn replace_field(&self, field: &str, value: Value) -> Result<KeyRing, Error> {
        let mut fields: Map<String, Value> =
            serde_json::from_str(&self.text).map_err(|_| invalid("it is not JSON"))?;
        fields.insert(field.to_owned(), value);
        self.replace(&Value::Object(fields)).await
    }

    /// Replaces the key ring.
    ///
    /// # Errors
    /// [`Error::Failed`] if the functions could not read the new one, or if somebody else has
    /// replaced the key ring. Nothing was changed then.
    pub(crate) async fn replace(&self, ring: &Value) -> Result<KeyRing, Error> {
        let text = ring.to_string();
        let ring = parse(&text, &self.stack)?;
        let put = self.client.put_secret_value();
        let put = put
            .secret_id(&self.stack.key_ring)
            .secret_string(text)
            .version_stages(PREPARED)
            .send()
            .await
            .map_err(|error| Error::of_call("write the key ring", &error))?;
        self.make_current(put.version_id().unwrap_or_default())
            .await?;
        Ok(ring)
    }

    /// Makes another version of the secret the current one in place of this one.
    ///
    /// # Errors
    /// [`Error::Failed`] if this one is not the current one any more.
    pub(crate) async fn replace_by(&self, other: &Self) -> Result<(), Error> {
        self.make_current(&other.version).await
    }

    async fn make_current(&self, version: &str) -> Result<(), Error> {
        let replaced = self.client.update_secret_version_stage();
        replaced
            .secret_id(&self.stack.key_ring)
            .version_stage(CURRENT)
            .remove_from_version_id(&self.version)
            .move_to_version_id(version)
            .send()
            .await
            .map_err(|error| Error::of_call("replace the key ring", &error))?;
        Ok(())
    }
}

fn parse(text: &str, stack: &Stack) -> Result<KeyRing, Error> {
    KeyRing::parse(text, &stack.portal).map_err(|why| invalid(&why))
}

fn invalid(why: &str) -> Error {
    Error::Failed(format!("The key ring is invalid: {why}."))
}
