//! The embedded API Gateway: an HTTP API with the template's routes.
//!
//! It responds as API Gateway does to unknown routes, bodies that are too large, preflight
//! requests and functions that crash.

mod cors;
mod event;
mod reply;
mod routes;
mod signature;

pub(crate) use routes::Routes;

use crate::lambda::{Lambda, uuid};
use crate::template::Cors;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use event::ReceivedRequest;
use http_body_util::BodyExt;
use shared::clock::Clock;
use shared::random::Random;
use std::net::IpAddr;
use url::Url;

/// The limit of API Gateway for the size of a body, in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// The header that sets the source address of a request, if the portal was started to trust it.
const SOURCE_IP: &str = "x-local-source-ip";

/// The gateway of one portal.
pub(crate) struct Gateway {
    pub(crate) routes: Routes<Lambda>,
    pub(crate) cors: Option<Cors>,
    pub(crate) public_url: Url,
    /// Set if a header may set the source address.
    pub(crate) trust_source_ip_header: bool,
    pub(crate) clock: Clock,
    /// The source of request ids.
    pub(crate) random: Random,
}

impl Gateway {
    /// Responds to a request that came from `peer`.
    pub(crate) async fn handle(&self, peer: IpAddr, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let source_ip = self.source_ip(peer, &mut parts.headers);
        let id = uuid(&self.random);
        let mut response = match &self.cors {
            Some(_) if parts.method == Method::OPTIONS => reply::empty(StatusCode::NO_CONTENT),
            _ => self.invoke(&parts, body, &source_ip, &id).await,
        };
        if let Some(cors) = &self.cors {
            cors::apply(cors, &parts, &mut response);
        }
        reply::header(&mut response, "apigw-requestid", &id);
        response
    }

    async fn invoke(&self, parts: &Parts, body: Body, source_ip: &str, id: &str) -> Response {
        if !has_valid_host(&parts.headers) {
            return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
        }
        let Some(path) = routes::decode(parts.uri.path()) else {
            return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let Some(matched) = self.routes.find(parts.method.as_str(), &path) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let Some(body) = read(body).await else {
            return reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        if matched.signed && !signature::is_valid(parts, &body, self.clock.now()) {
            return reply::message(StatusCode::FORBIDDEN, "Forbidden");
        }
        let received = ReceivedRequest {
            parts,
            body: &body,
            path: &path,
            route: &matched.key,
            signed: matched.signed,
            parameters: &matched.parameters,
            source_ip,
            public_url: &self.public_url,
            id,
            now: self.clock.now(),
        };
        let output = matched.target.invoke(received.to_event()).await;
        let response = output.ok().and_then(|output| reply::from_function(&output));
        response.unwrap_or_else(|| {
            reply::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        })
    }

    fn source_ip(&self, peer: IpAddr, headers: &mut HeaderMap) -> String {
        let header = headers.remove(SOURCE_IP);
        header
            .filter(|_| self.trust_source_ip_header)
            .and_then(|value| value.to_str().map(str::to_owned).ok())
            .unwrap_or_else(|| peer.to_string())
    }
}

/// Returns the whole body, or `None` if it is too large. It is read to its end in either case,
/// because a client that is still sending would not receive the response.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.ok()?.into_data().unwrap_or_default();
        length += data.len();
        if length <= MAX_BODY {
            bytes.extend_from_slice(&data);
        }
    }
    (length <= MAX_BODY).then_some(bytes)
}

/// Returns whether there is exactly one `Host` that can be part of a URL, as API Gateway chooses
/// the API by it.
fn has_valid_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all("host").iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let host = host.to_str().unwrap_or_default();
    let is_authority = host
        .parse::<Authority>()
        .is_ok_and(|authority| !authority.as_str().contains('@'));
    is_authority && Url::parse(&format!("https://{host}/")).is_ok()
}
