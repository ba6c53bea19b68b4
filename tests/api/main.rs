//! The API over HTTP: through the gateway, the real functions, the real store code and an embedded
//! DynamoDB.
//!
//! `auth` and `admin` have one file for each route or two. Every other file is about a property of
//! the whole portal.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failing test may panic"
)]

mod admin;
mod alarms;
mod api_page;
mod auth;
mod authorizer;
mod aws_port;
mod cli;
mod cli_keys;
mod cli_restore;
mod cli_smoke;
mod cli_templates;
mod cli_users;
mod costs;
mod email_content;
mod email_delivery;
mod email_event_order;
mod email_events;
mod email_injection;
mod enumeration;
mod faults;
mod frontends;
mod grants;
mod hostile;
mod journeys;
mod key_rotation;
mod languages;
mod leaks;
mod local_page;
mod origins;
mod permissions;
mod problem_fields;
mod proxy;
mod races;
mod scale;
mod shape;
mod store;
mod templates;
mod token;
mod tokens;
mod typed_text;
mod unrouted;
