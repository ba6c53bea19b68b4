//! The templates and what they are filled with. askama escapes every value but the style and the script, which are ours.

use super::look::Brand;
use askama::Template;

#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) notice: Option<&'static str>,
    pub(crate) next: Option<String>,
}

#[derive(Template)]
#[template(path = "check-mail.html")]
pub(crate) struct CheckMail<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) notice: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedIn<'a> {
    pub(crate) brand: &'a Brand,
}

#[derive(Template)]
#[template(path = "old-link.html")]
pub(crate) struct OldLink<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) login_url: String,
}

#[derive(Template)]
#[template(path = "other-browser.html")]
pub(crate) struct OtherBrowserPage<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) address: String,
}

#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage<'a> {
    pub(crate) brand: &'a Brand,
    pub(crate) address: String,
    pub(crate) token: &'a str,
    pub(crate) attempt: &'a str,
    pub(crate) auto_submit: bool,
    pub(crate) ask_code: bool,
    pub(crate) script: &'static str,
}
