//! A deployed stack, found by its name.

use crate::error::Error;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types;
use shared::domain::key_arn::KeyArn;
use shared::domain::portal::PortalName;

/// The outputs and parameters of a stack that commands use.
#[derive(Clone, Debug)]
pub struct Stack {
    pub name: String,
    pub portal: PortalName,
    /// Origin of the API.
    pub api_url: String,
    /// Name or ARN of the secret that holds the key ring.
    pub key_ring: String,
    /// The stack's own key of access tokens, with `AccessTokens=on`.
    pub access_token_key: Option<KeyArn>,
}

impl Stack {
    /// Finds a stack and reads its outputs and parameters.
    ///
    /// # Errors
    /// [`Error::Failed`] if the stack does not exist, or is not a Vestibule stack.
    pub async fn find(aws: &SdkConfig, name: &str) -> Result<Self, Error> {
        let described = Client::new(aws).describe_stacks().stack_name(name).send();
        let described = described
            .await
            .map_err(|error| Error::of_call(&format!("find the stack {name}"), &error))?;
        let stack = described.stacks().first();
        let found = stack.and_then(|stack| Self::of(name, stack));
        found.ok_or_else(|| Error::Failed(format!("The stack {name} is not a Vestibule stack.")))
    }

    fn of(name: &str, stack: &types::Stack) -> Option<Self> {
        let output = |key| {
            let mut outputs = stack.outputs().iter();
            let output = outputs.find(|output| output.output_key() == Some(key))?;
            output.output_value()
        };
        let mut parameters = stack.parameters().iter();
        let portal = parameters.find(|one| one.parameter_key() == Some("Portal"))?;
        Some(Self {
            name: name.to_owned(),
            portal: PortalName::parse(portal.parameter_value()?)?,
            api_url: output("ApiUrl")?.to_owned(),
            key_ring: output("KeyRing")?.to_owned(),
            access_token_key: output("AccessTokenKey").and_then(KeyArn::parse),
        })
    }
}
