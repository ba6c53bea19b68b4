//! The examples of back ends: short, and shown in docs/backends.md as they are.

use crate::sources::{files, text};
use std::collections::BTreeSet;

/// Returns the source files of the examples: path and text.
fn examples() -> Vec<(String, String)> {
    let mut found = files("examples/backends", &["mjs", "py", "rs"]);
    found.retain(|(path, _)| !path.contains("/.venv/"));
    found
}

/// Returns whether a line is code of the example: no import, comment, blank line or bracket.
fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    let skipped = ["use ", "mod ", "import ", "from ", "//", "#", "/**"];
    let is_skipped = skipped.iter().any(|start| line.starts_with(start));
    !is_skipped && line.chars().any(char::is_alphanumeric)
}

#[test]
fn the_page_shows_the_examples_as_they_are() {
    let page = text("docs/backends.md");
    let examples = examples();
    assert_eq!(examples.len(), 6);
    for (path, source) in examples {
        let shown = format!("](../{path}):\n\n```");
        let (_, after) = page.split_once(&shown).expect(&path);
        let (_, block) = after.split_once('\n').unwrap();
        let (block, _) = block.split_once("```\n").unwrap();
        assert!(block == source, "docs/backends.md differs from {path}");
    }
}

#[test]
fn an_example_has_at_most_25_lines_of_code_of_100_columns() {
    for (path, source) in examples() {
        let lines = source.lines().filter(|line| is_code(line)).count();
        assert!(lines <= 25, "{path}: {lines}");
        let widest = source.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{path}: {widest:?}");
    }
}

#[test]
fn cloudfront_passes_on_every_header_that_the_code_reads() {
    let template = text("examples/cloudfront/template.yaml");
    let code = [
        files("shared/src/http", &["rs"]),
        files("shared/src/auth", &["rs"]),
    ]
    .concat();
    let code = [code, files("functions", &["rs"])].concat();
    let mut read = BTreeSet::new();
    for (_, source) in &code {
        for call in [".header(\"", ".header_bytes(\""] {
            let after = source.split(call).skip(1);
            read.extend(
                after
                    .filter_map(|rest| rest.split_once('"'))
                    .map(|(name, _)| name),
            );
        }
    }
    // Those of the cache key, and one that only the admin API reads, which has no proxy.
    for elsewhere in ["authorization", "cookie", "idempotency-key"] {
        assert!(read.remove(elsewhere), "{elsewhere}");
    }
    read.insert("cloudfront-viewer-address");
    let (_, listed) = template.split_once("          Headers:\n").unwrap();
    let listed = listed
        .lines()
        .map_while(|line| line.strip_prefix("            - "));
    assert_eq!(listed.collect::<BTreeSet<_>>(), read);
}
