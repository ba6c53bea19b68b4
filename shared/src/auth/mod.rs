//! Flows that several endpoints share: authenticating a request, attempts at passwords and codes,
//! issuing a session, and requesting an email.

pub mod account_form;
pub mod authenticate;
pub mod code_attempt;
pub mod issue_session;
pub mod password_attempt;
pub mod rate_limit_client;
pub mod redeem_link;
pub mod request_email;
