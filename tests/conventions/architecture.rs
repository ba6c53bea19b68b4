//! Who may use whom, and what a function is made of.

use crate::imports::{Files, Graph, circles, is_below, packages};
use crate::sources::{code, folders, manifests, rust_files, text};
use std::collections::{BTreeMap, BTreeSet};

/// Returns each room of the table in `docs/architecture.md` with the rooms that it may use.
fn rooms() -> BTreeMap<String, Vec<String>> {
    let page = text("docs/architecture.md");
    let (_, table) = page.split_once("| may use |\n").expect("a table of rooms");
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let paths = |cell: &str| -> Vec<String> {
        let quoted = cell.split('`').skip(1).step_by(2);
        quoted.map(str::to_owned).collect()
    };
    let mut rooms = BTreeMap::new();
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let used = paths(cells[2]);
        assert_eq!(
            used.is_empty(),
            cells[2].contains("nothing of ours"),
            "{row}"
        );
        rooms.extend(paths(cells[0]).into_iter().map(|room| (room, used.clone())));
    }
    rooms
}

/// Returns the smallest room that a file belongs to.
fn room_of<'r>(rooms: &'r BTreeMap<String, Vec<String>>, file: &str) -> Option<&'r String> {
    let around = rooms.keys().filter(|room| is_below(file, room));
    around.max_by_key(|room| room.len())
}

#[test]
fn every_file_uses_only_the_rooms_that_the_architecture_page_allows() {
    let rooms = rooms();
    let files = Files::read();
    let imports = files.imports();
    for room in rooms.keys().chain(rooms.values().flatten()) {
        assert!(
            imports.keys().any(|file| is_below(file, room)),
            "{room} holds no Rust file"
        );
    }
    let mut wrong = vec![];
    for (file, targets) in &imports {
        let Some(room) = room_of(&rooms, file) else {
            // Only declares the modules, which are rooms.
            assert_eq!(file, "shared/src/lib.rs", "{file} is in no room");
            continue;
        };
        for target in targets {
            let used = room_of(&rooms, target);
            let is_allowed = |allowed: &String| {
                target == allowed || used.is_some_and(|used| is_below(used, allowed))
            };
            if used != Some(room) && !rooms[room].iter().any(is_allowed) {
                wrong.push(format!("{file} uses {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = Files::read().imports();
    // A module and those inside it are one thing, written in several files.
    let module = |file: &str| {
        let names = ["/mod.rs", "/lib.rs", "/main.rs", ".rs"];
        let name = names.iter().find(|name| file.ends_with(**name)).unwrap();
        file.trim_end_matches(name).to_owned()
    };
    for (file, targets) in &mut imports {
        targets.retain(|target| {
            let (one, other) = (module(file), module(target));
            !is_below(&one, &other) && !is_below(&other, &one)
        });
    }
    assert_eq!(circles(&imports), [].into());
}

#[test]
fn no_packages_depend_on_each_other_in_a_circle_and_functions_only_on_shared() {
    let packages = packages();
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut graph = Graph::new();
    for package in &packages {
        let mut used = package.dependencies.clone();
        used.retain(|name| is_ours(name));
        if package.folder.starts_with("functions/") {
            assert_eq!(used, ["shared".to_owned()].into(), "{}", package.name);
        }
        graph.insert(package.name.clone(), used);
    }
    assert_eq!(circles(&graph), [].into());
}

#[test]
fn every_main_is_three_statements() {
    for name in folders("functions") {
        let main = code(&text(&format!("functions/{name}/src/main.rs")));
        let lines = main.lines().filter(|line| !line.trim().is_empty());
        let lines: Vec<_> = lines.collect();
        let module = name.replace('-', "_");
        let entry = |verb| format!("    lambda::{verb}({module}::handle).await");
        assert_eq!(lines.len(), 5, "{name}: {lines:#?}");
        let expected = [
            "use shared::lambda;",
            "#[tokio::main(flavor = \"current_thread\")]",
            "async fn main() -> Result<(), lambda::Error> {",
        ];
        assert_eq!(lines[..3], expected);
        assert!(
            [entry("serve"), entry("consume"), entry("try_consume")].contains(&lines[3].to_owned()),
            "{name}"
        );
    }
}

#[test]
fn the_domain_is_pure() {
    for (path, source) in rust_files("shared/src/domain") {
        for word in ["aws_", "lambda_", "tokio", "async "] {
            assert!(!code(&source).contains(word), "{path} uses {word}");
        }
    }
}

#[test]
fn only_the_code_around_a_client_of_aws_calls_it() {
    let files = [rust_files("shared/src"), rust_files("functions")].concat();
    for (word, home) in [
        ("aws_sdk_dynamodb", "shared/src/store/"),
        ("aws_sdk_secretsmanager", "shared/src/keys/"),
        ("aws_sdk_sesv2", "functions/mailer/"),
        ("aws_sdk_kms", "functions/token/"),
    ] {
        let users = files
            .iter()
            .filter(|(_, source)| code(source).contains(word));
        let users: Vec<_> = users.map(|(path, _)| path).collect();
        assert!(!users.is_empty(), "{word}");
        assert!(
            users.iter().all(|path| path.starts_with(home)),
            "{word}: {users:?}"
        );
    }
}

#[test]
fn no_function_depends_on_slow_or_large_cryptography() {
    let lock: toml::Table = text("Cargo.lock").parse().unwrap();
    let mut dependencies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let of_package = package.get("dependencies").and_then(|all| all.as_array());
        let names = of_package
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str());
        // A name is followed by a version if there are several.
        let names = names.filter_map(|name| name.split(' ').next());
        let name = package["name"].as_str().unwrap();
        dependencies.entry(name).or_default().extend(names);
    }
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let functions = folders("functions");
    let mut next: Vec<&str> = functions.iter().map(String::as_str).collect();
    while let Some(package) = next.pop() {
        if reached.insert(package) {
            next.extend(dependencies.get(package).into_iter().flatten());
        }
    }
    assert!(reached.contains("shared") && reached.contains("ring"));
    for absent in ["aws-lc-rs", "openssl", "rsa"] {
        assert!(!reached.contains(absent), "a function depends on {absent}");
    }
}

#[test]
fn audit_records_are_put_and_never_updated_or_deleted() {
    let uses: Vec<_> = rust_files("shared/src/store")
        .into_iter()
        .filter(|(_, source)| code(source).contains("tables.audit"))
        .collect();
    assert!(!uses.is_empty());
    for (path, source) in uses {
        assert!(path.starts_with("shared/src/store/audit/"), "{path}");
        let code = code(&source);
        for changes in [
            "UpdateItem",
            "TransactWrite",
            "BatchWrite",
            "delete",
            "Expression",
        ] {
            assert!(!code.contains(changes), "{path} uses {changes}");
        }
        let puts = code.matches("PutItemInput::builder()").count();
        assert_eq!(puts, code.matches("attribute_not_exists").count(), "{path}");
    }
}

#[test]
fn every_third_party_crate_has_a_reason_and_its_default_features_off() {
    let manifest = text("Cargo.toml");
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let lines = rest.split("\n[").next().unwrap().lines();
    let lines = lines.filter(|line| line.contains(" = ") && !line.contains("path = "));
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (name, _) = line.split_once(" = ").unwrap();
        let is_known = ["serde", "serde_json", "tokio", "tracing"].contains(&name);
        assert!(is_known || line.contains(" # "), "{line}");
        assert!(
            name == "serde" || line.contains("default-features = false"),
            "{line}"
        );
    }
    for (path, manifest) in manifests() {
        let dependencies = manifest
            .split_once("\n[dependencies]")
            .map_or("", |(_, rest)| rest);
        let is_member = dependencies.contains(".workspace = true");
        assert!(
            !is_member || !dependencies.contains("features ="),
            "{path}: features belong into the workspace's Cargo.toml"
        );
    }
}
