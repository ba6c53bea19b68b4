//! The sentences of one email, in its language. Nothing in them was entered by a stranger: the
//! portal's name is configured, browsers and systems come from a fixed list, and no email contains
//! a person's name.

use shared::config::{Activation, Config, OtherBrowser};
use shared::domain::code::CODE_LIFETIME;
use shared::domain::email::{EmailKind, EmailTemplate, Notice, OutboxEntry};
use shared::domain::language::Language;
use shared::domain::language::sentences::{EmailSentences, fill};
use shared::domain::link::{Purpose, REPORT_LIFETIME};
use shared::domain::origin::Origin;
use shared::domain::paths;
use shared::domain::time::{DAY, HOUR, MINUTE};

/// The sentences of one email. What it does not have is empty. `{portal}` in the subject and the
/// opening stands for the portal's name.
#[derive(Default)]
pub(crate) struct EmailCopy {
    pub(crate) language: Language,
    /// Contains no code and no name of a person.
    pub(crate) subject: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) opening: &'static str,
    /// Says how long the link works.
    pub(crate) validity: String,
    pub(crate) button: &'static str,
    /// Introduces the code. `None` where the email has no code.
    pub(crate) code_hint: Option<&'static str>,
    pub(crate) requested_from_label: &'static str,
    /// Describes who requested or caused the email. Empty where no browser did.
    pub(crate) requested_from: Vec<String>,
    /// Addresses readers who did not request or cause the email.
    pub(crate) not_you: &'static str,
    /// Tells them what to do.
    pub(crate) advice: &'static str,
    /// The page where they do it. Empty where there is nothing to do.
    pub(crate) help_url: String,
}

impl EmailCopy {
    /// Returns the sentences of `template`. `public` is the origin of the built-in pages.
    pub(crate) fn new(
        template: EmailTemplate,
        email: &OutboxEntry,
        config: &Config,
        public: &Origin,
    ) -> Self {
        let t = email.language.emails();
        let is_invitation = matches!(email.kind, EmailKind::Invitation(..));
        let copy = match template {
            EmailTemplate::Link(Purpose::SignIn) if is_invitation => invitation(t, config),
            EmailTemplate::Link(Purpose::SignIn) => sign_in(t, config),
            EmailTemplate::Link(Purpose::Activation) => activation(t, config),
            EmailTemplate::Link(Purpose::Reset) => reset(t, config),
            // No email is sent for this link alone.
            EmailTemplate::Link(Purpose::Report) => report(t),
            EmailTemplate::Notice(Notice::NewBrowser) => new_browser(t),
            EmailTemplate::Notice(Notice::PasswordChanged) => password_changed(t, config, public),
            EmailTemplate::Notice(Notice::AddressChanged) => address_changed(t, config, public),
            EmailTemplate::Notice(Notice::SessionsEnded) => sessions_ended(t, config, public),
        };
        Self {
            language: email.language,
            requested_from_label: match template {
                EmailTemplate::Link(_) => t.requested_from,
                EmailTemplate::Notice(Notice::NewBrowser) => t.signed_in_from,
                EmailTemplate::Notice(Notice::SessionsEnded) => t.ended_on,
                EmailTemplate::Notice(_) if email.client.ip.is_empty() => t.changed_on,
                EmailTemplate::Notice(_) => t.changed_from,
            },
            requested_from: if is_invitation {
                vec![]
            } else {
                requested_from(email)
            },
            ..copy
        }
    }
}

/// Returns `Firefox on Windows`, `IP address 192.0.2.1` and `21 November 2026 at 14:05 UTC`,
/// without those that are not known.
fn requested_from(email: &OutboxEntry) -> Vec<String> {
    let client = &email.client;
    let mut parts = vec![];
    if !client.user_agent.is_empty() || !client.ip.is_empty() {
        parts.push(email.language.client(client));
    }
    if !client.ip.is_empty() {
        let sentence = email.language.emails().ip_address;
        parts.push(fill(sentence, &[("ip", &client.ip)]));
    }
    parts.push(email.language.moment(email.requested_at));
    parts
}

fn sign_in(t: &'static EmailSentences, config: &Config) -> EmailCopy {
    let lifetime = config.links.lifetime;
    EmailCopy {
        subject: t.sign_in_subject,
        heading: t.sign_in_heading,
        opening: t.sign_in_opening,
        validity: t.valid_minutes.0(lifetime.as_secs() / MINUTE.as_secs()),
        button: t.sign_in_button,
        code_hint: Some(if lifetime > CODE_LIFETIME {
            t.code_hint
        } else {
            t.code_hint_of_short_link
        }),
        not_you: t.not_requested,
        advice: t.ignore_sign_in,
        ..EmailCopy::default()
    }
}

/// The invitation of a portal without passwords. No browser has requested it, so its code is of use
/// only where every other browser must enter it.
fn invitation(t: &'static EmailSentences, config: &Config) -> EmailCopy {
    EmailCopy {
        subject: t.invitation_subject,
        heading: t.invitation_heading,
        opening: t.invitation_opening,
        validity: activation_validity(t, config),
        code_hint: (config.links.other_browser == OtherBrowser::Code)
            .then_some(t.invitation_code_hint),
        not_you: t.not_expected,
        advice: t.ignore_invitation,
        ..sign_in(t, config)
    }
}

fn activation(t: &'static EmailSentences, config: &Config) -> EmailCopy {
    EmailCopy {
        subject: t.activation_subject,
        heading: t.activation_heading,
        opening: t.activation_opening,
        validity: activation_validity(t, config),
        button: t.activation_button,
        not_you: t.not_expected,
        advice: t.ignore_activation,
        ..EmailCopy::default()
    }
}

fn activation_validity(t: &EmailSentences, config: &Config) -> String {
    let lifetime = config.links.activation_lifetime;
    t.valid_hours.0(lifetime.as_secs() / HOUR.as_secs())
}

fn reset(t: &'static EmailSentences, config: &Config) -> EmailCopy {
    let lifetime = config.links.reset_lifetime;
    EmailCopy {
        subject: t.reset_subject,
        heading: t.reset_heading,
        opening: t.reset_opening,
        validity: t.valid_minutes.0(lifetime.as_secs() / MINUTE.as_secs()),
        button: t.reset_button,
        not_you: t.not_requested,
        advice: t.ignore_reset,
        ..EmailCopy::default()
    }
}

/// The link of every notice.
fn report(t: &'static EmailSentences) -> EmailCopy {
    EmailCopy {
        validity: t.valid_days.0(REPORT_LIFETIME.as_secs() / DAY.as_secs()),
        button: t.report_button,
        not_you: t.not_you,
        ..EmailCopy::default()
    }
}

fn new_browser(t: &'static EmailSentences) -> EmailCopy {
    EmailCopy {
        subject: t.new_browser_subject,
        heading: t.new_browser_heading,
        opening: t.new_browser_opening,
        advice: t.new_browser_advice,
        ..report(t)
    }
}

fn sessions_ended(t: &'static EmailSentences, config: &Config, public: &Origin) -> EmailCopy {
    EmailCopy {
        subject: t.sessions_ended_subject,
        heading: t.sessions_ended_heading,
        opening: t.sessions_ended_opening,
        // Only an administrator ends all sessions.
        not_you: t.not_expected,
        advice: t.sessions_ended_advice,
        help_url: config.site.login_url(public),
        ..report(t)
    }
}

fn password_changed(t: &'static EmailSentences, config: &Config, public: &Origin) -> EmailCopy {
    // Without passwords there is no page that resets one.
    let help_url = match config.links.activation {
        Activation::Password => public.join(paths::FORGOT_PASSWORD),
        Activation::Link => config.site.login_url(public),
    };
    EmailCopy {
        subject: t.password_changed_subject,
        heading: t.password_changed_heading,
        opening: t.password_changed_opening,
        advice: t.password_changed_advice,
        help_url,
        ..report(t)
    }
}

fn address_changed(t: &'static EmailSentences, config: &Config, public: &Origin) -> EmailCopy {
    EmailCopy {
        subject: t.address_changed_subject,
        heading: t.address_changed_heading,
        opening: t.address_changed_opening,
        // Only an administrator changes an address.
        not_you: t.not_expected,
        advice: t.address_changed_advice,
        help_url: config.site.login_url(public),
        ..report(t)
    }
}
