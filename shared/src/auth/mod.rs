//! Flows that several endpoints share: authenticating a request, issuing a session, requesting an
//! email, and passwords as this portal is configured for them.

pub mod authenticate;
pub mod issue_session;
pub mod passwords;
pub mod redeem_link;
pub mod request_email;
