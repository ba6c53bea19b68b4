//! Reads the repository's files as text.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Returns the text of one file.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the names of the folders in a folder, sorted.
pub(crate) fn folders(path: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root().join(path))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Returns the files below a folder with one of these endings: path and text.
pub(crate) fn files(path: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open = vec![root().join(path)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_skipped = name.starts_with('.') || ["target", "node_modules"].contains(&name);
            if path.is_dir() && !is_skipped {
                open.push(path);
            } else if endings
                .iter()
                .any(|ending| name.ends_with(&format!(".{ending}")))
            {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                found.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Returns the Rust files below a folder: path and text.
pub(crate) fn rust_files(path: &str) -> Vec<(String, String)> {
    files(path, &["rs"])
}

/// Returns the `Cargo.toml` of every package: path and text.
pub(crate) fn manifests() -> Vec<(String, String)> {
    let mut manifests = files("", &["toml"]);
    manifests.retain(|(path, _)| path.ends_with("/Cargo.toml"));
    manifests
}

/// Returns the code of a file, without comments and unit tests.
pub(crate) fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the first two columns of the rows of `text`'s tables whose first cell passes `first`.
pub(crate) fn table_rows(text: &str, first: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line
            .strip_prefix('|')?
            .split('|')
            .map(|cell| cell.trim().replace('`', ""));
        Some((cells.next()?, cells.next()?))
    });
    rows.filter(|(cell, _)| first(cell)).collect()
}
