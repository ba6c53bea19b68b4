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
    let added = newest_nonce(before, client)?;
    ensure!(!before.contains(&added), "a login request added no nonce");
    Ok(added)
}

/// Returns the nonce that the last login request, perhaps a repeat, has put in front of the others.
///
/// # Errors
/// Fails if it is not followed by the newest two of the others.
pub(crate) fn newest_nonce(before: &[String], client: &ApiClient<'_>) -> Result<String, String> {
    let after = nonces(client);
    let newest = after.first().cloned().unwrap_or_default();
    let others = before.iter().filter(|nonce| **nonce != newest).take(2);
    ensure!(
        !newest.is_empty() && after.iter().skip(1).eq(others),
        "a login request changed the nonces from {before:?} to {after:?}"
    );
    Ok(newest)
}
