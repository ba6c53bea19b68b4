//! Every sentence of every language: `docs/sentences.md` lists them, and they fit each other.

use crate::sources::text;
use shared::domain::language::Language::{self, English, German};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Words that are the same in both languages.
const SAME: [&str; 1] = ["Pages: name_label"];

/// The beginning of the page, before its tables.
const INTRODUCTION: &str = "\
# Sentences

All sentences of pages and the API, for review and translation. They are in
`shared/src/domain/language`, and a test prints this page when it differs from them. `{name}`
stands for a value, and `[text]` is a link. A sentence that depends on a number is shown for one
and for five. The texts of emails are files in `shared/templates`.
";

type Sentences = Vec<(&'static str, String)>;

/// Returns the sentences of each room.
fn rooms(language: Language) -> [(&'static str, Sentences); 3] {
    [
        ("Pages", language.pages().all()),
        ("API", language.api().all()),
        ("Times and browsers", language.common().all()),
    ]
}

/// Returns each sentence with its room and name, in English and in German.
fn pairs() -> Vec<(String, String, String)> {
    let both = rooms(English).into_iter().zip(rooms(German));
    both.flat_map(|((room, english), (_, german))| {
        let both = english.into_iter().zip(german);
        both.map(move |((name, english), (_, german))| (format!("{room}: {name}"), english, german))
    })
    .collect()
}

/// Returns the parts of a sentence between two characters.
fn parts(sentence: &str, open: char, close: char) -> BTreeSet<&str> {
    let rest = sentence.split(open).skip(1);
    rest.map(|rest| rest.split(close).next().unwrap()).collect()
}

#[test]
fn the_page_has_every_sentence_in_every_language() {
    let mut page = INTRODUCTION.to_owned();
    for ((room, english), (_, german)) in rooms(English).into_iter().zip(rooms(German)) {
        let _ = write!(
            page,
            "\n## {room}\n\n| name | English | German |\n|---|---|---|\n"
        );
        for ((name, english), (_, german)) in english.iter().zip(german) {
            let _ = writeln!(page, "| `{name}` | {english} | {german} |");
        }
    }
    assert!(
        text("docs/sentences.md") == page,
        "docs/sentences.md must be:\n\n{page}"
    );
}

#[test]
fn no_sentence_was_left_in_english() {
    let mut same = pairs();
    same.retain(|(_, english, german)| english == german);
    let same: Vec<_> = same.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(same, SAME);
}

#[test]
fn both_languages_have_the_same_places_and_links() {
    for (name, english, german) in pairs() {
        let places = |text: &str| -> Vec<String> {
            let mut names: Vec<_> = text.split('{').skip(1).collect();
            names.sort_by_key(|rest| rest.split('}').next());
            let names = names.iter().map(|rest| rest.split('}').next().unwrap());
            names.map(str::to_owned).collect()
        };
        assert_eq!(places(&english), places(&german), "{name}");
        let links = |text: &str| (text.matches('[').count(), text.matches(']').count());
        assert_eq!(links(&english), links(&german), "{name}");
        assert!(links(&english).0 <= 1, "{name} has two links");
        // Names of fields and values are not translated.
        assert_eq!(
            parts(&english, '`', '`').is_empty(),
            parts(&german, '`', '`').is_empty(),
            "{name}"
        );
        assert!(!english.is_empty() && !german.contains('|'), "{name}");
    }
}
