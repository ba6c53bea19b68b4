//! `GET /auth/config`: the parameters that a frontend needs to know.

use crate::PageContext;
use serde::Serialize;
use shared::config::SupportContact;
use shared::domain::code::{CODE_DIGITS, CODE_LIFETIME};
use shared::domain::language::Language;
use shared::http::{Response, response};
use std::time::Duration;

/// The time for which browsers and frontends may cache the response.
const MAX_AGE: Duration = Duration::from_secs(300);

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
    accent: &'a str,
    logo: Option<&'a str>,
    logo_dark: Option<&'a str>,
    /// The email address or https URL where users get help.
    support: Option<&'a str>,
    password: Option<Password>,
    sign_up: bool,
    code: Code,
    link_minutes: u64,
    /// The language for those who prefer none of `languages`.
    language: &'static str,
    languages: [&'static str; 2],
}

#[derive(Serialize)]
struct Password {
    /// The minimum length of a new password, in characters.
    minimum: usize,
}

#[derive(Serialize)]
struct Code {
    digits: usize,
    minutes: u64,
    attempts: u64,
}

impl PageContext<'_> {
    pub(crate) fn portal_config(&self) -> Response {
        let config = &self.app.config;
        let brand = &config.brand;
        let minimum = config.passwords.min_length;
        let output = Output {
            name: &brand.name,
            accent: &brand.accent,
            logo: brand.logo.as_deref(),
            logo_dark: brand.logo_dark.as_deref(),
            support: brand.support.as_ref().map(SupportContact::as_str),
            password: self.has_passwords().then_some(Password { minimum }),
            sign_up: config.links.sign_up,
            code: Code {
                digits: CODE_DIGITS,
                minutes: minutes(config.links.lifetime.min(CODE_LIFETIME)),
                attempts: config.links.code_attempts,
            },
            link_minutes: minutes(config.links.lifetime),
            language: config.language.tag(),
            languages: Language::ALL.map(Language::tag),
        };
        response::public_json(&output, MAX_AGE)
    }
}

const fn minutes(lifetime: Duration) -> u64 {
    lifetime.as_secs() / 60
}
