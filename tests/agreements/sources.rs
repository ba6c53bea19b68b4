//! The repository's files, as text.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// One file's text.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the folders in a folder.
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

/// The Rust files below a folder: path and text.
pub(crate) fn rust_files(path: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open = vec![root().join(path)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
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
