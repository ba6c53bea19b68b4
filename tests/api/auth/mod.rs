//! The routes below `/auth/`.

mod account;
mod activate;
mod change_password;
mod change_password_races;
mod confirm;
mod drafts;
mod end_session;
mod idle;
mod logout;
mod me;
mod next;
mod notices;
mod pages;
mod password_pages;
mod report;
mod request_login;
mod reset_password;
mod session_limit;
pub(crate) mod sessions;
mod sign_in;
mod sign_up;
mod verify_code;
mod verify_link;
