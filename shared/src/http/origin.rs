//! The origin check: only the portal's own pages and its allowed origins may change anything (OWASP
//! ASVS 5.0, 3.5.1 and 3.5.3).
//!
//! The check applies with and without cookies: a foreign form that signs somebody in is as harmful
//! as one that signs somebody out.

use crate::domain::origin::Origin;
use crate::domain::site::Site;
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;

/// Refuses requests of foreign pages and of prefetching browsers.
///
/// A non-null `Origin` must be the portal's own or an allowed one. Otherwise `Sec-Fetch-Site` must
/// be `same-origin`. Without both headers, which no browser omits, only JSON is accepted, which no
/// form can send.
///
/// # Errors
/// 403 [`ProblemType::OriginNotAllowed`].
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
    Err(Problem::new(ProblemType::OriginNotAllowed, |t| {
        t.wrong_origin
    }))
}
