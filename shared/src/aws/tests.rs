use super::https::ROOTS;
use super::signature::Signer;
use super::timer::Timer;
use super::{Credentials, Https};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// A certificate for `localhost` that signs itself, and its key, which protects nothing.
const SERVER: &[u8] = include_bytes!("test-server.pem");
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn request(url: &str, headers: &[(&'static str, &'static str)], body: &str) -> HttpRequest {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").unwrap();
    request.set_uri(url).unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, *value);
    }
    request
}

/// Returns the header that the SDK's own signer adds.
fn signature_of_the_sdk(request: &HttpRequest, token: Option<&str>, at: Timestamp) -> String {
    let credentials = SdkCredentials::new("AKIA", "secret", token.map(str::to_owned), None, "test");
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name("dynamodb")
        .time(UNIX_EPOCH + Duration::from_secs(at.secs()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let body = SignableBody::Bytes(request.body().bytes().unwrap());
    let headers = request.headers().iter();
    let signable = SignableRequest::new(request.method(), request.uri(), headers, body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    let mut headers = headers.iter();
    let header = headers.find(|header| header.name() == "authorization");
    header.unwrap().value().to_owned()
}

#[test]
fn a_signature_is_that_of_the_sdk() {
    let signer = Signer::new("eu-central-1", "dynamodb");
    let json = ("content-type", "application/x-amz-json-1.0");
    let requests = [
        request(
            "https://dynamodb.eu-central-1.amazonaws.com/",
            &[json],
            "{}",
        ),
        request("https://dynamodb.eu-central-1.amazonaws.com", &[json], ""),
        request(
            "http://127.0.0.1:8000/v2/email/outbound-emails",
            &[json, ("x-amz-target", " DynamoDB_20120810.GetItem ")],
            "{\"ä\": \"\u{1F600}\"}",
        ),
    ];
    // Within a day and over its end: the key of the day is derived anew.
    for at in [
        0,
        1_795_269_600,
        1_795_269_601,
        1_795_305_600,
        1_795_269_600,
    ] {
        for (request, token) in requests.iter().zip([Some("token"), None, Some("t")]) {
            let at = Timestamp::from_secs(at);
            let credentials = Credentials {
                access_key_id: "AKIA".to_owned(),
                secret_access_key: Secret::new("secret".to_owned()),
                session_token: token.map(|token| Secret::new(token.to_owned())),
            };
            let mut signed = request.try_clone().unwrap();
            signer.sign(&mut signed, &credentials, at).unwrap();
            let ours = signed.headers().get("authorization").unwrap();
            assert_eq!(
                ours,
                signature_of_the_sdk(request, token, at),
                "{request:?}"
            );
        }
    }
}

#[test]
fn a_url_whose_canonical_form_is_another_one_is_not_signed() {
    let signer = Signer::new("eu-central-1", "dynamodb");
    let credentials = Credentials {
        access_key_id: "AKIA".to_owned(),
        secret_access_key: Secret::new("secret".to_owned()),
        session_token: None,
    };
    for path in ["?a=b", "a%20b", "a b", "a//b", "../a", "ä", "a.b"] {
        let mut request = HttpRequest::new(SdkBody::empty());
        let url = format!("https://example.com/{path}");
        if request.set_uri(url).is_ok() {
            let now = Timestamp::from_secs(0);
            assert!(
                signer.sign(&mut request, &credentials, now).is_err(),
                "{path}"
            );
        }
    }
}

/// Serves connections with `respond`, which is called with the number of the connection and that of
/// the request on it, and closes the connection after `None`. Returns the port and the number of
/// connections so far.
async fn serve(respond: fn(usize, usize) -> Option<&'static str>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = count.fetch_add(1, Ordering::Relaxed);
            spawn(exchange(stream, connection, respond));
        }
    });
    (port, connections)
}

#[expect(clippy::disallowed_methods, reason = "nothing freezes a test")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    respond: fn(usize, usize) -> Option<&'static str>,
) {
    let mut buffer = [0; 4096];
    for request in 0.. {
        let Ok(1..) = stream.read(&mut buffer).await else {
            return;
        };
        let Some(response) = respond(connection, request) else {
            return;
        };
        stream.write_all(response.as_bytes()).await.unwrap();
    }
}

async fn get(client: &Https, port: u16) -> Result<u16, String> {
    let url = format!("http://localhost:{port}/");
    let response = client.send(request(&url, &[], "{}")).await;
    let response = response.map_err(|error| error.to_string())?;
    Ok(response.status().as_u16())
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_service_fails() {
    let (port, connections) = serve(|connection, request| match (connection, request) {
        (0, 3) => Some("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
        _ => Some(OK),
    })
    .await;
    let client = Https::trusting_amazon().unwrap();
    let mut statuses = vec![];
    for _ in 0..6 {
        statuses.push(get(&client, port).await.unwrap());
    }
    assert_eq!(statuses, [200, 200, 200, 503, 200, 200]);
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_closed_connection_is_replaced_and_an_unanswered_request_is_not_repeated() {
    let (port, connections) = serve(|connection, request| match (connection, request) {
        (0, 0) => Some("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        (1, 1) => None,
        _ => Some(OK),
    })
    .await;
    let client = Https::trusting_amazon().unwrap();
    assert_eq!(get(&client, port).await, Ok(200));
    assert_eq!(get(&client, port).await, Ok(200));
    assert!(
        get(&client, port).await.is_err(),
        "it may have been executed"
    );
    assert_eq!(get(&client, port).await, Ok(200));
    assert_eq!(connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn only_a_trusted_certificate_of_the_host_is_accepted() {
    let certificate = CertificateDer::from_pem_slice(SERVER).unwrap();
    let key = PrivateKeyDer::from_pem_slice(SERVER).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                spawn(exchange(stream, 0, |_, _| Some(OK)));
            }
        }
    });
    let trusting = Https::trusting([certificate], Duration::from_secs(5)).unwrap();
    let amazon = Https::trusting_amazon().unwrap();
    let by_name = format!("https://localhost:{}/", address.port());
    let by_address = format!("https://{address}/");
    let accepts = async |client: &Https, url: &str| {
        let response = client.send(request(url, &[], "{}")).await;
        response.is_ok()
    };
    assert!(accepts(&trusting, &by_name).await);
    assert!(!accepts(&trusting, &by_address).await, "another host");
    assert!(!accepts(&amazon, &by_name).await, "an unknown root");
}

#[tokio::test(start_paused = true)]
async fn a_timer_limits_one_future_after_the_other_and_several_at_once() {
    let timer = Timer::default();
    let sleep = |millis| tokio::time::sleep(Duration::from_millis(millis));
    let until = |millis| Instant::now() + Duration::from_millis(millis);
    for _ in 0..3 {
        assert_eq!(timer.limit(until(20), sleep(10)).await, Some(()));
        assert_eq!(timer.limit(until(10), sleep(20)).await, None);
        let both = tokio::join!(
            timer.limit(until(20), sleep(10)),
            timer.limit(until(5), sleep(10))
        );
        assert_eq!(both, (Some(()), None));
    }
}

#[test]
fn all_five_roots_of_amazon_can_be_read() {
    let mut store = rustls::RootCertStore::empty();
    let roots = ROOTS.map(CertificateDer::from);
    assert_eq!(store.add_parsable_certificates(roots), (5, 0));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_and_a_relative_url_are_errors() {
    let client = Https::trusting_amazon().unwrap();
    assert!(get(&client, 1).await.is_err());
    assert!(client.send(request("/path", &[], "{}")).await.is_err());
}
