//! Checks that the pages for readers are short, linked, and as the template and the code are.

use crate::sources::{root, text};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold pages for readers.
const FOLDERS: [&str; 12] = [
    "",
    ".github",
    "clients/js",
    "docs",
    "docs/adr",
    "examples/cdk",
    "examples/spa",
    "examples/terraform",
    "infra/deployed",
    "infra/release",
    "infra/release/folder",
    "tests/verification",
];

/// Returns the path of every page, from the root of the repository.
fn pages() -> Vec<PathBuf> {
    let folders = FOLDERS.iter().filter(|folder| root().join(folder).exists());
    let files = folders.flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries.map(move |entry| Path::new(folder).join(entry.unwrap().file_name()))
    });
    files
        .filter(|file| file.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

/// Returns the cells of every table row of `page` that starts with a name in backticks.
pub(crate) fn rows(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    lines.map(cells).collect()
}

/// Returns each parameter of the template with its properties, without their quotes.
fn parameters(yaml: &str) -> BTreeMap<String, BTreeMap<&str, &str>> {
    let (_, rest) = yaml.split_once("\nParameters:\n").unwrap();
    let (block, _) = rest.split_once("\nConditions:\n").unwrap();
    let mut found: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut current = String::new();
    for line in block.lines().filter(|line| !line.is_empty()) {
        let (key, value) = line.trim().split_once(':').unwrap();
        if line.starts_with("    ") {
            let properties = found.get_mut(&current).unwrap();
            properties.insert(key, value.trim().trim_matches('"'));
        } else {
            current = key.to_owned();
            found.insert(current.clone(), BTreeMap::new());
        }
    }
    found
}

/// Returns what the page must say of a parameter's default.
fn default_of(properties: &BTreeMap<&str, &str>) -> String {
    match properties.get("Default") {
        None => "required".to_owned(),
        Some(&"") => "empty".to_owned(),
        Some(value) => format!("`{value}`"),
    }
}

/// Returns what the page must say of a parameter's values, where the template lists or bounds them.
fn allowed_of(properties: &BTreeMap<&str, &str>) -> Option<String> {
    if let Some(values) = properties.get("AllowedValues") {
        let values: Vec<_> = values
            .trim_matches(['[', ']'])
            .split(", ")
            .map(|value| format!("`{}`", value.trim_matches('"')))
            .collect();
        return Some(values.join(", "));
    }
    let min = properties.get("MinValue")?;
    Some(format!("{min} to {}", properties["MaxValue"]))
}

#[test]
fn the_readme_is_at_most_5_kilobytes() {
    let length = text("README.md").len();
    assert!(length <= 5_000, "README.md has {length} bytes");
}

#[test]
fn parameters_and_their_defaults_and_values_are_the_same_in_template_and_page() {
    let yaml = text("template.yaml");
    let declared = parameters(&yaml);
    let page = rows(&text("docs/configuration.md"));
    let documented: BTreeMap<_, _> = page
        .iter()
        .map(|cells| (cells[0].trim_matches('`').to_owned(), cells))
        .collect();
    assert_eq!(page.len(), documented.len(), "a parameter has two rows");
    assert_eq!(
        documented.keys().collect::<Vec<_>>(),
        declared.keys().collect::<Vec<_>>()
    );
    for (name, cells) in documented {
        let properties = &declared[&name];
        assert_eq!(cells.len(), 4, "{name}");
        assert_eq!(cells[1], default_of(properties), "the default of {name}");
        if let Some(allowed) = allowed_of(properties) {
            assert_eq!(cells[2], allowed, "the values of {name}");
        }
    }
}

#[test]
fn problem_types_are_the_same_in_code_and_api_page() {
    let source: String = text("shared/src/http/problem.rs")
        .split_whitespace()
        .collect();
    // Each is `(400,"invalid-request",|t|t.title)`, perhaps in braces.
    let source = source.replace("=>{(", "=>(");
    let code: BTreeSet<_> = source
        .split("=>(")
        .skip(1)
        .filter_map(|rest| {
            let (status, rest) = rest.split_once(",\"")?;
            let (name, _) = rest.split_once('"')?;
            Some((name.to_owned(), status.parse::<u16>().ok()?))
        })
        .collect();
    assert!(code.len() > 10, "{code:?}");
    let page = text("docs/api.md");
    let (_, table) = page.split_once("\n## Problem types\n").unwrap();
    let documented: BTreeSet<_> = rows(table)
        .iter()
        .map(|cells| {
            let name = cells[0].trim_matches('`').to_owned();
            (name, cells[1].parse::<u16>().unwrap())
        })
        .collect();
    assert_eq!(documented, code);
}

/// Returns the anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .replace(|c: char| !c.is_alphanumeric() && !" -_".contains(c), "");
    kept.trim().replace(' ', "-")
}

/// Returns the text of a page without its blocks of code.
fn prose(page: &str) -> String {
    page.split("\n```").step_by(2).collect()
}

#[test]
fn links_between_pages_work() {
    for page in pages() {
        let content = fs::read_to_string(root().join(&page)).unwrap();
        for link in prose(&content).split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            // These open in a browser only.
            if target.contains("://") || target.contains("/security/advisories/") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() {
                root().join(&page)
            } else {
                root().join(page.parent().unwrap()).join(file)
            };
            let broken = format!("{} links to {target}", page.display());
            assert!(linked.exists(), "{broken}");
            if heading.is_empty() {
                continue;
            }
            let linked = fs::read_to_string(&linked).unwrap();
            let mut headings = linked.lines().filter(|line| line.starts_with('#'));
            assert!(
                headings.any(|line| anchor(line.trim_start_matches('#')) == heading),
                "{broken}"
            );
        }
    }
}
