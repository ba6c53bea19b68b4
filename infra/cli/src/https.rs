//! An HTTP client for the portal's own host, whose certificate need not be one of Amazon's.

use crate::error::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use shared::aws;
use std::time::Duration;
use tokio::time::timeout;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that a response may take. API Gateway gives up after 30 s.
const READ_TIMEOUT: Duration = Duration::from_secs(35);

/// A client that trusts the roots of the operating system.
pub(crate) struct Https(aws::Https);

/// A response, whatever its status.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) const fn is_success(&self) -> bool {
        200 <= self.status && self.status < 300
    }

    /// Returns the first value of a header, whose name is in lower case, or an empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns the body as JSON, or null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Https {
    /// Returns a client for this origin. One that begins with `http:` needs no roots.
    pub(crate) fn new(origin: &str) -> Result<Self, Error> {
        let roots = if origin.starts_with("http://") {
            vec![]
        } else if origin.starts_with("https://") {
            rustls_native_certs::load_native_certs().certs
        } else {
            let why = format!("{origin} is not a URL. It must begin with https:// or http://.");
            return Err(Error::Failed(why));
        };
        let client = aws::Https::trusting(roots, CONNECT_TIMEOUT).map_err(|error| {
            let why = format!("Could not load the root certificates of this machine: {error}.");
            Error::Failed(why)
        })?;
        Ok(Self(client))
    }

    /// Sends a request, and returns the response. Follows no redirects.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: String,
    ) -> Result<Response, Error> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        let invalid = |_| Error::Failed(format!("{url} is not a valid URL."));
        request.set_uri(url).map_err(invalid)?;
        request.set_method(method).map_err(invalid)?;
        for (name, value) in headers {
            request
                .headers_mut()
                .try_insert(name.clone(), value.clone())
                .map_err(invalid)?;
        }
        let answered = timeout(READ_TIMEOUT, self.0.send(request)).await;
        let response = answered.map_err(|error| unreachable_at(url, &error))?;
        let response = response.map_err(|error| unreachable_at(url, &error))?;
        let headers = response.headers().iter();
        Ok(Response {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: response.body().bytes().unwrap_or_default().to_vec(),
        })
    }
}

/// Names the innermost cause, such as a refused connection or an invalid certificate.
fn unreachable_at(url: &str, error: &dyn std::error::Error) -> Error {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let host = url.split('/').nth(2).unwrap_or(url);
    Error::Failed(format!("Could not reach {host}: {cause}."))
}
