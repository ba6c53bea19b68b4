//! The guide to this run that the page and the terminal show.

use crate::options::Options;
use crate::pitfalls::{self, Pitfall};
use crate::seed::{self, SeededUser};
use crate::template::{Parameter, Template};
use url::Url;

/// The facts about this run that help to try it.
pub(crate) struct Guide {
    pub(crate) portal_name: String,
    pub(crate) public_url: Url,
    /// The address of the AWS stub, if other processes reach it.
    pub(crate) aws_url: Option<String>,
    pub(crate) accent: String,
    pub(crate) has_passwords: bool,
    pub(crate) has_sign_up: bool,
    pub(crate) frontend: Option<Url>,
    pub(crate) pitfall: Option<Pitfall>,
    pub(crate) users: Vec<SeededUser>,
    pub(crate) parameters: Vec<Parameter>,
}

impl Guide {
    pub(crate) fn new(
        options: &Options,
        template: &Template,
        public_url: &Url,
        aws_url: Option<String>,
    ) -> Self {
        let has_passwords = template.parameter("Activation") == "password";
        let frontend = Url::parse(template.parameter("FrontendUrl")).ok();
        let pitfall = frontend.as_ref();
        Self {
            portal_name: template.parameter("PortalName").to_owned(),
            public_url: public_url.clone(),
            aws_url,
            accent: template.parameter("AccentColor").to_owned(),
            has_passwords,
            has_sign_up: template.parameter("SelfSignUp") == "on",
            pitfall: pitfall.and_then(|frontend| pitfalls::find(public_url, frontend)),
            frontend,
            users: seed::describe(options.user.as_deref(), has_passwords),
            parameters: template.parameters.clone(),
        }
    }

    /// Returns the origin at which users reach the portal.
    pub(crate) fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Returns what the terminal shows at the start.
    pub(crate) fn greeting(&self) -> String {
        let url = self.origin();
        let mut lines = vec![
            "Vestibule is running. Press Ctrl-C to stop it.".to_owned(),
            String::new(),
            format!("  Sign in      {url}/auth/sign-in"),
            format!("  Read email   {url}/_local/   (as JSON: {url}/_local/inbox)"),
        ];
        let frontend = self.frontend.as_ref();
        lines.extend(frontend.map(|url| format!("  Frontend     {}", url.as_str())));
        let aws = self.aws_url.as_ref();
        lines.extend(
            aws.map(|url| format!("  AWS          {url}   (variables: {url}/environment/me)")),
        );
        lines.push(String::new());
        for SeededUser {
            address,
            status,
            hint,
            ..
        } in &self.users
        {
            lines.push(format!("  {address:<20} {status:<8} {hint}"));
        }
        let others = if self.has_sign_up {
            "Can sign up. Other requests get no email, and the same response."
        } else {
            "Gets no email, and the same response."
        };
        lines.push(format!("  {:<29} {others}", "any other address"));
        lines.push(String::new());
        if let Some(Pitfall { warning, command }) = &self.pitfall {
            lines.push(format!("Note: {warning}\n\n  {command}\n"));
        }
        lines.push("Links and undelivered emails are printed here.\n".to_owned());
        lines.join("\n")
    }
}
