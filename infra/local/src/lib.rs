//! The embedded portal: all of Vestibule in one process, for development and tests.
//!
//! | module | contents |
//! |---|---|
//! | `portal` | starting a portal, and the [`Portal`] that tests use |
//! | [`template`] | `template.yaml`, evaluated: functions, routes, tables and streams |
//! | `functions`, `lambda` | starting and invoking the functions as Lambda does |
//! | `server`, `gateway` | the HTTP server, and API Gateway behind it |
//! | [`aws_stub`] | the SDK's HTTP client, which records all calls and injects faults |
//! | `dynamodb`, `inbox`, `secrets_manager`, `kms` | the services behind the stub |
//! | `stream` | streams, and the mappings that hand their records to functions |
//! | `seed`, [`logs`] | the first users, the logs |
//! | `ses` | the events of SES, and the addresses that play them |
//! | `local_page` | the page under `/_local/` |
//! | `guide`, `pitfalls`, [`COMMANDS`] | what the page and the terminal say about a run |

pub mod aws_stub;
mod commands;
mod dynamodb;
mod functions;
mod gateway;
mod guide;
mod inbox;
mod json;
mod kms;
mod lambda;
mod local_authorizer;
mod local_email_events;
mod local_page;
pub mod logs;
mod options;
mod pitfalls;
mod portal;
mod secret_file;
mod secrets_manager;
mod seed;
mod server;
mod ses;
mod shutdown;
mod stream;
pub mod template;

pub use commands::{COMMANDS, Command};
pub use inbox::ReceivedEmail;
pub use options::Options;
pub use portal::Portal;
pub use ses::{SesEvent, notification};
