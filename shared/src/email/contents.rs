//! The values of one email. Nothing in them was entered by a stranger: the portal's name is
//! configured, browsers and systems come from a fixed list, and no email contains a person's name.

use super::kind::MessageKind;
use super::values::Values;
use crate::config::{Activation, Config, OtherBrowser};
use crate::domain::client::ClientInfo;
use crate::domain::code::CODE_LIFETIME;
use crate::domain::language::Language;
use crate::domain::link::REPORT_LIFETIME;
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::domain::time::{DAY, HOUR, MINUTE, Timestamp};

/// The email that the values are for.
pub struct Contents<'a> {
    pub kind: MessageKind,
    pub language: Language,
    /// Client that requested or caused the email, and when.
    pub client: &'a ClientInfo,
    pub requested_at: Timestamp,
    /// URL and code of the link.
    pub link: (&'a str, &'a str),
}

impl Contents<'_> {
    /// Returns the values of the message's variables. `public` is the origin of the built-in pages.
    pub fn values(&self, config: &Config, public: &Origin) -> Values {
        let support = config.brand.support.as_ref();
        let values = Values::default()
            .with("portal", &config.brand.name)
            .with("support", support.map_or("", |support| support.as_str()))
            .with(
                "support_url",
                &support.map_or_else(String::new, |support| support.url()),
            )
            .with("lifetime", &self.lifetime(config))
            .with("help_url", &self.help_url(config, public))
            .with("time", &self.language.moment(self.requested_at));
        let values = self.with_client(values);
        let (link, code) = self.link;
        let has_code = match self.kind {
            // No browser has requested it, so its code is of use only where every other browser
            // must enter it.
            MessageKind::Invitation => config.links.other_browser == OtherBrowser::Code,
            _ => true,
        };
        let code_minutes = CODE_LIFETIME.min(config.links.lifetime).as_secs() / MINUTE.as_secs();
        values
            .with("link", link)
            .with("code", if has_code { code } else { "" })
            .with(
                "code_lifetime",
                &self.language.common().minutes.0(code_minutes),
            )
    }

    fn with_client(&self, values: Values) -> Values {
        if self.client.user_agent.is_empty() && self.client.ip.is_empty() {
            return values;
        }
        let client = self.language.client(self.client);
        values.with("client", &client).with("ip", &self.client.ip)
    }

    fn lifetime(&self, config: &Config) -> String {
        let words = self.language.common();
        let links = &config.links;
        let minutes = |lifetime: std::time::Duration| lifetime.as_secs() / MINUTE.as_secs();
        match self.kind {
            MessageKind::SignIn => words.minutes.0(minutes(links.lifetime)),
            MessageKind::Reset => words.minutes.0(minutes(links.reset_lifetime)),
            MessageKind::Invitation | MessageKind::Activation => {
                words.hours.0(links.activation_lifetime.as_secs() / HOUR.as_secs())
            }
            MessageKind::NewBrowser
            | MessageKind::PasswordChanged
            | MessageKind::AddressChanged
            | MessageKind::SessionsEnded => words.days.0(REPORT_LIFETIME.as_secs() / DAY.as_secs()),
        }
    }

    /// Returns the page where the user can do something about a change they did not make.
    fn help_url(&self, config: &Config, public: &Origin) -> String {
        match (self.kind, config.links.activation) {
            // Without passwords there is no page that resets one.
            (MessageKind::PasswordChanged, Activation::Password) => {
                public.join(paths::FORGOT_PASSWORD)
            }
            _ => config.site.login_url(public),
        }
    }
}
