//! The HTTP contract: what a request may be, what an answer looks like.

pub mod cookie;
pub mod input;
pub mod origin;
pub mod problem;
pub mod reply;
pub mod request;

pub use problem::Problem;
pub use request::Request;

/// What API Gateway is handed.
pub type Response = lambda_http::Response<lambda_http::Body>;
