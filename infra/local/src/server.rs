//! The HTTP server of the portal.

use crate::gateway::Gateway;
use crate::local_page::{self, LocalPage};
use crate::shutdown::ShutdownSignal;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use shared::config::StartError;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Listens on a port of 127.0.0.1, or on a free one.
///
/// # Errors
/// A [`StartError`] if the port is in use or not allowed.
pub(crate) async fn listen(port: Option<u16>) -> Result<TcpListener, StartError> {
    let port = port.unwrap_or_default();
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => StartError(format!(
                "Port {port} is in use. Stop the program that uses it, \
                 or choose another port."
            )),
            _ => StartError(format!("Could not listen on port {port}: {error}.")),
        })
}

/// Returns the port that the listener was given.
///
/// # Errors
/// A [`StartError`] if the system does not say.
pub(crate) fn port(listener: &TcpListener) -> Result<u16, StartError> {
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| StartError(format!("Could not determine the port: {error}.")))
}

/// Returns the routes under `/_local/`, those of the page and `invocations`, with the gateway for
/// all others.
pub(crate) fn router(gateway: Gateway, page: LocalPage, invocations: Router) -> Router {
    let gateway = Arc::new(gateway);
    let local = local_page::router(page).merge(invocations);
    local.fallback(
        move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.handle(peer.ip(), request).await }
        },
    )
}

/// Serves until the shutdown, and then until all requests have been answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: ShutdownSignal) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service)
        .with_graceful_shutdown(shutdown.wait())
        .await
    {
        tracing::error!(%error, "the local gateway stopped");
    }
}
