//! What the tests sign in with: a world (an embedded portal whose clock they move) and browsers without opinions.

#![expect(clippy::indexing_slicing, clippy::expect_used, reason = "a test that goes wrong is to stop")]

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http_body_util::BodyExt;
use local::{Options, Portal};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// 21 November 2026, 14:00 UTC: the start of every throttle's window but the day's.
const START: u64 = 1_795_269_600;

/// The time, as the test wants it.
#[derive(Clone)]
pub struct Time {
    millis: Arc<AtomicU64>,
    runs_since: Option<tokio::time::Instant>,
}

impl Time {
    fn stopped() -> Self {
        Self { millis: Arc::new(AtomicU64::new(START * 1000)), runs_since: None }
    }

    fn running() -> Self {
        Self { runs_since: Some(tokio::time::Instant::now()), ..Self::stopped() }
    }

    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        self.millis.fetch_add(u64::try_from(span.as_millis()).unwrap_or_default(), Ordering::SeqCst);
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        let ran = self.runs_since.map(|start| start.elapsed()).unwrap_or_default();
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst)).plus(ran)
    }

    fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::from_fn(move || time.now())
    }
}

/// An embedded portal and its time.
pub struct World {
    /// The portal.
    pub portal: Portal,
    /// Its time.
    pub time: Time,
    client: Client,
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
        Self::of(Options { parameters: owned(parameters), ..Options::default() }).await
    }

    /// A portal of these options; the clock is the test's.
    pub async fn of(options: Options) -> Self {
        Self::reached(options, Time::stopped(), false).await
    }

    /// The same without a socket between browsers and gateway: with a seeded source of randomness and a paused runtime,
    /// everything in it happens the same every time.
    pub async fn in_process(options: Options) -> Self {
        Self::reached(options, Time::stopped(), true).await
    }

    /// The same with a clock that goes with the runtime's: in a paused runtime, whoever sleeps lets time pass for leases,
    /// schedules, timeouts and everything else alike.
    pub async fn in_step(options: Options) -> Self {
        Self::reached(options, Time::running(), true).await
    }

    async fn reached(options: Options, time: Time, in_process: bool) -> Self {
        local::logs::capture();
        let options = Options { clock: Some(time.clock()), trust_source_ip_header: true, ..options };
        let (portal, client) = (
            Portal::start(options).await.expect("the portal starts"),
            Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
        );
        Self { portal, time, client, in_process, strangers: AtomicU64::new(0) }
    }

    /// A browser with no cookies, behind an address of its own.
    pub fn browser(&self) -> Browser<'_> {
        let n = self.strangers.fetch_add(1, Ordering::SeqCst);
        let ip = format!("198.{}.{}.{}", 18 + (n >> 16) % 2, (n >> 8) % 256, n % 256);
        Browser { world: self, cookies: Mutex::default(), ip }
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
        self.portal.mail_settled().await.expect("the stream works");
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

    async fn exchange(&self, request: RequestBuilder) -> (StatusCode, HeaderMap, String) {
        let request = request.build().expect("a good request");
        if !self.in_process {
            let response = self.client.execute(request).await.expect("the gateway answers");
            let (status, headers) = (response.status(), response.headers().clone());
            return (status, headers, response.text().await.unwrap_or_default());
        }
        let mut request = http::Request::<reqwest::Body>::try_from(request).expect("a good request");
        let host = self.portal.url().replace("http://", "").parse().expect("a host");
        request.headers_mut().insert("host", host);
        let (head, body) = self.portal.answer(request.map(axum::body::Body::new)).await.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        (head.status, head.headers, String::from_utf8_lossy(&body).into_owned())
    }

    fn dump(&self) -> BTreeMap<String, Vec<Value>> {
        self.portal.dump().expect("the database can be read")
    }

    /// The id of the user with this address; empty where there is none.
    pub fn id_of(&self, email: &str) -> String {
        let claim = self.rows("users").into_iter().find(|row| row["pk"]["S"] == format!("email#{email}"));
        claim.unwrap_or_default()["user_id"]["S"].as_str().unwrap_or_default().to_owned()
    }

    /// Changes an attribute of the user with this address behind everybody's back, as an administrator's act would.
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
        let _updated = self.portal.database().update_item(request).expect("the user is updated");
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

/// Owned parameters.
pub fn owned(parameters: &[(&str, &str)]) -> BTreeMap<String, String> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A mail from the inbox.
pub struct Mail(pub Value);

impl Mail {
    /// The address of the link's page, without the origin.
    pub fn path(&self) -> String {
        let link = self.0["links"][0].as_str().unwrap_or_default();
        link.find("/auth/").map(|at| link[at..].to_owned()).unwrap_or_default()
    }

    /// The link's token.
    pub fn token(&self) -> String {
        self.path().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The code.
    pub fn code(&self) -> String {
        self.0["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A code that it is not.
    pub fn other_code(&self) -> String {
        let digits: u64 = self.code().replace(' ', "").parse().unwrap_or_default();
        format!("{:08}", (digits + 1) % 100_000_000)
    }
}

/// A browser: its cookies, and an address of its own. It does nothing by itself.
pub struct Browser<'a> {
    world: &'a World,
    cookies: Mutex<BTreeMap<String, String>>,
    ip: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that differ by nature.
    pub headers: BTreeMap<String, String>,
    /// The `Set-Cookie` values.
    pub cookies: Vec<String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The last part of the problem's type.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// Where it leads.
    pub fn location(&self) -> String {
        self.headers.get(LOCATION.as_str()).cloned().unwrap_or_default()
    }

    /// A hidden field of the page.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let value = self.body.split_once(&mark).map(|(_, rest)| rest).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Browser<'_> {
    /// The address it is behind: what rows say of who wrote them.
    pub fn ip(&self) -> &str {
        &self.ip
    }

    /// A request as this browser would begin it: from one of the portal's own pages.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path);
        request.header("origin", self.world.portal.public_url()).header("sec-fetch-site", "same-origin")
    }

    /// A request without the headers that browsers add.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.world.client.request(method, format!("{}{path}", self.world.portal.url()));
        let request =
            request.header("x-local-source-ip", &self.ip).header("user-agent", "Mozilla/5.0 (Windows) Firefox/140.0");
        let cookies = self.cookie_header();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies) }
    }

    /// The cookies as they would be sent.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    /// Puts a cookie in, or takes one out.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.jar().insert(name.to_owned(), value.to_owned()),
            None => self.jar().remove(name),
        };
    }

    /// Sends, and keeps what cookies come back.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let (status, headers, body) = self.world.exchange(request).await;
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().map(text).collect();
        for cookie in &cookies {
            let (name, rest) = cookie.split_once('=').unwrap_or_default();
            let value = rest.split(';').next().unwrap_or_default();
            self.set_cookie(name, Some(value).filter(|value| !value.is_empty()));
        }
        let differing = ["date", "set-cookie", "apigw-requestid", "content-length"];
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        Answer {
            status,
            headers: headers.filter(|(name, _)| !differing.contains(&name.as_str())).collect(),
            cookies,
            body,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.bare(Method::GET, path)).await
    }

    /// POST of JSON from the portal's own page.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// POST of a form from the portal's own page.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form(fields))).await
    }

    /// Adds a user: a call of the administration, signed with this key.
    pub async fn admin(&self, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.signed(key, Method::POST, "/admin/users", headers, Some(body)).await
    }

    /// A call of the administration by whoever may.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.signed("local", method, path, &[], body).await
    }

    /// A call of the administration, signed with this key (id and secret alike).
    pub async fn signed(
        &self,
        key: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.world.portal.url());
        let text = body.map(Value::to_string).unwrap_or_default();
        let identity = Credentials::from_keys(key, key, None).into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(local::template::REGION)
            .name("execute-api")
            .time(UNIX_EPOCH + secs(self.world.time.now().secs()))
            .settings(SigningSettings::default())
            .build()
            .expect("whole parameters");
        let bytes = SignableBody::Bytes(text.as_bytes());
        let signed = SignableRequest::new(method.as_str(), &url, headers.iter().copied(), bytes);
        let signed = sign(signed.expect("a good request"), &params.into()).expect("a signature");
        let request = self.bare(method, path);
        let request =
            if body.is_some() { request.header("content-type", "application/json").body(text) } else { request };
        let headers = headers.iter().copied().chain(signed.output().headers());
        self.send(headers.fold(request, |request, (name, value)| request.header(name, value))).await
    }

    /// Asks for a link, and gives the mail.
    pub async fn ask(&self, email: &str) -> Mail {
        let answer = self.post("/auth/request-login", json!({"email": email})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.world.mail().await
    }

    /// Asks for a link and redeems it.
    pub async fn sign_in(&self, email: &str) -> Answer {
        let mail = self.ask(email).await;
        let answer = self.post("/auth/verify", json!({"token": mail.token()})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// Who is signed in.
    pub async fn me(&self) -> Answer {
        self.get("/auth/me").await
    }
}

/// A form's body.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
            out
        })
    };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

/// Seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Minutes.
pub const fn mins(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}
