//! Requests over the gateway.

use super::fixture;
use super::response::Response;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt;
use kit::contract::Answer;

/// A request is answered as documented. The input is a request as in HTTP/1.1, with placeholders
/// such as `@LINK@`.
///
/// # Panics
/// If a property of the response does not hold.
pub fn request(data: &[u8]) {
    fixture::with(|fixture| {
        let sent = fixture.fill(data);
        let Some(request) = parse(&sent) else {
            return;
        };
        let method = request.method().to_string();
        let path = request.uri().path_and_query().unwrap().to_string();
        let response = fixture.run(async {
            let (head, body) = fixture.world.portal.answer(request).await.into_parts();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let body = text(&body.collect().await.unwrap().to_bytes());
            let answer = Answer {
                method: &method,
                path: &path,
                status: head.status.as_u16(),
                headers: &head.headers,
                body: &body,
            };
            assert_eq!(answer.check(), Ok(()));
            let headers = head.headers.iter();
            Response {
                status: head.status.as_u16(),
                headers: headers
                    .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                    .collect(),
                body,
            }
        });
        response.check(fixture, &sent);
    });
}

/// Parses lines up to an empty one, then the body, if a server would read it as a request.
fn parse(bytes: &[u8]) -> Option<Request<Body>> {
    let end = bytes.windows(2).position(|window| window == b"\n\n");
    let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, uri) = str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let uri: Uri = uri.parse().ok()?;
    if !uri.path().starts_with('/') {
        return None;
    }
    let mut request = Request::new(Body::from(body.get(2..).unwrap_or_default().to_vec()));
    *request.method_mut() = method.parse::<Method>().ok()?;
    *request.uri_mut() = uri;
    for line in lines {
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
        let name: HeaderName = str::from_utf8(name).ok()?.parse().ok()?;
        let value = HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    let host = HeaderValue::from_static("localhost:8787");
    request.headers_mut().entry("host").or_insert(host);
    Some(request)
}
