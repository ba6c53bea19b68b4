//! Who may change anything: the portal's own pages and those of its allowed origins (OWASP ASVS
//! 3.5.1, 3.5.3).
//!
//! The check does not ask whether there is a cookie: a form elsewhere that signs somebody in is as
//! bad as one that signs somebody out.

use super::Problem;
use super::request::Request;
use crate::domain::origin::Origin;
use crate::domain::site::Site;
use crate::http::problem::ProblemType;

/// Refuses what a page elsewhere, or a prefetching browser, sent.
///
/// A non-null `Origin` must be the portal's own or an allowed one; else `Sec-Fetch-Site` must be
/// `same-origin`; with neither header (no browser sends that) only JSON is accepted, which no form
/// can send.
///
/// # Errors
/// [`ProblemType::OriginNotAllowed`].
pub fn check(request: &Request, site: &Site, origin: &Origin) -> Result<(), Problem> {
    let allowed =
        |sent: &str| sent == origin.as_str() || site.allowed.iter().any(|one| one.as_str() == sent);
    let good = match (request.header("origin"), request.header("sec-fetch-site")) {
        (Some(sent), _) if sent != "null" => allowed(sent),
        (_, Some(fetch_site)) => fetch_site == "same-origin",
        (Some(_), None) => false,
        (None, None) => request.is_json(),
    };
    let prefetching = request
        .header("sec-purpose")
        .is_some_and(|purpose| purpose.contains("prefetch"));
    if good && !prefetching {
        return Ok(());
    }
    Err(Problem::new(
        ProblemType::OriginNotAllowed,
        "Call this from the portal's own pages, \
         or from an origin in `FrontendUrl` or `AllowedOrigins`.",
    ))
}
