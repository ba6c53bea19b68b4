//! API Gateway: an HTTP API with the template's routes, as far as callers and functions can tell.
//!
//! What API Gateway answers by itself, this answers the same: unknown routes and HEAD, bodies that
//! are too large, preflights, functions that crash.

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
use event::Received;
use http_body_util::BodyExt;
use shared::clock::Clock;
use shared::random::Random;
use std::net::IpAddr;
use url::Url;

/// The largest body that API Gateway takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// Sets the address a request seems to come from, for tests that say so.
const SOURCE_IP: &str = "x-local-source-ip";

/// The gateway of one portal.
pub(crate) struct Gateway {
    /// Where the routes lead.
    pub(crate) routes: Routes<Lambda>,
    /// What the API says to browsers.
    pub(crate) cors: Option<Cors>,
    /// Where people reach the portal.
    pub(crate) public: Url,
    /// Whether a header may set the source address.
    pub(crate) trust_source_ip_header: bool,
    /// Tells the time.
    pub(crate) clock: Clock,
    /// For requests' ids.
    pub(crate) random: Random,
}

impl Gateway {
    /// Answers a request that came from `peer`.
    pub(crate) async fn answer(&self, peer: IpAddr, request: Request) -> Response {
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
        if !has_good_host(&parts.headers) {
            return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
        }
        let Some(path) = routes::decode(parts.uri.path()) else {
            return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let Some(found) = self.routes.find(parts.method.as_str(), &path) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let Some(body) = read(body).await else {
            return reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        if found.signed && !signature::is_good(parts, &body, self.clock.now()) {
            return reply::message(StatusCode::FORBIDDEN, "Forbidden");
        }
        let received = Received {
            parts,
            body: &body,
            path: &path,
            route: &found.key,
            signed: found.signed,
            parameters: &found.parameters,
            source_ip,
            public: &self.public,
            id,
            now: self.clock.now(),
        };
        let answer = found.target.invoke(received.event()).await;
        let response = answer.ok().and_then(|answer| reply::of_function(&answer));
        response.unwrap_or_else(|| {
            reply::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        })
    }

    fn source_ip(&self, peer: IpAddr, headers: &mut HeaderMap) -> String {
        let said = headers
            .remove(SOURCE_IP)
            .filter(|_| self.trust_source_ip_header);
        let said = said.and_then(|value| value.to_str().map(str::to_owned).ok());
        said.unwrap_or_else(|| peer.to_string())
    }
}

/// The whole body, or `None` when it is too large. It is read to its end either way: a caller who
/// is still sending would not hear the answer.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let (mut whole, mut length) = (vec![], 0);
    while let Some(frame) = body.frame().await {
        let data = frame.ok()?.into_data().unwrap_or_default();
        length += data.len();
        if length <= LARGEST_BODY {
            whole.extend_from_slice(&data);
        }
    }
    (length <= LARGEST_BODY).then_some(whole)
}

/// One `Host`, and one that can stand in a URL: lambda_http would crash at anything else.
fn has_good_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all("host").iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let host = host.to_str().unwrap_or_default();
    let good = host
        .parse::<Authority>()
        .is_ok_and(|authority| !authority.as_str().contains('@'));
    good && Url::parse(&format!("https://{host}/")).is_ok()
}
