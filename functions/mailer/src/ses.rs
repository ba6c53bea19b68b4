//! Amazon SES, which sends the emails.

use crate::message::Message;
use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message as SimpleMessage, MessageHeader, MessageTag,
};
use std::time::Duration;

/// The longest that one attempt at sending takes. The lease of a claim is longer.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) enum SendOutcome {
    Accepted {
        message_id: String,
    },
    /// Refused for good, with the error message of SES.
    Rejected(String),
    /// SES says that it is busy, paused or not set up yet.
    TryLater(String),
    /// SES cannot be reached, or its response was lost: it may have accepted the email.
    Unanswered,
}

/// A client that makes one attempt per call: the next attempt belongs to the next claim.
pub(crate) struct Ses {
    client: Client,
    configuration_set: String,
}

impl Ses {
    pub(crate) fn new(aws: &SdkConfig, configuration_set: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(SEND_TIMEOUT)
            .operation_timeout(SEND_TIMEOUT)
            .build();
        let config = aws_sdk_sesv2::config::Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        Self {
            client: Client::from_conf(config.build()),
            configuration_set: configuration_set.to_owned(),
        }
    }

    pub(crate) async fn send(&self, message: &Message, tags: Vec<MessageTag>) -> SendOutcome {
        let Ok(content) = content_of(message) else {
            return SendOutcome::Rejected("unbuildable".to_owned());
        };
        let request = self
            .client
            .send_email()
            .configuration_set_name(&self.configuration_set)
            .from_email_address(&message.from)
            .set_reply_to_addresses(message.reply_to.clone().map(|address| vec![address]))
            .destination(Destination::builder().to_addresses(&message.to).build())
            .set_email_tags(Some(tags))
            .content(content);
        let error = match request.send().await {
            Ok(output) => {
                return SendOutcome::Accepted {
                    message_id: output.message_id.unwrap_or_default(),
                };
            }
            Err(error) => error,
        };
        tracing::warn!(
            error = shared::aws::describe(&error),
            "SES did not accept an email"
        );
        // The message of SES may contain the address: it is stored in the row and never logged.
        let reason = error.message().unwrap_or_default().to_owned();
        match error.as_service_error() {
            Some(SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_)) => {
                SendOutcome::Rejected(reason)
            }
            Some(_) => SendOutcome::TryLater(reason),
            None => SendOutcome::Unanswered,
        }
    }
}

fn content_of(message: &Message) -> Result<EmailContent, BuildError> {
    let utf8 = |data: &str| Content::builder().data(data).charset("UTF-8").build();
    let body = Body::builder()
        .html(utf8(&message.html)?)
        .text(utf8(&message.text)?)
        .build();
    let header = |name, value| MessageHeader::builder().name(name).value(value).build();
    let message = SimpleMessage::builder()
        .subject(utf8(&message.subject)?)
        .body(body)
        // RFC 3834: keeps out-of-office programs from replying.
        .headers(header("Auto-Submitted", "auto-generated")?)
        // Keeps mail programs from folding emails of one kind, and showing the oldest link.
        .headers(header("X-Entity-Ref-ID", &message.reference)?)
        .build();
    Ok(EmailContent::builder().simple(message).build())
}
