//! One connection to a host, and the exchange of a request and a response on it.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::error::Error;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;
pub(super) type PreparedRequest = http::Request<Full<Bytes>>;

/// Where a request goes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Destination {
    scheme: Scheme,
    authority: Authority,
}

/// An open connection, which one request at a time may use.
pub(super) struct Connection {
    pub(super) destination: Destination,
    sender: SendRequest<Full<Bytes>>,
    used_at: Instant,
}

/// The reason why a request has no response.
pub(super) enum Failure {
    /// The connection was closed before it took the request, which can be sent again.
    NotSent(Box<PreparedRequest>),
    Failed(ConnectorError),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Returns where a request goes, and the request as HTTP/1.1 has it: the path in the first line,
/// and the host in a header (RFC 9112, 3.2.1).
pub(super) fn prepare(request: HttpRequest) -> Result<(Destination, PreparedRequest), BoxError> {
    let (mut parts, body) = request.try_into_http1x()?.into_parts();
    let uri = std::mem::take(&mut parts.uri).into_parts();
    let (Some(scheme), Some(authority)) = (uri.scheme, uri.authority) else {
        return Err("the URL is not absolute".into());
    };
    let path = uri.path_and_query.unwrap_or(PathAndQuery::from_static("/"));
    parts.uri = path.into();
    let host = HeaderValue::from_str(authority.as_str())?;
    parts.headers.insert(HOST, host);
    let body = body.bytes().ok_or("the body is a stream")?;
    let body = Full::new(Bytes::copy_from_slice(body));
    let destination = Destination { scheme, authority };
    Ok((destination, http::Request::from_parts(parts, body)))
}

impl Connection {
    pub(super) async fn open(
        destination: Destination,
        tls: &TlsConnector,
    ) -> Result<Self, BoxError> {
        let authority = &destination.authority;
        let host = authority.host().trim_matches(['[', ']']);
        let is_https = destination.scheme == Scheme::HTTPS;
        let default_port = if is_https { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(default_port);
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = if is_https {
            let name = ServerName::try_from(host.to_owned())?;
            Box::new(tls.connect(name, stream).await?)
        } else {
            Box::new(stream)
        };
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        drive(driver);
        Ok(Self {
            destination,
            sender,
            used_at: Instant::now(),
        })
    }

    /// Returns whether a request may still use the connection, which was last used less than `idle`
    /// ago.
    pub(super) fn is_usable(&self, idle: Duration) -> bool {
        self.used_at.elapsed() < idle && !self.sender.is_closed()
    }

    /// Sends a request and reads the whole response. If this is dropped before its end, the
    /// connection is closed.
    pub(super) async fn exchange(
        &mut self,
        request: PreparedRequest,
    ) -> Result<HttpResponse, Failure> {
        if self.sender.ready().await.is_err() {
            return Err(Failure::NotSent(Box::new(request)));
        }
        let response = self.sender.try_send_request(request).await;
        let response = response.map_err(|mut error| match error.take_message() {
            Some(request) => Failure::NotSent(Box::new(request)),
            None => Failure::Failed(ConnectorError::io(error.into_error().into())),
        })?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await;
        let body = body.map_err(|error| Failure::Failed(ConnectorError::io(error.into())))?;
        self.used_at = Instant::now();
        let response = http::Response::from_parts(parts, SdkBody::from(body.to_bytes()));
        HttpResponse::try_from(response)
            .map_err(|error| Failure::Failed(ConnectorError::other(error.into(), None)))
    }
}

/// Lets a connection read and write for as long as it is open. Lambda may freeze it in between.
#[expect(
    clippy::disallowed_methods,
    reason = "the task does nothing while no request waits for it"
)]
fn drive(driver: impl Future<Output = hyper::Result<()>> + Send + 'static) {
    tokio::spawn(async {
        // An error reaches the request that waits for a response.
        let _closed = driver.await;
    });
}
