//! `vestibule doctor`: examines a stack and its account, and changes nothing.
//!
//! | module | examines |
//! |---|---|
//! | `alarms` | the alarms, their filters, and who is told |
//! | `email` | the account and the configuration set of SES |
//! | `functions` | memory, environment and concurrency |
//! | `keys` | the key ring and the keys of access tokens |
//! | `sender` | the identity of `EmailFrom`: DKIM and MAIL FROM |
//! | `site` | the API's domain, cookies and CORS |
//! | `tables` | expiry, recovery and protection |
//! | `template` | the stack's own template, with its parameters and resources |
//! | `triggers` | the stream and the schedule of the mailer |

mod alarms;
mod email;
mod functions;
mod keys;
mod sender;
mod site;
mod tables;
mod template;
mod triggers;

use crate::Options;
use crate::aws;
use crate::error::Error;
use crate::findings::Findings;
use crate::services::Services;
use crate::stack::Stack;
use aws_config::SdkConfig;
use shared::clock::Clock;
use template::Template;

/// The stack to examine.
struct Patient {
    aws: SdkConfig,
    stack: Stack,
    template: Template,
    services: Services,
}

/// Examines a stack, and returns the report.
///
/// # Errors
/// [`Error::Found`] with the report if anything is wrong, [`Error::Failed`] if the stack or its
/// template cannot be read.
pub(crate) async fn run(options: &Options, clock: &Clock) -> Result<String, Error> {
    let aws = aws::config().await?;
    let stack = Stack::find(&aws, &options.stack).await?;
    let patient = Patient {
        template: Template::read(&aws, &stack).await?,
        services: Services::new(&aws, clock).await?,
        stack,
        aws,
    };
    let mut findings = Findings::default();
    examine(&patient, &mut findings).await;
    findings.report(&patient.stack.name, options.json)
}

/// Examines every part, also where another one cannot be read.
async fn examine(patient: &Patient, findings: &mut Findings) {
    let examined = email::account(patient, findings).await;
    findings.note(examined);
    let examined = sender::examine(patient, findings).await;
    findings.note(examined);
    let examined = email::configuration_set(patient, findings).await;
    findings.note(examined);
    site::cookies(patient, findings);
    let examined = site::api(patient, findings).await;
    findings.note(examined);
    let examined = tables::examine(patient, findings).await;
    findings.note(examined);
    let examined = functions::settings(patient, findings).await;
    findings.note(examined);
    let examined = triggers::examine(patient, findings).await;
    findings.note(examined);
    let examined = functions::concurrency(patient, findings).await;
    findings.note(examined);
    keys::examine(patient, findings).await;
    let examined = alarms::settings(patient, findings).await;
    findings.note(examined);
    let examined = alarms::filters(patient, findings).await;
    findings.note(examined);
    let examined = alarms::subscriptions(patient, findings).await;
    findings.note(examined);
}

/// Returns an argument for a shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
