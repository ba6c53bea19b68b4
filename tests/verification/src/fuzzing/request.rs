//! Requests, through the gateway and the functions.

use super::promises::Answer;
use super::stage::{self, Stage};
use axum::body::Body;
use http_body_util::BodyExt;
use lambda_http::http::{HeaderValue, Method, Request, Uri};

/// Whatever a client sends is answered as promised. The input is a request as HTTP/1.1 has it, with
/// `@LINK@` and so on for what a mail or a browser holds.
///
/// # Panics
/// When a promise is broken.
pub fn request(data: &[u8]) {
    stage::with(|stage| {
        let sent = stage.fill(data);
        if let Some(request) = parse(&sent) {
            answer(stage, request).check(stage, &sent);
        }
    });
}

fn answer(stage: &Stage, request: Request<Body>) -> Answer {
    stage.run(async {
        let (head, body) = stage.world.portal.answer(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        Answer {
            status: head.status.as_u16(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    })
}

/// Lines up to an empty one, then the body. What no server would read as a request is none.
fn parse(bytes: &[u8]) -> Option<Request<Body>> {
    let end = bytes
        .windows(2)
        .position(|window| window == b"\n\n")
        .unwrap_or(bytes.len());
    let (head, body) = bytes.split_at(end);
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, uri) = str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let uri: Uri = uri
        .parse()
        .ok()
        .filter(|uri: &Uri| uri.path().starts_with('/'))?;
    let mut request = Request::new(Body::from(body.get(2..).unwrap_or_default().to_vec()));
    (*request.method_mut(), *request.uri_mut()) = (method.parse::<Method>().ok()?, uri);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(at);
        let name: lambda_http::http::HeaderName = str::from_utf8(name).ok()?.parse().ok()?;
        request.headers_mut().append(
            name,
            HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?,
        );
    }
    request
        .headers_mut()
        .entry("host")
        .or_insert(HeaderValue::from_static("localhost:8787"));
    Some(request)
}
