//! The sender of emails, their silent limits, and the retention of the delivery log.

use super::StartError;
use super::reader::Reader;
use super::spelling::address;
use crate::domain::address::EmailAddress;
use crate::domain::email::Notice;
use crate::domain::time::DAY;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// The longest `From` header that SES accepts, in bytes.
const MAX_SENDER: usize = 320;

const AN_ADDRESS: &str = "an email address in lower case, with an ASCII domain and a local part \
                          of letters, digits and . _ + -";

/// The sender of emails, their silent limits, and the retention of the delivery log.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// `EMAIL_FROM`: the sender's address.
    pub from: EmailAddress,
    /// The `From` header: the portal's name and the sender's address, encoded.
    pub sender: String,
    /// `EMAIL_CONFIGURATION_SET`: SES's configuration set, which receives bounces and leaves links
    /// untouched.
    pub configuration_set: String,
    /// `EMAILS_PER_HOUR`: to one address.
    pub per_hour: u64,
    /// `EMAILS_PER_DAY`: to one address.
    pub per_day: u64,
    /// `EMAILS_PER_DAY_PORTAL`: self-requested emails of the whole portal.
    pub per_day_portal: u64,
    /// `NOTICES`: those that are sent.
    pub notices: Vec<Notice>,
    /// `EMAIL_DAYS`: retention of the delivery log, 1 to 365 days.
    pub retention: Duration,
}

impl EmailConfig {
    pub(super) fn read(read: &Reader<'_>, portal_name: &str) -> Result<Self, StartError> {
        let from = read.required("EMAIL_FROM", AN_ADDRESS, address)?;
        Ok(Self {
            sender: sender(portal_name, &from),
            from,
            configuration_set: read.text(
                "EMAIL_CONFIGURATION_SET",
                "the name of an SES configuration set",
            )?,
            per_hour: read.number("EMAILS_PER_HOUR", 1..=1000)?,
            per_day: read.number("EMAILS_PER_DAY", 1..=10_000)?,
            per_day_portal: read.number("EMAILS_PER_DAY_PORTAL", 1..=100_000_000)?,
            notices: read
                .optional("NOTICES", "names of notices separated by commas", notices)?
                .unwrap_or_default(),
            retention: read.duration("EMAIL_DAYS", DAY, 1..=365)?,
        })
    }
}

fn notices(text: &str) -> Option<Vec<Notice>> {
    text.split(',').map(Notice::parse).collect()
}

/// Returns `name <address>`. A name of letters, digits and spaces stays as it is (RFC 5322, 3.2.5);
/// any other becomes encoded words (RFC 2047) of at most 75 characters each, as many as fit.
fn sender(name: &str, address: &EmailAddress) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    let words = if is_plain {
        vec![name.to_owned()]
    } else {
        encoded_words(name)
    };
    let address = format!("<{address}>");
    let mut length = address.len();
    let fitting = words.into_iter().take_while(|word| {
        length += word.len() + 1;
        length <= MAX_SENDER
    });
    fitting.chain([address]).collect::<Vec<_>>().join(" ")
}

fn encoded_words(name: &str) -> Vec<String> {
    let mut chunks = vec![String::new()];
    for character in name.chars() {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() + character.len_utf8() <= 45 => chunk.push(character),
            _ => chunks.push(character.to_string()),
        }
    }
    let words = chunks.iter();
    words
        .map(|chunk| format!("=?UTF-8?B?{}?=", STANDARD.encode(chunk)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_at_most_320_bytes_and_as_much_of_the_name_as_fits() {
        let of = |name: &str, local: usize| {
            let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(59)].join(".");
            let address = format!("{}@{domain}", "a".repeat(local));
            sender(name, &EmailAddress::parse(&address).unwrap())
        };
        // 252 bytes of address, and brackets.
        assert_eq!(of(&"n".repeat(60), 64).len(), 315);
        assert_eq!(of(&"ü".repeat(23), 64).len(), 254);
        assert_eq!(of(&"ü".repeat(18), 64).len(), 315);
        assert_eq!(of(&"ü".repeat(60), 1).len(), 264);
        assert_eq!(
            sender("Bücher", &EmailAddress::parse("a@example.com").unwrap()),
            "=?UTF-8?B?QsO8Y2hlcg==?= <a@example.com>"
        );
    }
}
