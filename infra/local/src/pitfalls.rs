//! Origins with which a portal behaves otherwise on this machine than when it is deployed.

use url::Url;

/// A sentence of warning, and the command that avoids the problem.
pub(crate) struct Pitfall {
    pub(crate) warning: String,
    pub(crate) command: String,
}

/// Returns the pitfall of an API and a frontend at these origins, if they have one.
pub(crate) fn find(api: &Url, frontend: &Url) -> Option<Pitfall> {
    let (api_origin, frontend_origin) = (origin(api), origin(frontend));
    let warning = if site(api) != site(frontend) {
        format!(
            "{frontend_origin} and {api_origin} are two sites to a browser, so it sends no \
             cookies from one to the other, and nobody stays signed in. Give both host names \
             below a common one."
        )
    } else if api.host_str() == frontend.host_str() {
        format!(
            "Cookies ignore ports, so your own server at {frontend_origin} receives this portal’s \
             cookies. Once deployed, it does not. To try what a deployment does, use host names."
        )
    } else {
        return None;
    };
    let port = frontend.port().map(|port| format!(":{port}"));
    let command = format!(
        "cargo run -p local -- --host login.example.localhost \
         --frontend http://portal.example.localhost{}",
        port.unwrap_or_default()
    );
    Some(Pitfall { warning, command })
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Returns the scheme and the last two labels of the host. Below `localhost` these make up the
/// site. Other public suffixes are unknown here, so some frontends that are deployed are not warned
/// about.
fn site(url: &Url) -> (&str, &str) {
    let host = url.host_str().unwrap_or_default();
    let start = host
        .rmatch_indices('.')
        .nth(1)
        .map_or(0, |(dot, _)| dot + 1);
    (url.scheme(), host.get(start..).unwrap_or(host))
}
