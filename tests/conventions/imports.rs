//! Who imports what: the packages of the repository, and the paths in their files.

use crate::sources::{code, manifests, rust_files};
use std::collections::{BTreeMap, BTreeSet};

/// A graph of files or packages, by name.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// A package of this repository.
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its `Cargo.toml`.
    pub(crate) folder: String,
    /// The names of all dependencies, including those for tests.
    pub(crate) dependencies: BTreeSet<String>,
}

/// Returns all packages of this repository.
pub(crate) fn packages() -> Vec<Package> {
    let mut packages = vec![];
    for (path, manifest) in manifests() {
        let manifest: toml::Table = manifest.parse().unwrap();
        let Some(package) = manifest.get("package") else {
            continue;
        };
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
        let tables = tables
            .iter()
            .filter_map(|name| manifest.get(*name)?.as_table());
        packages.push(Package {
            name: package["name"].as_str().unwrap().to_owned(),
            folder: path.replace("/Cargo.toml", ""),
            dependencies: tables.flat_map(|table| table.keys().cloned()).collect(),
        });
    }
    packages
}

/// All Rust files of the repository, without comments and unit tests.
pub(crate) struct Files {
    code: BTreeMap<String, String>,
    packages: Vec<Package>,
}

impl Files {
    pub(crate) fn read() -> Self {
        let files = rust_files("").into_iter();
        Self {
            code: files.map(|(path, source)| (path, code(&source))).collect(),
            packages: packages(),
        }
    }

    /// Returns the folder of the package that a file belongs to.
    pub(crate) fn package(&self, file: &str) -> &str {
        let folders = self.packages.iter().map(|package| package.folder.as_str());
        let folders = folders.filter(|folder| is_below(file, folder));
        folders
            .max_by_key(|folder| folder.len())
            .unwrap_or_default()
    }

    /// Returns each file with the files that it imports from.
    pub(crate) fn imports(&self) -> Graph {
        let targets = |file: &String, code: &String| {
            let paths = paths(code).into_iter();
            let files = paths.filter_map(|path| self.resolve(file, &path));
            files.filter(|target| target != file).collect()
        };
        let files = self.code.iter();
        files
            .map(|(file, code)| (file.clone(), targets(file, code)))
            .collect()
    }

    /// Returns the file of this package that declares what `path` names, if it names anything of
    /// this repository.
    fn resolve(&self, file: &str, path: &[String]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        let (root, mut module) = self.module(file);
        match first.as_str() {
            "crate" => self.find(&root, rest),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                module.truncate(module.len().checked_sub(ups)?);
                self.find(&root, &[&module, &path[ups..]].concat())
            }
            name => {
                let own = self
                    .packages
                    .iter()
                    .find(|one| one.folder == self.package(file))?;
                let is_used = |package: &&Package| {
                    let is_named = package.name.replace('-', "_") == *name;
                    is_named
                        && (own.dependencies.contains(&package.name) || package.name == own.name)
                };
                let package = self.packages.iter().find(is_used)?;
                self.find(&format!("{}/src", package.folder), rest)
            }
        }
    }

    /// Returns the folder of a crate's root and the path of a file's module in it.
    fn module(&self, file: &str) -> (String, Vec<String>) {
        let is_root = |folder: &str| {
            let root = |name| self.code.contains_key(&format!("{folder}/{name}.rs"));
            root("lib") || root("main")
        };
        let (own, _) = file.rsplit_once('/').unwrap();
        let mut root = own;
        while !is_root(root) {
            let Some((above, _)) = root.rsplit_once('/') else {
                return (own.to_owned(), vec![]);
            };
            root = above;
        }
        let module = file[root.len() + 1..].trim_end_matches(".rs").split('/');
        let module = module.filter(|part| !["lib", "main", "mod"].contains(part));
        (root.to_owned(), module.map(str::to_owned).collect())
    }

    /// Returns the file that declares what `path` names below a crate's root, following re-exports.
    fn find(&self, root: &str, path: &[String]) -> Option<String> {
        for len in (0..=path.len()).rev() {
            let module = [&[root.to_owned()], &path[..len]].concat().join("/");
            let names = match len {
                0 => ["/lib.rs", "/main.rs"],
                _ => [".rs", "/mod.rs"],
            };
            let files = names.map(|name| format!("{module}{name}"));
            let Some(file) = files.into_iter().find(|file| self.code.contains_key(file)) else {
                continue;
            };
            let exported = path
                .get(len)
                .and_then(|name| self.exported_from(&file, name));
            return match exported {
                Some(from) => self.find(root, &[&path[..len], &from, &path[len..]].concat()),
                None => Some(file),
            };
        }
        None
    }

    /// Returns the path of the child module from which a file re-exports a name.
    fn exported_from(&self, file: &str, name: &str) -> Option<Vec<String>> {
        let exports = self.code[file].split("pub use ").skip(1);
        let trees = exports.map(|rest| rest.split(';').next().unwrap());
        let paths = trees.flat_map(tree);
        let mut paths = paths.filter(|path| path.len() > 1 && path.last().unwrap() == name);
        paths.next().map(|path| path[..path.len() - 1].to_vec())
    }
}

/// Returns whether a path is this folder or file, or below it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns all paths of two or more parts in code, with the groups of `use` expanded.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = vec![];
    for (at, _) in code.match_indices("::") {
        let start = code[..at]
            .rfind(|c| !is_identifier(c))
            .map_or(0, |start| start + 1);
        // The middle of a path, or text.
        if start == at || code[..start].ends_with([':', '"']) {
            continue;
        }
        paths.extend(tree(&code[start..]));
    }
    paths
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the paths of a use-tree such as `a::{b, c::d}` at the beginning of this text.
fn tree(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    let (first, rest) = text.split_at(text.find(|c| !is_identifier(c)).unwrap_or(text.len()));
    let Some(rest) = rest.strip_prefix("::").filter(|_| !first.is_empty()) else {
        return vec![vec![first.to_owned()]];
    };
    let ends = match rest.strip_prefix('{') {
        Some(group) => members(group).into_iter().flat_map(tree).collect(),
        None => tree(rest),
    };
    let prefixed = |end: Vec<String>| [vec![first.to_owned()], end].concat();
    ends.into_iter().map(prefixed).collect()
}

/// Returns the members of a group, whose opening brace is left out.
fn members(group: &str) -> Vec<&str> {
    let mut members = vec![];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

/// Returns the nodes that lie on a common circle, for each such group.
pub(crate) fn circles(graph: &Graph) -> BTreeSet<BTreeSet<&String>> {
    let reachable: BTreeMap<_, _> = graph
        .keys()
        .map(|node| (node, reachable(graph, node)))
        .collect();
    let mut circles = BTreeSet::new();
    for (node, targets) in &reachable {
        let mut circle = targets.clone();
        circle.retain(|target| {
            reachable
                .get(target)
                .is_some_and(|back| back.contains(node))
        });
        circles.insert(circle);
    }
    circles.remove(&BTreeSet::new());
    circles
}

fn reachable<'g>(graph: &'g Graph, start: &String) -> BTreeSet<&'g String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = graph[start].iter().collect();
    while let Some(node) = open.pop() {
        if found.insert(node) {
            open.extend(graph.get(node).into_iter().flatten());
        }
    }
    found
}

#[test]
fn nested_groups_are_expanded() {
    let found = tree("crate::{a::{self, B}, c};\nlet d = e::f();");
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::a::self", "crate::a::B", "crate::c"]);
}
