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
//! | `seed`, `local_page`, [`logs`] | the first users, the page under `/_local/`, the logs |

pub mod aws_stub;
mod dynamodb;
mod functions;
mod gateway;
mod inbox;
mod json;
mod kms;
mod lambda;
mod local_authorizer;
mod local_page;
pub mod logs;
mod options;
mod portal;
mod secret_file;
mod secrets_manager;
mod seed;
mod server;
mod shutdown;
mod stream;
pub mod template;

pub use inbox::ReceivedEmail;
pub use options::Options;
pub use portal::Portal;
