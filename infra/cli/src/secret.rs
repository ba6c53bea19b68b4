//! The key ring in Secrets Manager. It is replaced only if nobody else has replaced it since it was
//! read.

use crate::error::Error;
use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use serde_json::Value;
use shared::keys::KeyRing;

const CURRENT: &str = "AWSCURRENT";
/// The label of a version until it becomes the current one.
const PREPARED: &str = "VESTIBULE_PREPARED";

/// The key ring as it was read.
pub(crate) struct Secret {
    client: Client,
    stack: Stack,
    version: String,
    value: Value,
}

impl Secret {
    /// Reads the key ring of a stack.
    pub(crate) async fn read(aws: &SdkConfig, stack: &Stack) -> Result<Self, Error> {
        let client = Client::new(aws);
        let read = client.get_secret_value().secret_id(&stack.key_ring).send();
        let read = read
            .await
            .map_err(|error| Error::of_call("read the key ring", &error))?;
        let text = read.secret_string().unwrap_or_default();
        parse(text, stack)?;
        Ok(Self {
            client,
            stack: stack.clone(),
            version: read.version_id().unwrap_or_default().to_owned(),
            value: serde_json::from_str(text).map_err(|_| invalid("it is not JSON"))?,
        })
    }

    /// Returns the key ring, parsed as the functions do.
    pub(crate) fn ring(&self) -> Result<KeyRing, Error> {
        parse(&self.value.to_string(), &self.stack)
    }

    /// Replaces `access_token_keys`, and keeps everything else.
    ///
    /// # Errors
    /// [`Error::Failed`] if the functions could not read the result, or if somebody else has
    /// replaced the key ring. Nothing was changed then.
    pub(crate) async fn replace_keys(mut self, keys: Value) -> Result<KeyRing, Error> {
        if let Some(fields) = self.value.as_object_mut() {
            fields.insert("access_token_keys".to_owned(), keys);
        }
        let ring = self.ring()?;
        let secret = &self.stack.key_ring;
        let put = self.client.put_secret_value().secret_id(secret);
        let put = put
            .secret_string(self.value.to_string())
            .version_stages(PREPARED)
            .send()
            .await
            .map_err(|error| Error::of_call("write the key ring", &error))?;
        let replaced = self.client.update_secret_version_stage().secret_id(secret);
        replaced
            .version_stage(CURRENT)
            .remove_from_version_id(&self.version)
            .move_to_version_id(put.version_id().unwrap_or_default())
            .send()
            .await
            .map_err(|error| Error::of_call("replace the key ring", &error))?;
        Ok(ring)
    }
}

fn parse(text: &str, stack: &Stack) -> Result<KeyRing, Error> {
    KeyRing::parse(text, &stack.portal).map_err(|why| invalid(&why))
}

fn invalid(why: &str) -> Error {
    Error::Failed(format!("The key ring is invalid: {why}."))
}
