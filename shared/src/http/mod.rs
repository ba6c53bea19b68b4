//! The HTTP contract: strict requests, responses, problems and cookies.

pub mod body;
mod body_error;
pub mod cookie;
pub mod event;
pub mod form_draft;
pub mod form_error;
pub mod origin;
pub mod problem;
mod proxy;
pub mod request;
pub mod response;
pub mod session_view;

pub use problem::Problem;
pub use request::Request;
pub use response::Response;
