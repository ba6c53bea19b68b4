//! An embedded portal, and what tests see and change behind the API.

use crate::contract::Answer;
use crate::{Email, TestClock, parameters};
use http_body_util::BodyExt;
use local::aws_stub::{Attempt, Fault};
use local::{Options, Portal};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::domain::portal::PortalName;
use shared::keys::KeyRing;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

/// The notices of a world that no test has asked for others: all but those of a new browser, which
/// would follow most sign-ins of a test.
const NOTICES: &str = "password-changed,address-changed,sessions-ended";

/// The notices of a portal with default parameters.
pub const ALL_NOTICES: (&str, &str) = (
    "Notices",
    "new-browser,password-changed,address-changed,sessions-ended",
);

/// An embedded portal and its clock. It sends no notice of a new browser, unless its parameters
/// say so ([`ALL_NOTICES`]).
pub struct World {
    pub portal: Portal,
    pub clock: TestClock,
    pub(crate) client: Client,
    name: String,
    in_process: bool,
    /// The number of clients so far.
    pub(crate) clients: AtomicU64,
}

impl World {
    /// Starts a portal with default parameters.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts a portal with these parameters of the template.
    pub async fn with(pairs: &[(&str, &str)]) -> Self {
        Self::of(Options {
            parameters: parameters(pairs),
            ..Options::default()
        })
        .await
    }

    /// Starts a portal with these options, apart from the clock.
    pub async fn of(options: Options) -> Self {
        Self::new(options, TestClock::stopped(), false).await
    }

    /// Starts a portal that clients reach without a socket.
    ///
    /// With a seeded source of randomness and a paused runtime, every run is the same.
    pub async fn in_process(options: Options) -> Self {
        Self::new(options, TestClock::stopped(), true).await
    }

    /// Starts a portal without a socket whose clock advances with the runtime's.
    ///
    /// In a paused runtime, a task that sleeps moves time for leases, schedules and timeouts too.
    pub async fn in_step(options: Options) -> Self {
        Self::new(options, TestClock::running(), true).await
    }

    async fn new(mut options: Options, clock: TestClock, in_process: bool) -> Self {
        local::logs::capture();
        let notices = options.parameters.entry("Notices".to_owned());
        notices.or_insert_with(|| NOTICES.to_owned());
        let name = options.parameters.get("Portal").or(options.portal.as_ref());
        let name = name.map_or("partner", String::as_str).to_owned();
        let portal = Portal::start(Options {
            clock: Some(clock.clock()),
            trust_source_ip_header: true,
            ..options
        });
        let client = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            portal: portal.await.expect("the portal starts"),
            clock,
            client: client.build().expect("a client"),
            name,
            in_process,
            clients: AtomicU64::new(0),
        }
    }

    pub(crate) fn session_cookie(&self) -> String {
        self.cookie("sid")
    }

    pub(crate) fn nonces_cookie(&self) -> String {
        self.cookie("requests")
    }

    fn cookie(&self, kind: &str) -> String {
        let is_secure = self.portal.public_url().starts_with("https:");
        let prefix = if is_secure { "__Host-" } else { "" };
        format!("{prefix}{}.{kind}", self.name)
    }

    /// Returns the key ring, for reading and signing tokens as the portal does.
    pub fn key_ring(&self) -> KeyRing {
        let name = PortalName::parse(&self.name).expect("a portal's name");
        let ring = self.portal.key_ring().unwrap_or_default();
        KeyRing::parse(&ring, &name).expect("a key ring")
    }

    /// Returns all emails sent so far, oldest first, once the outbox has been worked off.
    pub async fn emails(&self) -> Vec<Email> {
        self.settle().await;
        self.portal.inbox().into_iter().map(Email::from).collect()
    }

    /// Returns the newest email, once the outbox has been worked off.
    ///
    /// # Panics
    /// If there is none.
    pub async fn latest_email(&self) -> Email {
        self.emails().await.pop().expect("an email was sent")
    }

    /// Returns once the outbox has been worked off.
    ///
    /// # Panics
    /// If the stream is broken.
    pub async fn settle(&self) {
        self.portal
            .emails_settled()
            .await
            .expect("the stream works");
    }

    /// Runs the mailer's sweep, as the schedule does every minute.
    ///
    /// # Panics
    /// If the mailer crashes.
    pub async fn sweep(&self) {
        let swept = self.portal.invoke("mailer", json!({"Sweep": {}})).await;
        assert_eq!(swept, Ok(json!({"batchItemFailures": []})));
    }

    /// Lets this fault befall every call to AWS that matches, and no other, from now on.
    pub fn inject(&self, fault: Fault, matches: impl Fn(&Attempt) -> bool + Send + Sync + 'static) {
        self.portal.set_fault(move |attempt| {
            if matches(attempt) {
                fault.clone()
            } else {
                Fault::None
            }
        });
    }

    /// Removes the fault that was set last.
    pub fn clear_fault(&self) {
        self.portal.set_fault(|_| Fault::None);
    }

    /// Returns all rows of a table.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        self.dump().get(table).cloned().unwrap_or_default()
    }

    /// Returns the audit records of an action, such as `partner.login`.
    pub fn audit(&self, action: &str) -> Vec<Value> {
        let mut rows = self.rows("audit");
        rows.retain(|row| row["action"]["S"] == action);
        rows
    }

    /// Returns the contents of all tables, for comparing before and after.
    pub fn snapshot(&self) -> String {
        json!(self.dump()).to_string()
    }

    fn dump(&self) -> BTreeMap<String, Vec<Value>> {
        self.portal.dump().expect("the database can be read")
    }

    /// Sends a request, and compares the response with the contract.
    ///
    /// # Panics
    /// If the response is not in `docs/openapi.yaml`.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
    ) -> (StatusCode, HeaderMap, String) {
        let request = request.build().expect("a valid request");
        let method = request.method().clone();
        let path = request.url().as_str().replace(&self.portal.url(), "");
        let (status, headers, body) = self.send(request).await;
        let answer = Answer {
            method: method.as_str(),
            path: &path,
            status: status.as_u16(),
            headers: &headers,
            body: &body,
        };
        let difference = answer.check().err().unwrap_or_default();
        assert!(
            difference.is_empty(),
            "A response differs from docs/openapi.yaml. {difference}"
        );
        (status, headers, body)
    }

    async fn send(&self, request: reqwest::Request) -> (StatusCode, HeaderMap, String) {
        if !self.in_process {
            let response = self.client.execute(request).await;
            let response = response.expect("the gateway responds");
            let status = response.status();
            let headers = response.headers().clone();
            return (status, headers, response.text().await.unwrap_or_default());
        }
        let mut request =
            http::Request::<reqwest::Body>::try_from(request).expect("a valid request");
        let host = self.portal.url().replace("http://", "");
        request
            .headers_mut()
            .insert("host", host.parse().expect("a host"));
        let request = request.map(axum::body::Body::new);
        let (head, body) = self.portal.answer(request).await.into_parts();
        let body = body.collect().await.expect("a complete body").to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        (head.status, head.headers, body)
    }

    /// Returns the id of the user with this address, or an empty string.
    pub fn user_id(&self, email: &str) -> String {
        let claim = format!("email#{email}");
        let claim = self
            .rows("users")
            .into_iter()
            .find(|row| row["pk"]["S"] == claim);
        let id = claim.unwrap_or_default()["user_id"]["S"].clone();
        id.as_str().unwrap_or_default().to_owned()
    }

    /// Returns the row of the user with this address.
    ///
    /// # Panics
    /// If there is none.
    pub fn user_row(&self, email: &str) -> Value {
        let user = self
            .rows("users")
            .into_iter()
            .find(|row| row["address"]["S"] == email);
        user.expect("a user with this address")
    }

    /// Puts a row into a table, behind the API.
    pub fn put_row(&self, table: &str, row: &Value) {
        let put = json!({"TableName": table_name(table), "Item": row});
        let put = serde_json::from_value(put).expect("a put");
        let _put = self.portal.database().put_item(put).expect("a row is put");
    }

    /// Sets an attribute of the user with this address, behind the API.
    pub fn set_attribute(&self, email: &str, name: &str, value: &Value) {
        let mut row = self.user_row(email);
        row[name] = value.clone();
        self.put_row("users", &row);
    }
}

/// Returns a table's name in the embedded database.
pub fn table_name(table: &str) -> String {
    format!("{}-{table}", local::template::STACK)
}
