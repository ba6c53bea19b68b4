//! The embedded portal: all of Vestibule in one process, for laptops and tests.
//!
//! | module | what it is |
//! |---|---|
//! | [`template`] | `template.yaml`, evaluated: functions with their environments, routes, tables, streams |
//! | `functions`, `lambda` | the functions, started and invoked as Lambda does it |
//! | `gateway` | API Gateway |
//! | [`seam`] | the SDK's HTTP client: DynamoDB, SES and Secrets Manager, recorded, and made to fail |
//! | `dynamodb`, [`inbox`], `key_ring` | what is behind the seam |
//! | [`stream`] | the mail table's stream into the mailer |
//! | `seed`, `local_page`, [`logs`] | users, the page under `/_local/`, what functions log |

pub mod aws_stub;
mod dynamodb;
mod functions;
mod gateway;
mod inbox;
mod json;
mod key_ring;
mod lambda;
mod local_page;
pub mod logs;
mod options;
mod portal;
mod seed;
mod shutdown;
mod stream;
pub mod template;

pub use inbox::ReceivedEmail;
pub use options::Options;
pub use portal::Portal;
