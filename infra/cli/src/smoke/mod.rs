//! `vestibule smoke`: all that can be asked of the API without an account.

mod checks;
#[cfg(test)]
mod tests;

use crate::api::{Options, Portal};
use crate::aws;
use crate::error::Error;
use crate::findings::Findings;
use crate::https::{Https, Response};
use crate::stack::Stack;
use serde_json::{Value, json};
use shared::domain::paths::{ADMIN_USERS, JWKS, REQUEST_LOGIN, SESSION, SIGN_IN, VERIFY};

const UNREACHABLE: &str = "Check the DNS record and the certificate of the API's domain name.";

/// The portal that is asked.
struct Target {
    origin: String,
    https: Https,
    /// Origins whose pages may call the API. Unknown without a stack.
    frontends: Vec<String>,
    /// Origin of the API itself, where visitors may come through a proxy.
    admin_origin: String,
}

/// Asks the API, and returns the report.
///
/// # Errors
/// [`Error::Found`] with the report if anything is wrong.
pub(crate) async fn run(options: &Options) -> Result<String, Error> {
    let target = Target::find(&options.portal).await?;
    let mut findings = Findings::default();
    match target.get(SIGN_IN, &[]).await {
        Ok(_) => ask(&target, &mut findings).await,
        // Every other request would fail in the same way.
        Err(error) => findings.add(error.to_string(), UNREACHABLE),
    }
    findings.report(&target.origin, options.json)
}

async fn ask(target: &Target, findings: &mut Findings) {
    checks::encrypted(&target.origin, findings);
    let others = checks::GETS_WITHOUT_PROXY.into_iter();
    let others = others.filter(|_| target.origin == target.admin_origin);
    for (path, check) in checks::GETS.into_iter().chain(others) {
        match target.get(path, &[]).await {
            Ok(response) => check(path, &response, findings),
            Err(error) => findings.note(Err(error)),
        }
    }
    let examined = unsigned_call(target, findings).await;
    findings.note(examined);
    let examined = published_keys(target, findings).await;
    findings.note(examined);
    let examined = email_request(target, findings).await;
    findings.note(examined);
    let examined = origins(target, findings).await;
    findings.note(examined);
}

async fn unsigned_call(target: &Target, findings: &mut Findings) -> Result<(), Error> {
    let url = format!("{}{ADMIN_USERS}", target.admin_origin);
    let response = target.https.send("GET", &url, &[], String::new()).await?;
    checks::unsigned(ADMIN_USERS, &response, findings);
    Ok(())
}

/// Verifiers of access tokens accept only the issuer under whose address they found the keys.
async fn published_keys(target: &Target, findings: &mut Findings) -> Result<(), Error> {
    let keys = target.get(JWKS, &[]).await?;
    if keys.status == 404 {
        return Ok(());
    }
    let configuration = target.get("/.well-known/openid-configuration", &[]).await?;
    checks::published_keys(&target.origin, &keys, &configuration, findings);
    Ok(())
}

/// Requests an email for an address that nobody has. That takes the key ring and the tables.
async fn email_request(target: &Target, findings: &mut Findings) -> Result<(), Error> {
    let body = json!({ "email": "smoke-test@vestibule.invalid" });
    let response = target.post(REQUEST_LOGIN, &[], &body).await?;
    checks::email_request(&target.origin, &response, findings);
    Ok(())
}

async fn origins(target: &Target, findings: &mut Findings) -> Result<(), Error> {
    let foreign = [("origin", "https://vestibule-smoke.invalid")];
    let read = target.get(SESSION, &foreign).await?;
    checks::foreign_read(&read, findings);
    let body = json!({ "code": "00000000" });
    let written = target.post(VERIFY, &foreign, &body).await?;
    checks::foreign_write(&written, findings);
    for frontend in &target.frontends {
        let own = [("origin", frontend.as_str())];
        let read = target.get(SESSION, &own).await?;
        checks::own_read(frontend, &read, findings);
    }
    Ok(())
}

impl Target {
    async fn find(portal: &Portal) -> Result<Self, Error> {
        let (origin, frontends, admin_origin) = match (&portal.api, &portal.stack) {
            (Some(url), _) => (url.clone(), vec![], url.clone()),
            (None, stack) => {
                let aws = aws::config().await?;
                let stack = Stack::find(&aws, stack.as_deref().unwrap_or_default()).await?;
                (stack.api_url.clone(), stack.origins(), stack.admin_url)
            }
        };
        let origin = origin.trim_end_matches('/').to_owned();
        Ok(Self {
            https: Https::new(&origin)?,
            origin,
            frontends,
            admin_origin: admin_origin.trim_end_matches('/').to_owned(),
        })
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        self.send("GET", path, headers, String::new()).await
    }

    async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, Error> {
        let json = [("content-type", "application/json")];
        let headers = [headers, &json].concat();
        self.send("POST", path, &headers, body.to_string()).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Response, Error> {
        let url = format!("{}{path}", self.origin);
        let headers = headers.iter();
        let headers: Vec<_> = headers
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.https.send(method, &url, &headers, body).await
    }
}
