//! The parsing of email addresses.

use shared::domain::address::EmailAddress;

/// An accepted address has one spelling, which is a mailbox and cannot become a second header.
///
/// # Panics
/// If it does not.
pub fn address(data: &[u8]) {
    let Some((text, address)) = str::from_utf8(data)
        .ok()
        .and_then(|text| Some((text, EmailAddress::parse(text)?)))
    else {
        return;
    };
    let spelled = address.as_str();
    let again = [spelled, &text.to_ascii_uppercase()].map(EmailAddress::parse);
    assert!(
        again.iter().flatten().eq([&address, &address]),
        "{spelled} has another spelling"
    );
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    let special = [',', ';', ':', '<', '>', '(', ')', '[', ']', '"', '\\'];
    assert!(
        spelled.bytes().all(is_plain) && !spelled.contains(special),
        "not plain: {spelled:?}"
    );
    let (local, domain) = spelled.split_once('@').unwrap_or_default();
    let mut labels = domain.split('.');
    assert!(
        spelled.len() <= 254
            && (1..=64).contains(&local.len())
            && domain.contains('.')
            && !domain.contains('@')
            && labels.all(|label| (1..=63).contains(&label.len())),
        "not a mailbox: {spelled}"
    );
}
