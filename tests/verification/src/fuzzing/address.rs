//! Mail addresses.

use shared::domain::address::EmailAddress;

/// An accepted address has one spelling, which is a mailbox and nothing that could become a second
/// header.
///
/// # Panics
/// When it has not.
pub fn address(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Some(address) = EmailAddress::parse(text) else {
        return;
    };
    let spelled = address.as_str();
    assert_eq!(
        EmailAddress::parse(spelled).as_ref(),
        Some(&address),
        "it is not its own spelling"
    );
    assert_eq!(
        EmailAddress::parse(&text.to_ascii_uppercase()),
        Some(address.clone()),
        "case makes another address"
    );
    assert!(
        spelled.bytes().all(|byte| byte.is_ascii_graphic()),
        "not visible ASCII: {spelled:?}"
    );
    assert!(
        !spelled.contains([',', ';', ':', '<', '>', '(', ')', '[', ']', '"', '\\']),
        "more than one: {spelled}"
    );
    assert!(
        !spelled.bytes().any(|byte| byte.is_ascii_uppercase()),
        "two spellings: {spelled}"
    );
    assert!(
        spelled.len() <= 254 && spelled.matches('@').count() == 1,
        "no mailbox: {spelled}"
    );
    let (local, domain) = spelled.split_once('@').unwrap_or_default();
    assert!(
        (1..=64).contains(&local.len()) && domain.contains('.'),
        "no mailbox: {spelled}"
    );
    assert!(
        domain
            .split('.')
            .all(|label| (1..=63).contains(&label.len())),
        "no domain: {domain}"
    );
    let masked = address.masked();
    let shown = masked
        .strip_suffix(&format!("••@{domain}"))
        .unwrap_or("too much");
    assert!(
        shown.len() == 1 && local.starts_with(shown),
        "{masked} shows more than a letter of {spelled}"
    );
}
