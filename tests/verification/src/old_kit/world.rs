//! An embedded portal, and what a test may see and change behind its back.

use super::{Browser, Mail, Time, owned};
use http_body_util::BodyExt;
use local::{Options, Portal};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// An embedded portal and its time.
pub struct World {
    /// The portal.
    pub portal: Portal,
    /// Its time.
    pub time: Time,
    pub(crate) client: Client,
    in_process: bool,
    strangers: AtomicU64,
}

impl World {
    /// A portal at its defaults.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A portal with some of the template's parameters set.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::of(Options {
            parameters: owned(parameters),
            ..Options::default()
        })
        .await
    }

    /// A portal of these options; the clock is the test's.
    pub async fn of(options: Options) -> Self {
        Self::reached(options, Time::stopped(), false).await
    }

    /// The same without a socket between browsers and gateway: with a seeded source of randomness
    /// and a paused runtime, everything in it happens the same every time.
    pub async fn in_process(options: Options) -> Self {
        Self::reached(options, Time::stopped(), true).await
    }

    /// The same with a clock that goes with the runtime's: in a paused runtime, whoever sleeps lets
    /// time pass for leases, schedules, timeouts and everything else alike.
    pub async fn in_step(options: Options) -> Self {
        Self::reached(options, Time::running(), true).await
    }

    async fn reached(options: Options, time: Time, in_process: bool) -> Self {
        local::logs::capture();
        let options = Options {
            clock: Some(time.clock()),
            trust_source_ip_header: true,
            ..options
        };
        let (portal, client) = (
            Portal::start(options).await.expect("the portal starts"),
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
        );
        Self {
            portal,
            time,
            client,
            in_process,
            strangers: AtomicU64::new(0),
        }
    }

    /// A browser with no cookies, behind an address of its own.
    pub fn browser(&self) -> Browser<'_> {
        let n = self.strangers.fetch_add(1, Ordering::SeqCst);
        let ip = format!("198.{}.{}.{}", 18 + (n >> 16) % 2, (n >> 8) % 256, n % 256);
        Browser::new(self, ip)
    }

    /// The mails so far, oldest first, once everything asked for has been dealt with.
    pub async fn mails(&self) -> Vec<Value> {
        self.settled().await;
        let inbox = self.browser().get("/_local/inbox").await.json();
        inbox.as_array().cloned().unwrap_or_default()
    }

    /// Returns once everything asked for has been dealt with.
    ///
    /// # Panics
    /// When the stream is broken.
    pub async fn settled(&self) {
        self.portal
            .emails_settled()
            .await
            .expect("the stream works");
    }

    /// What the schedule does every minute: takes up the mails that were left to wait.
    ///
    /// # Panics
    /// When the mailer crashes.
    pub async fn sweep(&self) {
        let swept = self.portal.invoke("mailer", json!({"Sweep": {}})).await;
        assert_eq!(swept, Ok(json!({"batchItemFailures": []})));
    }

    /// The latest mail.
    pub async fn mail(&self) -> Mail {
        let mails = self.mails().await;
        Mail(mails.last().cloned().unwrap_or_default())
    }

    /// All items of a table.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        self.dump().get(table).cloned().unwrap_or_default()
    }

    /// Everything in every table, for comparing before and after.
    pub fn everything(&self) -> String {
        json!(self.dump()).to_string()
    }

    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
    ) -> (StatusCode, HeaderMap, String) {
        let request = request.build().expect("a good request");
        if !self.in_process {
            let response = self
                .client
                .execute(request)
                .await
                .expect("the gateway answers");
            let (status, headers) = (response.status(), response.headers().clone());
            return (status, headers, response.text().await.unwrap_or_default());
        }
        let mut request =
            http::Request::<reqwest::Body>::try_from(request).expect("a good request");
        let host = self
            .portal
            .url()
            .replace("http://", "")
            .parse()
            .expect("a host");
        request.headers_mut().insert("host", host);
        let (head, body) = self
            .portal
            .answer(request.map(axum::body::Body::new))
            .await
            .into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        (
            head.status,
            head.headers,
            String::from_utf8_lossy(&body).into_owned(),
        )
    }

    fn dump(&self) -> BTreeMap<String, Vec<Value>> {
        self.portal.dump().expect("the database can be read")
    }

    /// The id of the user with this address; empty where there is none.
    pub fn id_of(&self, email: &str) -> String {
        let claim = self
            .rows("users")
            .into_iter()
            .find(|row| row["pk"]["S"] == format!("email#{email}"));
        claim.unwrap_or_default()["user_id"]["S"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Changes an attribute of the user with this address behind everybody's back, as an
    /// administrator's act would.
    pub fn set_user(&self, email: &str, update: &str, values: &Value) {
        let id = self.id_of(email);
        let mut request = json!({
            "TableName": format!("{}-users", local::template::STACK), "Key": {"pk": {"S": format!("user#{id}")}},
            "UpdateExpression": update, "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": values,
        });
        if !update.contains("#status") {
            request["ExpressionAttributeNames"].take();
        }
        let request = serde_json::from_value(request).expect("an update");
        let _updated = self
            .portal
            .database()
            .update_item(request)
            .expect("the user is updated");
    }

    /// Suspends a user, as an administrator will: status and epoch.
    pub fn suspend(&self, email: &str) {
        let values = json!({":s": {"S": "suspended"}, ":one": {"N": "1"}});
        self.set_user(email, "SET #status = :s ADD epoch :one", &values);
    }

    /// Moves a user's epoch.
    pub fn move_epoch(&self, email: &str) {
        self.set_user(email, "ADD epoch :one", &json!({":one": {"N": "1"}}));
    }
}
