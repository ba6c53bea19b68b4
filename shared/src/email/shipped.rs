//! The files of `shared/templates`.

use super::kind::MessageKind;
use super::template::TemplateSource;
use crate::domain::language::Language;

/// The files of one folder: subject, text and HTML body.
macro_rules! files {
    ($folder:literal) => {
        [
            include_str!(concat!("../../templates/", $folder, "/subject.txt")),
            include_str!(concat!("../../templates/", $folder, "/text.txt")),
            include_str!(concat!("../../templates/", $folder, "/body.html")),
        ]
    };
}

/// Returns the template of a message that Vestibule ships.
pub fn shipped(kind: MessageKind, language: Language) -> TemplateSource {
    use Language::{English, German};
    let [subject, text, html] = match (kind, language) {
        (MessageKind::SignIn, English) => files!("sign-in/en"),
        (MessageKind::SignIn, German) => files!("sign-in/de"),
        (MessageKind::Invitation, English) => files!("invitation/en"),
        (MessageKind::Invitation, German) => files!("invitation/de"),
        (MessageKind::Activation, English) => files!("activation/en"),
        (MessageKind::Activation, German) => files!("activation/de"),
        (MessageKind::Reset, English) => files!("reset/en"),
        (MessageKind::Reset, German) => files!("reset/de"),
        (MessageKind::NewBrowser, English) => files!("new-browser/en"),
        (MessageKind::NewBrowser, German) => files!("new-browser/de"),
        (MessageKind::PasswordChanged, English) => files!("password-changed/en"),
        (MessageKind::PasswordChanged, German) => files!("password-changed/de"),
        (MessageKind::AddressChanged, English) => files!("address-changed/en"),
        (MessageKind::AddressChanged, German) => files!("address-changed/de"),
        (MessageKind::SessionsEnded, English) => files!("sessions-ended/en"),
        (MessageKind::SessionsEnded, German) => files!("sessions-ended/de"),
    };
    TemplateSource::new(subject, text, html)
}
