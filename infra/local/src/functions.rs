//! The functions, each started with its own environment and called as Lambda calls it, with JSON.

use lambda_runtime::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::aws::Aws;
use shared::config::StartError;
use shared::env::Env;
use shared::lambda::{Bootstrap, Configured, Consumer, Handler, answer};
use std::sync::Arc;

/// A started instance of a function. It takes an event and the request's id, and returns the output
/// or an error message.
pub(crate) type Instance =
    Arc<dyn Fn(Value, String) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// Starts an instance of the function whose package is called `name`.
///
/// # Errors
/// The function's own [`StartError`], or one that says that there is no such function.
pub(crate) async fn start(name: &str, aws: &Aws, env: &Env) -> Result<Instance, StartError> {
    match name {
        "activate" => http(activate::handle, aws, env).await,
        "admin" => http(admin::handle, aws, env).await,
        "change-password" => http(change_password::handle, aws, env).await,
        "emails" => http(emails::handle, aws, env).await,
        "confirm" => http(confirm::handle, aws, env).await,
        "token" => http(token::handle, aws, env).await,
        "report" => http(report::handle, aws, env).await,
        "reset" => http(reset::handle, aws, env).await,
        "sessions" => http(sessions::handle, aws, env).await,
        "sign-in" => http(sign_in::handle, aws, env).await,
        "sign-up" => http(sign_up::handle, aws, env).await,
        "request-login" => http(request_login::handle, aws, env).await,
        "pages" => http(pages::handle, aws, env).await,
        "templates" => http(templates::handle, aws, env).await,
        "verify" => http(verify::handle, aws, env).await,
        "me" => http(me::handle, aws, env).await,
        "logout" => http(logout::handle, aws, env).await,
        "mailer" => events(mailer::handle, aws, env).await,
        "email-events" => fallible(email_events::handle, aws, env).await,
        "authorizer" => fallible(authorizer::handle, aws, env).await,
        other => Err(StartError(format!(
            "template.yaml declares the function {other}. Add it to infra/local/src/functions.rs."
        ))),
    }
}

async fn http<C: Bootstrap + Configured>(
    handle: impl for<'a> Handler<'a, C> + Clone,
    aws: &Aws,
    env: &Env,
) -> Result<Instance, StartError> {
    let context = Arc::new(C::start(aws, env).await?);
    Ok(Arc::new(move |event, id| {
        let (context, handle) = (Arc::clone(&context), handle.clone());
        Box::pin(async move {
            let response = answer(&*context, &handle, &event.to_string(), id).await;
            serde_json::to_value(response).map_err(|error| error.to_string())
        })
    }))
}

async fn events<C: Bootstrap, E: DeserializeOwned + Send, O: Serialize + Send>(
    handle: impl for<'a> Consumer<'a, C, E, Output = O> + Clone,
    aws: &Aws,
    env: &Env,
) -> Result<Instance, StartError> {
    let context = Arc::new(C::start(aws, env).await?);
    Ok(Arc::new(move |event, _id| {
        let (context, handle) = (Arc::clone(&context), handle.clone());
        Box::pin(async move {
            let output = handle.call(&context, read(&event)?).await;
            serde_json::to_value(output).map_err(|error| error.to_string())
        })
    }))
}

async fn fallible<C: Bootstrap, E: DeserializeOwned + Send, O: Serialize + Send>(
    handle: impl for<'a> Consumer<'a, C, E, Output = Result<O, &'static str>> + Clone,
    aws: &Aws,
    env: &Env,
) -> Result<Instance, StartError> {
    let context = Arc::new(C::start(aws, env).await?);
    Ok(Arc::new(move |event, _id| {
        let (context, handle) = (Arc::clone(&context), handle.clone());
        Box::pin(async move {
            let output = handle.call(&context, read(&event)?).await?;
            serde_json::to_value(output).map_err(|error| error.to_string())
        })
    }))
}

/// Reads an event from text, as Lambda hands it over. Some of its types cannot be read otherwise.
fn read<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    serde_json::from_str(&event.to_string())
        .map_err(|error| format!("could not read the event: {error}"))
}
