//! The requests that no other route takes: HEAD for a page, a path that ends in a slash, and what
//! does not exist.

use crate::{PageContext, ROUTES};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use url::form_urlencoded;

/// Returns a HEAD request as the GET of the same page, whose headers its response has (RFC 9110,
/// 9.3.2).
pub(crate) fn read_head_as_get(request: Request) -> Request {
    if request.method() != "HEAD" {
        return request;
    }
    let path = request.path().to_owned();
    let found = ROUTES.iter().find_map(|route| {
        let parameter = match_path(route.strip_prefix("GET ")?, &path)?;
        Some((route, parameter))
    });
    match found {
        Some((route, parameter)) => request.with_route(route, parameter),
        None => request,
    }
}

/// Returns the variable part of a path, `None` within if the page has none, or `None` for the path
/// of another page.
fn match_path<'a>(page: &'a str, path: &'a str) -> Option<Option<(&'a str, &'a str)>> {
    let Some((start, name)) = page.split_once('{') else {
        return (page == path).then_some(None);
    };
    let value = path.strip_prefix(start)?;
    let is_one_part = !value.is_empty() && !value.contains('/');
    is_one_part.then(|| Some((name.trim_end_matches('}'), value)))
}

impl PageContext<'_> {
    /// Redirects from a path that ends in slashes to the one without them.
    pub(crate) fn unrouted(&self) -> Result<Response, Problem> {
        let path = self.request.path();
        let without = path.trim_end_matches('/');
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"/-_.~".contains(&c);
        if without == path || without.is_empty() || !without.bytes().all(is_plain) {
            return Err(Problem::new(ProblemType::NotFound, |t| t.check_path));
        }
        let mut url = self.origin.join(without);
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(self.request.queries()).finish();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        Ok(response::permanent_redirect(&url))
    }
}
