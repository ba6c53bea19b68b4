//! The sentences of every email. Nothing in them was entered by a stranger: the portal's name is
//! configured, browsers and systems come from a fixed list, and no email contains a person's name.

use shared::config::{Activation, Config, OtherBrowser};
use shared::domain::code::CODE_LIFETIME;
use shared::domain::email::{EmailKind, EmailTemplate, Notice, OutboxEntry};
use shared::domain::link::Purpose;
use shared::domain::origin::Origin;
use shared::domain::paths;
use std::time::Duration;

/// The sentences of one email. What it does not have is empty.
#[derive(Default)]
pub(crate) struct EmailCopy {
    /// Contains no code and no name of a person.
    pub(crate) subject: String,
    pub(crate) heading: &'static str,
    /// The first sentence up to the portal's name, which follows after a space.
    pub(crate) opening: &'static str,
    /// The rest of the opening, directly after the portal's name.
    pub(crate) opening_end: &'static str,
    /// Says how long the link works. Empty in a notice.
    pub(crate) validity: String,
    /// Introduces the link as text, for readers whose button does not work.
    pub(crate) fallback: &'static str,
    pub(crate) button: &'static str,
    /// Introduces the code. `None` where the email has no code.
    pub(crate) code_hint: Option<&'static str>,
    pub(crate) requested_from_label: &'static str,
    /// Describes who requested or caused the email. Empty where no browser did.
    pub(crate) requested_from: String,
    /// Addresses readers who did not request or cause the email.
    pub(crate) not_you: &'static str,
    /// Tells them what to do.
    pub(crate) advice: &'static str,
    /// The page where they do it. Empty where there is nothing to do.
    pub(crate) help_url: String,
}

impl EmailCopy {
    /// Returns the language of all sentences, as an HTML `lang` attribute.
    pub(crate) const fn language(&self) -> &'static str {
        "en"
    }

    /// Returns the sentences of `template`. `public` is the origin of the built-in pages.
    pub(crate) fn new(
        template: EmailTemplate,
        email: &OutboxEntry,
        config: &Config,
        public: &Origin,
    ) -> Self {
        let is_invitation = matches!(email.kind, EmailKind::Invitation(..));
        let copy = match template {
            EmailTemplate::Link(Purpose::SignIn) if is_invitation => invitation(config),
            EmailTemplate::Link(Purpose::SignIn) => sign_in(config),
            EmailTemplate::Link(Purpose::Activation) => activation(config),
            EmailTemplate::Link(Purpose::Reset) => reset(config),
            EmailTemplate::Notice(Notice::PasswordChanged) => password_changed(config, public),
            EmailTemplate::Notice(Notice::AddressChanged) => address_changed(config, public),
        };
        Self {
            requested_from_label: match template {
                EmailTemplate::Link(_) => "Requested from",
                EmailTemplate::Notice(_) if email.client.ip.is_empty() => "Changed on",
                EmailTemplate::Notice(_) => "Changed from",
            },
            requested_from: if is_invitation {
                String::new()
            } else {
                requested_from(email)
            },
            ..copy
        }
    }
}

/// Returns `Firefox on Windows, IP address 192.0.2.1, 21 November 2026 at 14:05 UTC`, without the
/// parts that are not known.
fn requested_from(email: &OutboxEntry) -> String {
    let client = &email.client;
    let mut parts = vec![];
    if !client.user_agent.is_empty() || !client.ip.is_empty() {
        parts.push(client.in_words());
    }
    if !client.ip.is_empty() {
        parts.push(format!("IP address {}", client.ip));
    }
    parts.push(email.requested_at.in_words());
    parts.join(", ")
}

fn sign_in(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Sign in to {}", config.brand.name),
        heading: "Your sign-in link",
        opening: "Sign in to",
        opening_end: " in the browser where you requested this link.",
        validity: validity(config.links.lifetime, 60, "minute"),
        button: "Sign in",
        code_hint: Some(if config.links.lifetime > CODE_LIFETIME {
            "Or enter this code on the page where you requested the link. \
             It works only in that browser, and expires after 10 minutes."
        } else {
            "Or enter this code on the page where you requested the link. \
             It works only in that browser, and expires with the link."
        }),
        fallback: FALLBACK,
        not_you: "Didn’t request this?",
        advice: "You can ignore this email. Nobody can sign in without it. \
                 Don’t forward it or share the code with anyone.",
        ..EmailCopy::default()
    }
}

/// The invitation of a portal without passwords. No browser has requested it, so its code is of use
/// only where every other browser must enter it.
fn invitation(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Your invitation to {}", config.brand.name),
        heading: "You’re invited",
        opening: "You’ve been invited to",
        opening_end: ". If the link expires, request a new one on the sign-in page.",
        validity: validity(config.links.activation_lifetime, 3600, "hour"),
        code_hint: (config.links.other_browser == OtherBrowser::Code)
            .then_some("Enter this code on the page that the link opens."),
        not_you: "Weren’t expecting this?",
        advice: "You can ignore this email. Don’t forward it to anyone.",
        ..sign_in(config)
    }
}

fn activation(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Set your {} password", config.brand.name),
        heading: "Set your password",
        opening: "Your account at",
        opening_end: " is ready. Choose a password to activate it and sign in.",
        validity: validity(config.links.activation_lifetime, 3600, "hour"),
        button: "Set password",
        fallback: FALLBACK,
        not_you: "Weren’t expecting this?",
        advice: "You can ignore this email. The account stays inactive until a password \
                 is set with this link. Don’t forward it to anyone.",
        ..EmailCopy::default()
    }
}

fn reset(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Reset your {} password", config.brand.name),
        heading: "Reset your password",
        opening: "Use this link to choose a new password for your",
        opening_end: " account. Your password won’t change until you do.",
        validity: validity(config.links.reset_lifetime, 60, "minute"),
        button: "Choose a new password",
        fallback: FALLBACK,
        not_you: "Didn’t request this?",
        advice: "You can ignore this email. Your password stays the same. \
                 Don’t forward it to anyone.",
        ..EmailCopy::default()
    }
}

fn password_changed(config: &Config, public: &Origin) -> EmailCopy {
    // Without passwords there is no page that resets one.
    let help_url = match config.links.activation {
        Activation::Password => public.join(paths::FORGOT_PASSWORD),
        Activation::Link => config.site.login_url(public),
    };
    EmailCopy {
        subject: format!("Your {} password was changed", config.brand.name),
        heading: "Your password was changed",
        opening: "The password for your",
        opening_end: " account was changed, and you were signed out on all devices.",
        not_you: "Wasn’t you?",
        advice: "Someone may have access to your email account. Secure it first. \
                 Then tell the portal’s administrator, and reset your password here:",
        help_url,
        ..EmailCopy::default()
    }
}

fn address_changed(config: &Config, public: &Origin) -> EmailCopy {
    EmailCopy {
        subject: format!("Your {} email address was changed", config.brand.name),
        heading: "Your email address was changed",
        opening: "The email address for your",
        opening_end: " account was changed, and you were signed out on all devices. \
                      Sign in with the new address.",
        not_you: "Wasn’t you?",
        advice: "Tell the portal’s administrator. You can sign in here:",
        help_url: config.site.login_url(public),
        ..EmailCopy::default()
    }
}

const FALLBACK: &str = "If the button doesn’t work, copy this link into your browser:";

/// Says for how many units of `unit_seconds` the link works.
fn validity(lifetime: Duration, unit_seconds: u64, unit: &str) -> String {
    let count = lifetime.as_secs() / unit_seconds;
    let plural = if count == 1 { "" } else { "s" };
    format!("The link works once and expires after {count} {unit}{plural}.")
}
