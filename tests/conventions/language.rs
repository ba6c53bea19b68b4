//! Rules for the language of code, comments and docs.

use crate::sources::{files, rust_files};

/// Returns the text of each doc comment of a file.
fn doc_comments(source: &str) -> Vec<String> {
    let mut comments: Vec<String> = vec![];
    let mut in_comment = false;
    for line in source.lines().map(str::trim_start) {
        let text = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        match text {
            Some(text) if in_comment => comments.last_mut().unwrap().push_str(text),
            Some(text) => comments.push(text.to_owned()),
            None => {}
        }
        in_comment = text.is_some();
    }
    comments
}

#[test]
fn lines_have_at_most_100_columns() {
    let mut wrong = vec![];
    for (path, source) in rust_files("") {
        let lines = (1..).zip(source.lines());
        let long = lines.filter(|(_, line)| line.chars().count() > 100);
        wrong.extend(long.map(|(n, _)| format!("{path}:{n}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn doc_comments_are_sentences_that_say_something() {
    let mut wrong = vec![];
    for (path, source) in rust_files("") {
        for comment in doc_comments(&source) {
            let words: Vec<_> = comment.split_whitespace().collect();
            if words.len() < 4 || ["What", "How", "Whether"].contains(&words[0]) {
                wrong.push(format!("{path}: {comment}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_user_is_they() {
    let pronouns = ["she", "her", "hers", "herself"];
    let endings = ["rs", "md", "html", "txt", "yaml", "toml", "py", "js", "mjs"];
    let mut wrong = vec![];
    for (path, text) in files("", &endings) {
        // The line above has to name the words.
        for (n, line) in (1..)
            .zip(text.lines())
            .filter(|_| !path.ends_with("language.rs"))
        {
            let line = line.to_lowercase();
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            if words.any(|word| pronouns.contains(&word)) {
                wrong.push(format!("{path}:{n}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_route_tables_and_tests_of_raw_requests_spell_paths_of_the_api() {
    let allowed = [
        "shared/src/domain/paths.rs",
        "infra/local/src/inbox.rs",
        "tests/kit/src/routes.rs",
        "tests/api/hostile.rs",
        "tests/api/unrouted.rs",
        "tests/conventions/language.rs",
    ];
    let mut wrong = rust_files("");
    wrong.retain(|(path, source)| {
        let spells = source.contains("\"/auth/") || source.contains("\"/admin/");
        spells && !allowed.contains(&path.as_str())
    });
    let wrong: Vec<_> = wrong.iter().map(|(path, _)| path).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
