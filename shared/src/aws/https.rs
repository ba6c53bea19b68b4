//! The HTTP client of AWS: HTTP/1.1 over TLS, with a list of idle connections. It has no HTTP/2,
//! proxies or streamed bodies, which the SDK's own client brings along.

use super::connection::{Connection, Destination, Failure, prepare};
use crate::config::StartError;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The root certificates of Amazon's endpoints, in DER: decoding PEM took a tenth of a cold start's
/// instructions.
pub(super) const ROOTS: [&[u8]; 5] = [
    include_bytes!("roots/amazon-root-ca-1.der"),
    include_bytes!("roots/amazon-root-ca-2.der"),
    include_bytes!("roots/amazon-root-ca-3.der"),
    include_bytes!("roots/amazon-root-ca-4.der"),
    include_bytes!("roots/starfield-services-root-g2.der"),
];

/// The longest that connecting to an endpoint of AWS may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// The number of hosts to resume TLS with. A table for the 256 of rustls's default takes four pages
/// of memory.
const HOSTS: usize = 4;

/// The age at which an idle connection is closed. Requests come in bursts, and a connection that
/// the other side has closed costs an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A client that trusts certain roots, and keeps idle connections.
#[derive(Clone)]
pub struct Https(Arc<Shared>);

struct Shared {
    tls: TlsConnector,
    connect_timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Https {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Https")
    }
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.clone();
        HttpConnectorFuture::new(async move { client.send(request).await })
    }
}

impl Https {
    /// Returns a client with ring that trusts only Amazon's roots.
    ///
    /// # Errors
    /// [`StartError`] if TLS cannot be set up.
    pub fn trusting_amazon() -> Result<Self, StartError> {
        let roots = ROOTS.map(CertificateDer::from);
        Self::trusting(roots, CONNECT_TIMEOUT)
            .map_err(|error| StartError(format!("Could not set up TLS: {error}.")))
    }

    /// Returns a client with ring that trusts these root certificates, except for those that it
    /// cannot read.
    ///
    /// # Errors
    /// The TLS library has none of the protocol versions.
    pub fn trusting(
        roots: impl IntoIterator<Item = CertificateDer<'static>>,
        connect_timeout: Duration,
    ) -> Result<Self, rustls::Error> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store)
            .with_no_client_auth();
        tls.resumption = Resumption::in_memory_sessions(HOSTS);
        Ok(Self(Arc::new(Shared {
            tls: TlsConnector::from(Arc::new(tls)),
            connect_timeout,
            idle: Mutex::default(),
        })))
    }

    /// Sends a request whose body is in memory, and reads the whole response.
    ///
    /// # Errors
    /// No connection, or no response. It may have been executed then.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (destination, mut request) = prepare(request).map_err(ConnectorError::user)?;
        loop {
            let idle = self.take_idle(&destination);
            let is_new = idle.is_none();
            let mut connection = match idle {
                Some(idle) => idle,
                None => self.connect(destination.clone()).await?,
            };
            match connection.exchange(request).await {
                Ok(response) => {
                    // After a failure of the service, the next attempt may be better off elsewhere.
                    if !response.status().is_server_error() {
                        self.keep(connection);
                    }
                    return Ok(response);
                }
                Err(Failure::NotSent(again)) if !is_new => request = *again,
                Err(Failure::NotSent(_)) => {
                    return Err(ConnectorError::io("the connection was closed".into()));
                }
                Err(Failure::Failed(error)) => return Err(error),
            }
        }
    }

    async fn connect(&self, destination: Destination) -> Result<Connection, ConnectorError> {
        let opened = Connection::open(destination, &self.0.tls);
        let opened = timeout(self.0.connect_timeout, opened).await;
        let opened = opened.map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?;
        opened.map_err(ConnectorError::io)
    }

    /// Takes an idle connection out of the list.
    fn take_idle(&self, destination: &Destination) -> Option<Connection> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|each| each.is_usable(IDLE_TIMEOUT));
        let found = idle
            .iter()
            .rposition(|each| each.destination == *destination)?;
        Some(idle.swap_remove(found))
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}
