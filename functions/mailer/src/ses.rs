//! Amazon SES, which sends the emails.

use crate::backoff::STREAM_ATTEMPTS;
use crate::message::Message;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_sesv2::operation::send_email::{
    SendEmail, SendEmailError, SendEmailInput, SendEmailOutput,
};
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message as SimpleMessage, MessageHeader, MessageTag,
};
use shared::aws::{Attempts, Aws, Client, Request, Service};
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

/// The service Amazon SES.
struct EmailService;

impl Service for EmailService {
    const NAME: &'static str = "ses";
    const HOST: &'static str = "email";
}

impl Request<EmailService> for SendEmailInput {
    type Operation = SendEmail;
    type Output = SendEmailOutput;
    type Error = SendEmailError;
}

/// A client that makes one attempt per call: the next attempt belongs to the next claim.
pub(crate) struct Ses {
    client: Client<EmailService>,
    configuration_set: String,
}

impl Ses {
    pub(crate) fn new(aws: &Aws, configuration_set: &str) -> Self {
        let attempts = Attempts {
            count: 1,
            each: SEND_TIMEOUT,
            all: SEND_TIMEOUT,
        };
        Self {
            client: Client::new(aws).with(attempts),
            configuration_set: configuration_set.to_owned(),
        }
    }

    /// Sends the message of an email for the `attempt`-th time, counted from 1.
    pub(crate) async fn send(
        &self,
        message: &Message,
        tags: Vec<MessageTag>,
        email_id: &str,
        attempt: u64,
    ) -> SendOutcome {
        let Ok(content) = content_of(message) else {
            return SendOutcome::Rejected("unbuildable".to_owned());
        };
        let request = SendEmailInput::builder()
            .configuration_set_name(&self.configuration_set)
            .from_email_address(&message.from)
            .set_reply_to_addresses(message.reply_to.clone().map(|address| vec![address]))
            .destination(Destination::builder().to_addresses(&message.to).build())
            .set_email_tags(Some(tags))
            .content(content);
        let Ok(request) = request.build() else {
            return SendOutcome::Rejected("unbuildable".to_owned());
        };
        let error = match self.client.send(request).await {
            Ok(output) => {
                return SendOutcome::Accepted {
                    message_id: output.message_id.unwrap_or_default(),
                };
            }
            Err(error) => error,
        };
        let refusal = error.as_service_error();
        // An alarm watches these lines. `lasting`: SES will refuse the next attempt too. `waits`:
        // the email is not tried again at once, so somebody waits for it.
        tracing::warn!(
            error = shared::aws::describe(&error),
            lasting = !shared::aws::is_temporary(&error),
            waits = refusal.is_none() || attempt >= STREAM_ATTEMPTS,
            email_id,
            "SES did not accept an email"
        );
        // The message of SES may contain the address: it is stored in the row and never logged.
        let reason = error.message().unwrap_or_default().to_owned();
        match refusal {
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
