//! The HTTP contract: what a request may be, what an answer looks like.

pub mod body;
pub mod cookie;
pub mod form_error;
pub mod origin;
pub mod problem;
pub mod request;
pub mod response;

pub use problem::Problem;
pub use request::Request;

/// What API Gateway is handed.
pub type Response = lambda_http::Response<lambda_http::Body>;
