//! `POST /admin/users`: adds a user.
//!
//! API Gateway lets in only calls that are signed by a role which may (`AWS_IAM`); there is no admin password, and browsers
//! never call this. Takes `{email, name, role?, resources?, status?}`, `status` being `invited` (the default) or `active`.
//! Answers 201 `{id, email, name, role, resources, status, created_at}`. With an `Idempotency-Key`, a repeat gets the same
//! answer and changes nothing. 409 where the address is somebody's already.

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::domain::address::EmailAddress;
use shared::domain::ids::UserId;
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, Resource, Status, User};
use shared::http::problem::Kind;
use shared::http::reply::Reply;
use shared::http::{Problem, Request, Response};
use shared::store::add_user::Added;

/// What this function answers.
pub const ROUTES: &[&str] = &["POST /admin/users"];

/// How many resources a user may have: an item of DynamoDB holds 400 KB.
const MOST_RESOURCES: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    status: NewStatus,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum NewStatus {
    #[default]
    Invited,
    Active,
}

#[derive(Serialize)]
struct Output<'a> {
    id: &'a str,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    resources: &'a [Resource],
    status: &'static str,
    created_at: String,
}

/// Handles the request.
///
/// # Errors
/// See the module.
pub async fn handle(app: &App, request: Request) -> Result<Response, Problem> {
    let input: Input = request.json()?;
    let now = app.clock.now();
    let repeatable = request.header("idempotency-key");
    let user = new_user(input, new_id(app, repeatable, now).await?, now)?;
    let action = if user.status == Status::Active { "added" } else { "invited" };
    let resource = ("user", user.id.to_string());
    let mut event = app.event(action, &user.id, resource, &request.client(), now);
    event.metadata.push(("actor", request.iam_arn().to_owned()));
    match app.store.add_user(&user, &event).await? {
        Added::New => Ok(created(&user)),
        Added::Existed => {
            let earlier = if repeatable.is_some() { app.store.user(&user.id).await? } else { None };
            let same = earlier.filter(|earlier| earlier.address == user.address);
            same.map(|earlier| created(&earlier)).ok_or_else(taken)
        }
    }
}

/// A random id; with an idempotency key always the same for the same key, so that the second of two calls finds the first
/// one's user.
async fn new_id(app: &App, key: Option<&str>, now: Timestamp) -> Result<UserId, Problem> {
    let Some(key) = key else { return Ok(UserId::new(app.random.bytes())) };
    if !(1..=128).contains(&key.len()) {
        return Err(Problem::invalid_request("`Idempotency-Key` must have 1 to 128 characters."));
    }
    let hash = app.keys.ring(now).await.pepper(&["idempotency", key]);
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_bytes()).for_each(|(byte, from)| *byte = *from);
    Ok(UserId::new(id))
}

fn new_user(input: Input, id: UserId, now: Timestamp) -> Result<User, Problem> {
    let invalid = Problem::invalid_request;
    let plain = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    let address = EmailAddress::parse(&input.email).ok_or_else(|| invalid("`email` is no mail address."))?;
    if input.name.trim().is_empty() || !plain(&input.name, 120) {
        return Err(invalid("`name` must be 1 to 120 printable characters."));
    }
    if !plain(&input.role, 60) {
        return Err(invalid("`role` must be at most 60 printable characters."));
    }
    let whole = |resource: &Resource| {
        let Resource { kind, id, name, slug } = resource;
        [kind, id, name, slug].into_iter().all(|text| plain(text, 200))
    };
    if input.resources.len() > MOST_RESOURCES || !input.resources.iter().all(whole) {
        return Err(invalid("`resources` must be at most 200, their fields at most 200 printable characters."));
    }
    let status = match input.status {
        NewStatus::Invited => Status::Invited,
        NewStatus::Active => Status::Active,
    };
    let (name, role, resources) = (input.name, input.role, input.resources);
    Ok(User { id, address, name, role, resources, status, epoch: Epoch(0), created_at: now })
}

fn created(user: &User) -> Response {
    let output = Output {
        id: user.id.as_str(),
        email: user.address.as_str(),
        name: &user.name,
        role: &user.role,
        resources: &user.resources,
        status: user.status.as_str(),
        created_at: user.created_at.rfc3339(),
    };
    Reply::json(201, &output)
}

fn taken() -> Problem {
    Problem::new(Kind::AlreadyExists, "There is a user with this address, or this key was used for another one.")
}
