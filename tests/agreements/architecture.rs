//! Who may use whom, and what a function is made of.

use crate::sources::{folders, rust_files, text};

/// Code without comments and tests.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_main_is_three_statements() {
    for name in folders("functions") {
        let main = code(&text(&format!("functions/{name}/src/main.rs")));
        let lines: Vec<_> = main
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let module = name.replace('-', "_");
        let serves = [
            format!("    lambda::serve({module}::handle).await"),
            format!("    lambda::consume({module}::handle).await"),
        ];
        assert_eq!(lines.len(), 5, "{name}: {lines:#?}");
        assert_eq!(
            lines[..3],
            [
                "use shared::lambda;",
                "#[tokio::main(flavor = \"current_thread\")]",
                "async fn main() -> Result<(), lambda::Error> {"
            ]
        );
        assert!(serves.contains(&lines[3].to_owned()), "{}", lines[3]);
    }
}

#[test]
fn the_domain_uses_nothing_of_ours_and_no_aws() {
    for (path, source) in rust_files("shared/src/domain") {
        let code = code(&source);
        for word in [
            "crate::store",
            "crate::http",
            "crate::keys",
            "crate::config",
            "crate::app",
            "aws_",
            "lambda_",
            "tokio",
            "async ",
        ] {
            assert!(!code.contains(word), "{path} uses {word}");
        }
    }
}

#[test]
fn store_and_http_use_the_domain_and_not_each_other() {
    for (folder, forbidden) in [
        ("store", ["crate::http", "crate::keys", "crate::config"]),
        ("http", ["crate::store", "crate::keys", "crate::config"]),
    ] {
        for (path, source) in rust_files(&format!("shared/src/{folder}")) {
            for word in forbidden {
                assert!(!code(&source).contains(word), "{path} uses {word}");
            }
        }
    }
}

#[test]
fn every_client_of_aws_lives_beside_the_only_code_that_calls_it() {
    let homes = [
        ("aws_sdk_dynamodb::Client", "shared/src/store/"),
        ("aws_sdk_secretsmanager", "shared/src/keys/"),
        ("aws_sdk_sesv2", "functions/mailer/"),
    ];
    let files: Vec<_> = ["shared/src", "functions"]
        .into_iter()
        .flat_map(rust_files)
        .collect();
    for (word, home) in homes {
        let users: Vec<_> = files
            .iter()
            .filter(|(_, source)| code(source).contains(word))
            .map(|(path, _)| path)
            .collect();
        assert!(
            !users.is_empty() && users.iter().all(|path| path.starts_with(home)),
            "{word}: {users:?}"
        );
    }
    let lock = text("Cargo.lock");
    for absent in ["aws-config", "aws-lc-rs", "openssl", "rsa"] {
        assert!(
            !lock.contains(&format!("name = \"{absent}\"\n")),
            "{absent} is in Cargo.lock"
        );
    }
}

#[test]
fn audit_is_put_and_never_updated_or_deleted() {
    for (path, source) in rust_files("shared/src/store") {
        let code = code(&source);
        let uses = code.matches("tables.audit").count();
        let puts = code
            .matches("&self.tables.audit, self.random.bytes())")
            .count();
        let queries = code.matches(".by_age(&self.tables.audit,").count();
        assert_eq!(uses, puts + queries, "{path}");
    }
    assert!(code(&text("shared/src/store/items/audit.rs")).contains("put_new(table"));
}

#[test]
fn functions_use_shared_and_never_another_function() {
    for name in folders("functions") {
        let manifest = text(&format!("functions/{name}/Cargo.toml"));
        let dependencies = manifest
            .split_once("[dependencies]\n")
            .unwrap()
            .1
            .split("\n[")
            .next()
            .unwrap();
        for other in folders("functions") {
            assert!(
                !dependencies
                    .lines()
                    .any(|line| line.starts_with(&format!("{other}."))),
                "{name} uses {other}"
            );
        }
    }
}

#[test]
fn the_pages_hold_no_store() {
    for (path, source) in rust_files("functions/pages") {
        for word in ["store", "App", "dynamodb"] {
            assert!(!code(&source).contains(word), "{path} uses {word}");
        }
    }
}

#[test]
fn every_third_party_crate_says_why_it_is_there_and_has_its_default_features_off() {
    let manifest = text("Cargo.toml");
    let dependencies = manifest
        .split_once("[workspace.dependencies]\n")
        .unwrap()
        .1
        .split("\n[")
        .next()
        .unwrap();
    for line in dependencies
        .lines()
        .filter(|line| line.contains(" = ") && !line.contains("path = ") && !line.starts_with('#'))
    {
        let evident = ["serde = ", "serde_json = ", "tokio = ", "tracing = "]
            .iter()
            .any(|name| line.starts_with(name));
        assert!(evident || line.contains(" # "), "{line}");
        assert!(
            line.starts_with("serde = ") || line.contains("default-features = false"),
            "{line}"
        );
    }
    for folder in ["functions", "shared", "infra", "tests"] {
        for (path, manifest) in manifests(folder) {
            let features = manifest
                .split_once("dependencies]")
                .map(|(_, rest)| rest.contains("features ="))
                .unwrap_or_default();
            assert!(
                !features,
                "{path}: features stand in the workspace's manifest only"
            );
        }
    }
}

fn manifests(folder: &str) -> Vec<(String, String)> {
    let inner = folders(folder)
        .into_iter()
        .map(|name| format!("{folder}/{name}/Cargo.toml"));
    let paths = inner.chain([format!("{folder}/Cargo.toml")]);
    paths
        .filter(|path| crate::sources::root().join(path).exists())
        .map(|path| (path.clone(), text(&path)))
        .collect()
}
