//! Addresses of the portal, its frontend and the pages they are reached at.

use super::StartError;
use super::reader::Reader;
use super::spelling::split_url;
use crate::domain::origin::Origin;
use crate::domain::site::Site;

const AN_ORIGIN: &str = "an origin like https://portal.example.com, in lower case and without a \
                         path or a default port (http only on localhost), of at most 255 \
                         characters";
const A_SHORT_ORIGIN: &str = "an origin like https://login.example.com, in lower case and \
                              without a path or a default port (http only on localhost), of at \
                              most 100 characters";
const A_PATH: &str = "a path that starts with a single slash, of at most 256 characters";

/// Reads `PUBLIC_URL`, `FRONTEND_URL`, `LOGIN_PATH`, `DASHBOARD_PATH` and `ALLOWED_ORIGINS`. The
/// frontend's origin is always allowed.
pub(super) fn read_site(read: &Reader<'_>) -> Result<Site, StartError> {
    let frontend = read.optional("FRONTEND_URL", AN_ORIGIN, origin)?;
    let wanted = "origins separated by commas, without spaces";
    let mut allowed = read
        .optional("ALLOWED_ORIGINS", wanted, origins)?
        .unwrap_or_default();
    allowed.extend(frontend.clone());
    Ok(Site {
        public: read.optional("PUBLIC_URL", A_SHORT_ORIGIN, public_origin)?,
        frontend,
        login_path: read.required("LOGIN_PATH", A_PATH, path)?,
        dashboard_path: read.required("DASHBOARD_PATH", A_PATH, path)?,
        allowed,
    })
}

/// Accepts only the spelling of browsers: API Gateway compares the text.
fn origin(text: &str) -> Option<Origin> {
    let (origin, rest) = split_url(text)?;
    (rest.is_empty() && text.len() <= 255).then_some(origin)
}

/// Accepts an origin with which the longest link stays below 998 octets.
fn public_origin(text: &str) -> Option<Origin> {
    origin(text).filter(|origin| origin.as_str().len() <= 100)
}

fn origins(text: &str) -> Option<Vec<Origin>> {
    text.split(',').map(origin).collect()
}

fn path(text: &str) -> Option<String> {
    let is_plain = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"\\?#".contains(&b));
    let is_path = text.starts_with('/') && !text.starts_with("//") && is_plain;
    (is_path && text.len() <= 256).then(|| text.to_owned())
}
