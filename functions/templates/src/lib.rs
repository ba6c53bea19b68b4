//! `templates` is the administration of the texts of emails. API Gateway accepts only calls signed
//! with AWS credentials (`AWS_IAM`).
//!
//! A text has three parts: `subject`, `text` and `html`, in the language of `shared::email`. Each
//! file describes the request and the response of its endpoint. All respond with 404 `not-found`
//! for a message or language that does not exist, and 503 `unavailable`; those with a body also
//! with 400 `invalid-request`, 413 `payload-too-large`, 415 `unsupported-media-type`, and 422
//! `invalid-template` with `errors: [{file, line, column, message}]`.

mod check;
mod list;
mod preview;
mod save;
mod view;

use shared::aws::Aws;
use shared::clock::Clock;
use shared::config::{Config, StartError};
use shared::domain::audit::{self, Action, AuditEvent, Subject, Target};
use shared::domain::language::Language;
use shared::domain::time::Timestamp;
use shared::email::{MessageKind, TemplateSource, shipped};
use shared::env::Env;
use shared::http::problem::ProblemType;
use shared::http::{Problem, Request, Response};
use shared::lambda::{Bootstrap, Configured};
use shared::store::Store;

pub const ROUTES: &[&str] = &[
    LIST,
    "GET /admin/templates/{message}/{language}",
    "POST /admin/templates/{message}/{language}/preview",
    "PUT /admin/templates/{message}/{language}",
    "DELETE /admin/templates/{message}/{language}",
];

const LIST: &str = "GET /admin/templates";

/// A context without the key ring: texts of emails need no secret.
pub struct Context {
    config: Config,
    clock: Clock,
    store: Store,
}

impl Bootstrap for Context {
    async fn start(aws: &Aws, env: &Env) -> Result<Self, StartError> {
        let config = Config::read(env)?;
        let store = Store::new(aws, &config.table_prefix, env.random.clone());
        store.connect().await;
        Ok(Self {
            config,
            clock: env.clock.clone(),
            store,
        })
    }
}

impl Configured for Context {
    fn config(&self) -> &Config {
        &self.config
    }
}

/// A call about one message in one language.
struct Templates<'a> {
    context: &'a Context,
    request: &'a Request,
    kind: MessageKind,
    language: Language,
}

pub async fn handle(context: &Context, request: Request) -> Result<Response, Problem> {
    let [] = request.query_params([])?;
    if request.route() == LIST {
        return list::list(context).await;
    }
    let kind = MessageKind::parse(request.path_parameter("message"));
    let language = Language::parse(request.path_parameter("language"));
    let (Some(kind), Some(language)) = (kind, language) else {
        return Err(Problem::new(ProblemType::NotFound, |t| t.no_such_template));
    };
    let templates = Templates {
        context,
        request: &request,
        kind,
        language,
    };
    match request.route() {
        "GET /admin/templates/{message}/{language}" => templates.show().await,
        "POST /admin/templates/{message}/{language}/preview" => templates.preview().await,
        "PUT /admin/templates/{message}/{language}" => templates.save().await,
        "DELETE /admin/templates/{message}/{language}" => templates.revert().await,
        _ => Err(Problem::not_found()),
    }
}

impl Templates<'_> {
    /// Returns the text that is sent now: the saved one, or the shipped one.
    async fn current(&self) -> Result<TemplateSource, Problem> {
        let saved = self
            .context
            .store
            .find_template(self.kind, self.language)
            .await?;
        let shipped = || shipped(self.kind, self.language);
        Ok(saved.map_or_else(shipped, |saved| saved.source))
    }

    /// Returns an audit event about the text that names who signed the call as the `actor`.
    fn audit_event(&self, action: Action, now: Timestamp) -> AuditEvent {
        let name = format!("{}/{}", self.kind.as_str(), self.language.tag());
        let (subject, target) = (Subject::Template(name.clone()), Target::Template(name));
        let actor = self.request.iam_arn().to_owned();
        AuditEvent {
            portal: self.context.config.portal.clone(),
            action,
            subject,
            target,
            metadata: vec![(audit::ACTOR, actor)],
            client: self.request.client(),
            at: now,
            expires_at: now.plus(self.context.config.audit_retention),
        }
    }
}
