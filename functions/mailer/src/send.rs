//! Handing a mail to SES.

use crate::message::Message;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message as Simple, MessageHeader,
};
use aws_types::SdkConfig;
use std::time::Duration;

/// What came of it.
pub(crate) enum Outcome {
    /// Accepted, under this message id.
    Sent(String),
    /// Refused for good: trying again would change nothing.
    Refused(String),
    /// Not now: SES is busy, paused, not set up yet, or not to be reached.
    NotNow(String),
}

/// The client. One attempt of at most 5 s: the next one is the next claim's.
pub(crate) struct Ses {
    client: Client,
    configuration_set: String,
}

impl Ses {
    pub(crate) fn new(aws: &SdkConfig, configuration_set: &str) -> Self {
        let limit = Duration::from_secs(5);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(limit)
            .operation_timeout(limit)
            .build();
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        Self {
            client: Client::from_conf(config.build()),
            configuration_set: configuration_set.to_owned(),
        }
    }

    pub(crate) async fn send(&self, message: &Message) -> Outcome {
        let Ok(content) = content(message) else {
            return Outcome::Refused("unbuildable".to_owned());
        };
        let request = self
            .client
            .send_email()
            .configuration_set_name(&self.configuration_set)
            .from_email_address(&message.from)
            .destination(Destination::builder().to_addresses(&message.to).build())
            .content(content);
        match request.send().await {
            Ok(sent) => Outcome::Sent(sent.message_id.unwrap_or_default()),
            Err(error) => {
                tracing::warn!(
                    error = shared::aws::describe(&error),
                    "SES did not accept an email"
                );
                // SES's own words name the address: they belong into its row, not into a log.
                let reason = error.message().unwrap_or("no response").to_owned();
                match error.as_service_error() {
                    Some(
                        SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_),
                    ) => Outcome::Refused(reason),
                    _ => Outcome::NotNow(reason),
                }
            }
        }
    }
}

fn content(message: &Message) -> Result<EmailContent, BuildError> {
    let text = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder()
        .html(text(&message.html)?)
        .text(text(&message.text)?)
        .build();
    // RFC 3834: nobody's out-of-office answers this.
    let automatic = MessageHeader::builder()
        .name("Auto-Submitted")
        .value("auto-generated")
        .build()?;
    let simple = Simple::builder()
        .subject(text(&message.subject)?)
        .body(body)
        .headers(automatic)
        .build();
    Ok(EmailContent::builder().simple(simple).build())
}
