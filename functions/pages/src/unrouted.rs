//! The requests of greedy routes: HEAD for a page, a path that ends in a slash, and paths that do
//! not exist.

use crate::{PageContext, ROUTES};
use shared::http::problem::ProblemType;
use shared::http::response;
use shared::http::{Problem, Request, Response};
use url::form_urlencoded;

/// The longest URL to redirect to, in bytes. API Gateway limits the headers of a response.
const MAX_URL: usize = 2048;

/// Returns a HEAD request as the GET of the same page, whose headers its response has (RFC 9110,
/// 9.3.2).
pub(crate) fn read_head_as_get(request: Request) -> Request {
    if request.method() != "HEAD" {
        return request;
    }
    let found = ROUTES.iter().find_map(|route| {
        let page = route.strip_prefix("GET ")?;
        Some((route, match_path(page, request.path())?))
    });
    match found {
        Some((route, parameters)) => request.with_route(route, parameters),
        None => request,
    }
}

/// Returns the parameters of a path, or `None` if it is not that of the page.
fn match_path(page: &str, path: &str) -> Option<Vec<(String, String)>> {
    let Some((start, name)) = page.split_once('{') else {
        return (page == path).then(Vec::new);
    };
    let value = path.strip_prefix(start)?;
    let is_one_part = !value.is_empty() && !value.contains('/');
    let name = name.trim_end_matches('}');
    is_one_part.then(|| vec![(name.to_owned(), value.to_owned())])
}

impl PageContext<'_> {
    /// Redirects from a path that ends in slashes to the one without them.
    pub(crate) fn unrouted(&self) -> Result<Response, Problem> {
        let path = self.request.path();
        let trimmed = path.trim_end_matches('/');
        let not_found = Problem::new(ProblemType::NotFound, |t| t.check_path);
        // The path was decoded: other characters would have to be encoded again.
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"/-_.~".contains(&c);
        if trimmed == path || trimmed.is_empty() || !trimmed.bytes().all(is_plain) {
            return Err(not_found);
        }
        let mut url = self.origin.join(trimmed);
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(self.request.queries()).finish();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        if url.len() > MAX_URL {
            return Err(not_found);
        }
        Ok(response::permanent_redirect(&url))
    }
}
