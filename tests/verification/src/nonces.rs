//! The nonces of login requests in a browser's cookie.

use crate::ensure;
use kit::ApiClient;

/// Returns the nonces of a browser, newest first.
pub(crate) fn nonces(client: &ApiClient<'_>) -> Vec<String> {
    let nonces = client.nonces().unwrap_or_default();
    let nonces = nonces.split('.').filter(|nonce| !nonce.is_empty());
    nonces.map(str::to_owned).collect()
}

/// Returns the nonce that a login request has added to those that a browser had before.
///
/// # Errors
/// Fails if the new nonce is not followed by the newest two of the old ones.
pub(crate) fn added_nonce(before: &[String], client: &ApiClient<'_>) -> Result<String, String> {
    let after = nonces(client);
    let retained: Vec<_> = before.iter().take(2).collect();
    let added = after.first().filter(|nonce| !before.contains(nonce));
    ensure!(
        after.iter().skip(1).eq(retained) && added.is_some(),
        "a login request changed the nonces from {before:?} to {after:?}"
    );
    Ok(added.cloned().unwrap_or_default())
}
