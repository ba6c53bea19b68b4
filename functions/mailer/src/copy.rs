//! What each template says. Nothing of it was typed by a stranger: the portal's name is configured,
//! browser and system come from a closed list, and people's names and addresses stand in no mail.

use shared::config::{Activation, Config, OtherBrowser};
use shared::domain::email::{EmailKind, EmailTemplate, Notice, OutboxEntry};
use shared::domain::link::Purpose;
use shared::domain::origin::Origin;
use shared::domain::paths;
use std::time::Duration;

/// The parts that differ from template to letter.
pub(crate) struct EmailCopy {
    /// Holds no code and nobody's name.
    pub(crate) subject: String,
    pub(crate) heading: &'static str,
    /// The first sentence: this, the portal's name, and `rest`.
    pub(crate) opening: &'static str,
    pub(crate) rest: &'static str,
    /// How often and how long the link works; empty in a notice.
    pub(crate) valid: String,
    /// For readers whose button does not work: the link follows as text.
    pub(crate) fallback: &'static str,
    /// What the link does; empty in a notice.
    pub(crate) button: &'static str,
    /// What the code is for, where it stands beside the link.
    pub(crate) code: Option<&'static str>,
    /// What is known about whoever caused it, and what that is called; empty where nobody did.
    pub(crate) known: (&'static str, String),
    /// What to do where the reader was not the one.
    pub(crate) otherwise: (&'static str, &'static str),
    /// Where to do it; empty where there is nothing to do.
    pub(crate) turn_to: String,
}

impl EmailCopy {
    /// Returns the language of all sentences, as an HTML `lang` attribute.
    pub(crate) const fn language(&self) -> &'static str {
        "en"
    }

    /// `public` is where the built-in pages are.
    pub(crate) fn of(
        template: EmailTemplate,
        mail: &OutboxEntry,
        config: &Config,
        public: &Origin,
    ) -> Self {
        let words = match template {
            EmailTemplate::Link(Purpose::SignIn)
                if matches!(mail.kind, EmailKind::Invitation(..)) =>
            {
                invitation(config)
            }
            EmailTemplate::Link(Purpose::SignIn) => sign_in(config),
            EmailTemplate::Link(Purpose::Activation) => activation(config),
            EmailTemplate::Link(Purpose::Reset) => reset(config),
            EmailTemplate::Notice(Notice::PasswordChanged) => password_changed(config, public),
            EmailTemplate::Notice(Notice::AddressChanged) => address_changed(config, public),
        };
        let called = match template {
            EmailTemplate::Link(_) => "Requested from",
            EmailTemplate::Notice(_) if mail.client.ip.is_empty() => "Changed on",
            EmailTemplate::Notice(_) => "Changed from",
        };
        // Nobody at a browser has asked for an invitation.
        let known = if matches!(mail.kind, EmailKind::Invitation(..)) {
            String::new()
        } else {
            known(mail)
        };
        Self {
            known: (called, known),
            ..words
        }
    }
}

/// `Firefox on Windows, IP address 192.0.2.1, 21 November 2026 at 14:05 UTC`, or as much of it as
/// is known.
fn known(mail: &OutboxEntry) -> String {
    let client = &mail.client;
    let browser =
        (!client.user_agent.is_empty() || !client.ip.is_empty()).then(|| client.in_words());
    let ip = (!client.ip.is_empty()).then(|| format!("IP address {}", client.ip));
    let parts: Vec<_> = browser
        .into_iter()
        .chain(ip)
        .chain([mail.requested_at.in_words()])
        .collect();
    parts.join(", ")
}

fn sign_in(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Sign in to {}", config.brand.name),
        heading: "Your sign-in link",
        opening: "Sign in to",
        rest: " in the browser where you requested this link.",
        valid: valid(config.links.lifetime, 60, "minute"),
        button: "Sign in",
        code: Some(
            "Or enter this code on the page where you requested the link. It works only in that \
             browser, and expires with the link.",
        ),
        fallback: FALLBACK,
        known: NOBODY,
        otherwise: (
            "Didn’t request this?",
            "You can ignore this email. Nobody can sign in without it. Don’t forward it or share \
             the code with anyone.",
        ),
        turn_to: String::new(),
    }
}

/// The sign-in link of somebody who has not asked for it, in a portal without passwords. No browser
/// has asked either: the code is of use only where every other browser is asked for it.
fn invitation(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Your invitation to {}", config.brand.name),
        heading: "You’re invited",
        opening: "You’ve been invited to",
        rest: ". If the link expires, request a new one on the sign-in page.",
        valid: valid(config.links.activation_lifetime, 3600, "hour"),
        code: (config.links.other_browser == OtherBrowser::Code)
            .then_some("Enter this code on the page that the link opens."),
        otherwise: (
            "Weren’t expecting this?",
            "You can ignore this email. Don’t forward it to anyone.",
        ),
        ..sign_in(config)
    }
}

fn activation(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Set your {} password", config.brand.name),
        heading: "Set your password",
        opening: "Your account at",
        rest: " is ready. Choose a password to activate it and sign in.",
        valid: valid(config.links.activation_lifetime, 3600, "hour"),
        button: "Set password",
        code: None,
        fallback: FALLBACK,
        known: NOBODY,
        otherwise: (
            "Weren’t expecting this?",
            "You can ignore this email. The account stays inactive until a password is set with \
             this link. Don’t forward it to anyone.",
        ),
        turn_to: String::new(),
    }
}

fn reset(config: &Config) -> EmailCopy {
    EmailCopy {
        subject: format!("Reset your {} password", config.brand.name),
        heading: "Reset your password",
        opening: "Use this link to choose a new password for your",
        rest: " account. Your password won’t change until you do.",
        valid: valid(config.links.reset_lifetime, 60, "minute"),
        button: "Choose a new password",
        code: None,
        fallback: FALLBACK,
        known: NOBODY,
        otherwise: (
            "Didn’t request this?",
            "You can ignore this email. Your password stays the same. Don’t forward it to anyone.",
        ),
        turn_to: String::new(),
    }
}

fn password_changed(config: &Config, public: &Origin) -> EmailCopy {
    // Without passwords there is no page that asks for another one.
    let turn_to = match config.links.activation {
        Activation::Password => public.join(paths::FORGOT_PASSWORD),
        Activation::Link => config.site.login_url(public),
    };
    EmailCopy {
        subject: format!("Your {} password was changed", config.brand.name),
        heading: "Your password was changed",
        opening: "The password for your",
        rest: " account was changed, and you were signed out on all devices.",
        otherwise: (
            "Wasn’t you?",
            "Someone may have access to your email account. Secure it first. Then tell the \
             portal’s administrator, and reset your password here:",
        ),
        turn_to,
        ..notice()
    }
}

fn address_changed(config: &Config, public: &Origin) -> EmailCopy {
    EmailCopy {
        subject: format!("Your {} email address was changed", config.brand.name),
        heading: "Your email address was changed",
        opening: "The email address for your",
        rest: " account was changed, and you were signed out on all devices. Sign in with the new \
             address.",
        otherwise: (
            "Wasn’t you?",
            "Tell the portal’s administrator. You can sign in here:",
        ),
        turn_to: config.site.login_url(public),
        ..notice()
    }
}

const FALLBACK: &str = "If the button doesn’t work, copy this link into your browser:";

const NOBODY: (&str, String) = ("", String::new());

/// What no notice has.
const fn notice() -> EmailCopy {
    EmailCopy {
        subject: String::new(),
        heading: "",
        opening: "",
        rest: "",
        valid: String::new(),
        button: "",
        code: None,
        fallback: "",
        known: NOBODY,
        otherwise: ("", ""),
        turn_to: String::new(),
    }
}

fn valid(lifetime: Duration, unit: u64, name: &str) -> String {
    let count = lifetime.as_secs() / unit;
    let plural = if count == 1 { "" } else { "s" };
    format!("The link works once and expires after {count} {name}{plural}.")
}
