//! Lifetimes and behaviour of emailed links and codes.

use super::StartError;
use super::reader::Reader;
use super::spelling::split_url;
use crate::domain::time::{HOUR, MINUTE};
use std::time::Duration;

const A_PAGE: &str =
    "an https URL (or one on http://localhost) without a fragment, of at most 128 characters";

/// Lifetimes and behaviour of emailed links and codes.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// `LINK_MINUTES`: lifetime of a sign-in link, 1 to 1440 minutes. Its code lives at most
    /// ten.
    pub lifetime: Duration,
    /// `CODE_ATTEMPTS`: number of codes that may be tried for one link, 1 to 10.
    pub code_attempts: u64,
    /// `OTHER_BROWSER`: behaviour of a link in a browser that did not request it.
    pub other_browser: OtherBrowser,
    /// `ACTIVATION_HOURS`: lifetime of an invitation's link, 1 to 720 hours.
    pub activation_lifetime: Duration,
    /// `RESET_MINUTES`: lifetime of a reset link, 5 to 1440 minutes.
    pub reset_lifetime: Duration,
    /// `ACTIVATION`: the step that makes an invited user active.
    pub activation: Activation,
    /// `SELF_SIGN_UP`: `true` if anybody may become a user.
    pub sign_up: bool,
    /// `ACTIVATE_URL`: the frontend's page for invitations. It gets the token after `#token=`.
    pub activate_url: Option<String>,
    /// `RESET_URL`: the frontend's page for resets. It gets the token after `#token=`.
    pub reset_url: Option<String>,
}

/// The step that makes an invited user active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Redeeming the first link: for portals without passwords.
    Link,
    /// Setting the first password: the default.
    Password,
}

/// Behaviour of a link in a browser that did not request it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherBrowser {
    /// Signs in after a button is pressed: the default.
    Button,
    /// Also requires the code from the email: for mailboxes whose scanners press buttons.
    Code,
    /// Never signs in there.
    Off,
}

impl LinkConfig {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, StartError> {
        Ok(Self {
            lifetime: read.duration("LINK_MINUTES", MINUTE, 1..=1440)?,
            code_attempts: read.number("CODE_ATTEMPTS", 1..=10)?,
            other_browser: read.required(
                "OTHER_BROWSER",
                "button, code or off",
                OtherBrowser::parse,
            )?,
            activation_lifetime: read.duration("ACTIVATION_HOURS", HOUR, 1..=720)?,
            reset_lifetime: read.duration("RESET_MINUTES", MINUTE, 5..=1440)?,
            activation: read.required("ACTIVATION", "link or password", Activation::parse)?,
            sign_up: read.required("SELF_SIGN_UP", "on or off", on_or_off)?,
            activate_url: read.optional("ACTIVATE_URL", A_PAGE, page_url)?,
            reset_url: read.optional("RESET_URL", A_PAGE, page_url)?,
        })
    }
}

impl Activation {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "link" => Some(Self::Link),
            "password" => Some(Self::Password),
            _ => None,
        }
    }
}

impl OtherBrowser {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "button" => Some(Self::Button),
            "code" => Some(Self::Code),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

fn on_or_off(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// Accepts a page that a fragment can be appended to.
fn page_url(text: &str) -> Option<String> {
    let (_, rest) = split_url(text)?;
    // With the longest token, the link stays below 998 octets.
    (!rest.contains('#') && text.len() <= 128).then(|| text.to_owned())
}
