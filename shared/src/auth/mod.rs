//! Flows that several endpoints share: authenticating a request, issuing a session, and
//! requesting an email.

pub mod authenticate;
pub mod issue_session;
pub mod rate_limit_client;
pub mod redeem_link;
pub mod request_email;
