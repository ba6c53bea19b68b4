//! The cookie that keeps what was typed into a form of a page, so that it is still there after an
//! error, on the next page, and without scripts. It never holds a password or a code.

use crate::domain::origin::Origin;
use crate::domain::portal::PortalName;
use crate::domain::time::{MINUTE, Timestamp};
use crate::http::cookie::Cookie;
use crate::http::response::with_cookie;
use crate::http::{Problem, Request, Response};
use std::time::Duration;
use url::form_urlencoded;

/// The time for which a draft is kept.
const LIFETIME: Duration = MINUTE.saturating_mul(15);
/// The longest text that is kept of a field, in bytes, so that browsers accept the cookie: at least
/// that of an email address, and of a name.
const MAX_LENGTH: usize = 480;

/// The address and the name that were typed into a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormDraft {
    pub email: String,
    pub name: String,
    /// Time at which an email to the address was requested.
    pub requested_at: Option<Timestamp>,
}

impl FormDraft {
    /// Creates the draft of a form that asks for an address.
    pub fn of_address(email: &str) -> Self {
        Self {
            email: cut(email),
            ..Self::default()
        }
    }

    /// Creates the draft of a form that asks for an address and a name.
    pub fn of_name(email: &str, name: &str) -> Self {
        Self {
            name: cut(name),
            ..Self::of_address(email)
        }
    }

    /// Reads the draft from the cookie. It is empty if there is none.
    ///
    /// # Errors
    /// 400 for a cookie that was sent twice.
    pub fn read(request: &Request, portal: &PortalName, origin: &Origin) -> Result<Self, Problem> {
        let value = request.cookie(Cookie::draft(portal, origin).name())?;
        let mut draft = Self::default();
        for (name, value) in form_urlencoded::parse(value.unwrap_or_default().as_bytes()) {
            match &*name {
                "email" => draft.email = cut(&value),
                "name" => draft.name = cut(&value),
                "requested_at" => {
                    draft.requested_at = value.parse().ok().map(Timestamp::from_secs);
                }
                _ => {}
            }
        }
        Ok(draft)
    }

    /// Returns the `Set-Cookie` value that keeps the draft.
    pub fn cookie(&self, portal: &PortalName, origin: &Origin) -> String {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields.append_pair("email", &self.email);
        if !self.name.is_empty() {
            fields.append_pair("name", &self.name);
        }
        if let Some(at) = self.requested_at {
            fields.append_pair("requested_at", &at.secs().to_string());
        }
        Cookie::draft(portal, origin).set(&fields.finish(), LIFETIME)
    }

    /// Removes the draft from a browser that sent one: who signs in or out does not need it any
    /// more, and the next person at this computer must not see it.
    pub fn discard(
        response: Response,
        request: &Request,
        portal: &PortalName,
        origin: &Origin,
    ) -> Response {
        let cookie = Cookie::draft(portal, origin);
        match request.cookie(cookie.name()) {
            Ok(None) => response,
            _ => with_cookie(response, &cookie.clear()),
        }
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_LENGTH)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_read_as_it_was_written() {
        let portal = PortalName::parse("test").unwrap();
        let origin = Origin::parse("https://login.example.com").unwrap();
        let hostile = "\"; Path=/evil, \r\n<b>ü\u{202e}&name=x";
        for draft in [
            FormDraft::default(),
            FormDraft::of_address("ada@example.com"),
            FormDraft::of_name(hostile, hostile),
            FormDraft {
                requested_at: Some(Timestamp::from_secs(7)),
                ..FormDraft::of_name("a+b@example.com", "Ada & Co.")
            },
        ] {
            let cookie = draft.cookie(&portal, &origin);
            let pair = cookie.split(';').next().unwrap();
            assert!(cookie.is_ascii() && !cookie.contains(['"', ',', '\r', '\n', '<']));
            let request = Request::with_headers([("cookie", pair)]);
            assert_eq!(FormDraft::read(&request, &portal, &origin).unwrap(), draft);
        }
        let long = FormDraft::of_address(&"a".repeat(10_000));
        assert_eq!(long.email.len(), MAX_LENGTH);
    }
}
