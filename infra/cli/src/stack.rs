//! A deployed stack, found by its name.

use crate::error::Error;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types;
use shared::domain::key_arn::KeyArn;
use shared::domain::link::REPORT_LIFETIME;
use shared::domain::portal::PortalName;
use shared::domain::time::{HOUR, MINUTE};
use std::collections::BTreeMap;
use std::time::Duration;

/// The outputs and parameters of a stack that commands use.
#[derive(Clone, Debug)]
pub struct Stack {
    pub name: String,
    pub portal: PortalName,
    /// Origin of the API for visitors, which may be that of a proxy.
    pub api_url: String,
    /// Origin of the API itself. A proxy may answer `/admin/` itself, and changes the host that is
    /// signed.
    pub admin_url: String,
    /// Name or ARN of the secret that holds the key ring.
    pub key_ring: String,
    /// The stack's own key of access tokens, with `AccessTokens=on`.
    pub access_token_key: Option<KeyArn>,
    /// All parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// Tags of the stack, which its resources have too.
    pub tags: BTreeMap<String, String>,
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
        let parameters = stack.parameters().iter();
        let parameter = |one: &types::Parameter| {
            let value = one.parameter_value()?;
            Some((one.parameter_key()?.to_owned(), value.to_owned()))
        };
        let parameters: BTreeMap<_, _> = parameters.filter_map(parameter).collect();
        let domain = parameters.get("ApiDomainName");
        let admin_url = match domain.filter(|domain| !domain.is_empty()) {
            Some(domain) => format!("https://{domain}"),
            None => default_endpoint(output("AdminApiArn")?)?,
        };
        let tags = stack.tags().iter();
        let tags = tags.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
        Some(Self {
            name: name.to_owned(),
            portal: PortalName::parse(parameters.get("Portal")?)?,
            api_url: output("ApiUrl")?.to_owned(),
            admin_url,
            key_ring: output("KeyRing")?.to_owned(),
            access_token_key: output("AccessTokenKey").and_then(KeyArn::parse),
            parameters,
            tags: tags.collect(),
        })
    }

    /// Returns the value of a parameter, or an empty string.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Returns the origins whose pages may call the API: those of `FrontendUrl` and
    /// `AllowedOrigins`.
    pub(crate) fn origins(&self) -> Vec<String> {
        let names = ["FrontendUrl", "AllowedOrigins"].into_iter();
        let origins = names.flat_map(|name| self.parameter(name).split(','));
        let origins = origins.filter(|origin| !origin.is_empty());
        origins.map(str::to_owned).collect()
    }

    /// Returns the longest time for which anything that the key ring signs may work.
    ///
    /// A link that signs in also ends the session that it has issued, until that expires. Resets
    /// work for a day at most, and so shorter than the links of notices. Codes, and emails that are
    /// being sent, live as long as their links.
    ///
    /// # Errors
    /// [`Error::Failed`] if a parameter is missing or not a number.
    pub fn token_lifetime(&self) -> Result<Duration, Error> {
        let number = |name: &str| {
            let number = self.parameters.get(name).and_then(|text| text.parse().ok());
            number.ok_or_else(|| {
                Error::Failed(format!("The stack {} has no number as {name}.", self.name))
            })
        };
        let session = HOUR.saturating_mul(number("SessionHours")?);
        let link = MINUTE.saturating_mul(number("LinkMinutes")?);
        let invitation = HOUR.saturating_mul(number("ActivationHours")?);
        Ok(REPORT_LIFETIME.max(session.saturating_add(link.max(invitation))))
    }
}

/// Returns the endpoint that every API has, given the ARN of a part of the API.
fn default_endpoint(arn: &str) -> Option<String> {
    let mut parts = arn.split(':').skip(3);
    let region = parts.next()?;
    let api = parts.nth(1)?.split('/').next()?;
    Some(format!("https://{api}.execute-api.{region}.amazonaws.com"))
}

#[cfg(test)]
mod tests {
    use super::Stack;
    use aws_sdk_cloudformation::types::{self, Output, Parameter};

    /// Returns a stack behind a proxy, with this `ApiDomainName`.
    fn stack(domain: &str) -> Stack {
        let arn = "arn:aws:execute-api:eu-central-1:123456789012:abc123/*/*/admin/*";
        let outputs = [
            ("ApiUrl", "https://app.example.com"),
            ("AdminApiArn", arn),
            ("KeyRing", "partner-key-ring"),
        ];
        let parameters = [("Portal", "partner"), ("ApiDomainName", domain)];
        let output = |(key, value)| {
            Output::builder()
                .output_key(key)
                .output_value(value)
                .build()
        };
        let parameter = |(key, value)| {
            let parameter = Parameter::builder().parameter_key(key);
            parameter.parameter_value(value).build()
        };
        let described = types::Stack::builder()
            .set_outputs(Some(outputs.map(output).into()))
            .set_parameters(Some(parameters.map(parameter).into()))
            .build();
        Stack::of("partner-portal", &described).unwrap()
    }

    #[test]
    fn the_admin_api_is_called_at_the_apis_own_address() {
        let default = "https://abc123.execute-api.eu-central-1.amazonaws.com";
        assert_eq!(stack("").admin_url, default);
        let own = "login.example.com";
        assert_eq!(stack(own).admin_url, format!("https://{own}"));
        assert_eq!(stack(own).api_url, "https://app.example.com");
    }
}
