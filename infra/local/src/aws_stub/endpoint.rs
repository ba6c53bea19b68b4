//! The stub over HTTP, for functions that run as processes of their own.
//!
//! Requests are signed, and the service is the one that the signature names. The signature itself
//! is not checked. Nothing is recorded or logged.

use super::Services;
use super::request::AwsRequest;
use crate::template::{Function, REGION};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest request body in bytes: that of DynamoDB.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Returns the routes of the endpoint at `url`: the services, and for each function its environment
/// variables under `/environment/<function>`, as lines of `NAME=value`.
pub(crate) fn router(services: &Arc<Services>, functions: &[Function], url: &str) -> Router {
    let environments: BTreeMap<_, _> = functions
        .iter()
        .map(|function| (function.name.clone(), environment(function, url)))
        .collect();
    let services = Arc::clone(services);
    Router::new()
        .route(
            "/environment/{function}",
            get(async move |Path(name): Path<String>| {
                let lines = environments.get(&name).cloned();
                lines.ok_or(StatusCode::NOT_FOUND)
            }),
        )
        .fallback(move |request: Request| {
            let services = Arc::clone(&services);
            async move {
                let response = respond(&services, request).await;
                response.unwrap_or_else(|why| (StatusCode::BAD_REQUEST, why).into_response())
            }
        })
}

fn environment(function: &Function, url: &str) -> String {
    let aws = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let declared = &function.environment;
    let declared = declared.iter().map(|(name, value)| (&**name, &**value));
    declared
        .chain(aws)
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

/// Executes a request and returns the response.
///
/// # Errors
/// Says what is wrong with the request.
async fn respond(services: &Services, request: Request) -> Result<Response, String> {
    let (mut parts, body) = request.into_parts();
    let host = match service(&parts.headers).ok_or("The request is not signed.")? {
        "ses" => "email",
        service => service,
    };
    let path = parts.uri.path();
    let uri = format!("https://{host}.{REGION}.amazonaws.com{path}");
    parts.uri = uri.parse().map_err(|_| "The service is not valid.")?;
    let body = to_bytes(body, MAX_BODY).await;
    let body = SdkBody::from(body.map_err(|error| error.to_string())?);
    let request = HttpRequest::try_from(axum::http::Request::from_parts(parts, body));
    let request = AwsRequest::parse(&request.map_err(|error| error.to_string())?);
    let response = services
        .handle(&request)
        .map_err(|error| error.to_string())?;
    let response = response.response.try_into_http1x();
    let response = response.map_err(|error| error.to_string())?;
    Ok(response.map(Body::new))
}

/// Returns the service that a signature names: `dynamodb`, `kms`, `secretsmanager` or `ses`.
fn service(headers: &HeaderMap) -> Option<&str> {
    // AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, ...
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    authorization.split('/').nth(3)
}
