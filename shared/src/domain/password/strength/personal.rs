//! The words that somebody tries first who knows the address and the portal's name.

use crate::domain::address::EmailAddress;
use crate::domain::password::strength::normalize::{letters_and_digits, normalize};
use std::collections::BTreeSet;

/// The shortest word, in characters: shorter ones are part of too many other words.
const SHORTEST: usize = 3;

/// Returns the address, its local part (with and without a tag), its domain, the portal's name, and
/// the parts of all of them, spelled as normalized passwords are, without anything but letters and
/// digits. The top-level domain counts only as part of the whole.
pub(super) fn words(address: &EmailAddress, portal: &str) -> Vec<String> {
    let (local, domain) = address.as_str().split_once('@').unwrap_or_default();
    let unicode = idna::domain_to_unicode(domain).0;
    let mut words = BTreeSet::new();
    words.insert(letters_and_digits(address.as_str()));
    words.insert(letters_and_digits(&format!("{local}@{unicode}")));
    for domain in [domain, &unicode] {
        let name = domain.rsplit_once('.').map_or(domain, |(name, _)| name);
        words.insert(letters_and_digits(domain));
        add_parts(&mut words, name);
    }
    let untagged = local.split('+').next().unwrap_or_default();
    add_parts(&mut words, untagged);
    add_parts(&mut words, local);
    add_parts(&mut words, portal);
    words.retain(|word| word.chars().count() >= SHORTEST);
    words.into_iter().collect()
}

/// Adds a name and its parts: between signs, between letters and digits, and at inner capitals.
fn add_parts(words: &mut BTreeSet<String>, name: &str) {
    words.insert(letters_and_digits(name));
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        words.insert(letters_and_digits(part));
        let chars: Vec<_> = part.chars().collect();
        for piece in chars.chunk_by(|a, b| !is_border(*a, *b)) {
            words.insert(
                normalize(&piece.iter().collect::<String>())
                    .iter()
                    .collect(),
            );
        }
    }
}

fn is_border(before: char, after: char) -> bool {
    before.is_alphabetic() != after.is_alphabetic() || before.is_lowercase() && after.is_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, portal: &str) -> Vec<String> {
        words(&EmailAddress::parse(address).unwrap(), portal)
    }

    #[test]
    fn the_address_the_name_and_their_parts_are_personal() {
        let words = of("ada.lovelace99+x@mail.example.com", "Åker PartnerPortal");
        assert_eq!(
            words,
            [
                "ada",
                "adalovelace99",
                "adalovelace99x",
                "adalovelace99xmailexamplecom",
                "aker",
                "akerpartnerportal",
                "example",
                "lovelace",
                "lovelace99",
                "mail",
                "mailexample",
                "mailexamplecom",
                "partner",
                "partnerportal",
                "portal",
            ]
        );
    }

    #[test]
    fn international_domains_are_read_as_people_write_them() {
        assert!(of("a@bücher.example", "P").contains(&"bucher".to_owned()));
    }

    #[test]
    fn short_words_and_names_of_signs_count_for_nothing() {
        assert_eq!(of("jo@a.de", "★ ★"), ["ade", "joade"]);
    }
}
