//! The API's own domain name, and whether the frontend's pages can use it.

use super::{Patient, quote};
use crate::error::Error;
use crate::findings::Findings;
use serde_json::{Value, json};

/// Compares the site of the API with those of the pages that call it.
pub(super) fn cookies(patient: &Patient, findings: &mut Findings) {
    let api = host(&patient.stack.api_url);
    for origin in patient.stack.origins() {
        let frontend = host(&origin);
        let problem = if api.ends_with(".amazonaws.com") {
            format!("The API has no domain name of its own, so nobody stays signed in at {origin}.")
        } else if site(api) != site(frontend) {
            format!("{api} and {frontend} are two sites to a browser: nobody stays signed in.")
        } else {
            continue;
        };
        let domain = site(frontend);
        let fix = format!(
            "Deploy with ApiDomainName=login.{domain} and CertificateArn, its certificate."
        );
        findings.add(problem, fix);
    }
}

/// Compares the settings of the HTTP API with the parameters.
pub(super) async fn api(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let Some(id) = patient.template.physical("Api") else {
        return Ok(());
    };
    let api = patient.services.http_api(id).await?;
    let has_domain = !patient.stack.parameter("ApiDomainName").is_empty();
    if has_domain && api.get("disableExecuteApiEndpoint") == Some(&json!(false)) {
        findings.add(
            "The API can also be called at its default endpoint, past its domain name.",
            format!("aws apigatewayv2 update-api --api-id {id} --disable-execute-api-endpoint"),
        );
    }
    cors(patient, id, api.get("corsConfiguration"), findings);
    Ok(())
}

fn cors(patient: &Patient, id: &str, actual: Option<&Value>, findings: &mut Findings) {
    let expected = patient.stack.origins();
    let allowed = actual.and_then(|cors| cors.get("allowOrigins"));
    let allowed = allowed.and_then(Value::as_array);
    let allowed: Vec<_> = allowed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let missing = expected
        .iter()
        .filter(|origin| !allowed.contains(&origin.as_str()));
    let other = allowed
        .iter()
        .filter(|origin| expected.iter().all(|known| known != *origin));
    let problems: Vec<_> = missing
        .map(|origin| format!("CORS does not allow the pages of {origin} to call the API."))
        .chain(other.map(|origin| format!("CORS allows {origin}, which is no parameter's value.")))
        .collect();
    let credentials = actual.and_then(|cors| cors.get("allowCredentials"));
    let without = (!expected.is_empty() && credentials != Some(&json!(true)))
        .then(|| "CORS does not allow pages to send the session cookie.".to_owned());
    let settings = json!({
        "AllowOrigins": expected, "AllowCredentials": true, "MaxAge": 600,
        "AllowMethods": ["GET", "POST", "PATCH", "DELETE"],
        "AllowHeaders": ["content-type", "authorization"], "ExposeHeaders": ["retry-after"],
    });
    let fix = if expected.is_empty() {
        format!("aws apigatewayv2 delete-cors-configuration --api-id {id}")
    } else {
        let settings = quote(&settings.to_string());
        format!("aws apigatewayv2 update-api --api-id {id} --cors-configuration {settings}")
    };
    for problem in problems.into_iter().chain(without) {
        findings.add(problem, fix.clone());
    }
}

fn host(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split([':', '/']).next().unwrap_or(rest)
}

/// Returns the last two labels of a host, which make up the site below most public suffixes. Some
/// frontends are therefore not warned about, and none without reason.
fn site(host: &str) -> &str {
    let start = host
        .rmatch_indices('.')
        .nth(1)
        .map_or(0, |(dot, _)| dot + 1);
    host.get(start..).unwrap_or(host)
}
