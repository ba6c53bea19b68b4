//! One spelling per thing: functions, routes, tables and variables in the code, the template,
//! `cargo lambda watch`'s router and the docs.

use crate::sources::{folders, rust_files, table_rows, text};
use kit::parameters;
use local::template::Template;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the text of all files about the configuration, without unit tests.
fn config_sources() -> String {
    let mut files = rust_files("shared/src");
    files.retain(|(path, _)| path.starts_with("shared/src/config") && !path.ends_with("/tests.rs"));
    let before_tests = |text: &str| text.split("#[cfg(test)]").next().unwrap().to_owned();
    files.iter().map(|(_, text)| before_tests(text)).collect()
}

fn template() -> Template {
    Template::read(&parameters(&[("EmailFrom", "no-reply@example.com")])).unwrap()
}

/// Returns each route with the function whose code says that it answers it.
pub(crate) fn routes_of_code() -> BTreeSet<(String, String)> {
    let functions = [
        ("admin", admin::ROUTES),
        ("activate", activate::ROUTES),
        ("change-password", change_password::ROUTES),
        ("confirm", confirm::ROUTES),
        ("emails", emails::ROUTES),
        ("templates", templates::ROUTES),
        ("token", token::ROUTES),
        ("report", report::ROUTES),
        ("reset", reset::ROUTES),
        ("sessions", sessions::ROUTES),
        ("sign-in", sign_in::ROUTES),
        ("sign-up", sign_up::ROUTES),
        ("request-login", request_login::ROUTES),
        ("pages", pages::ROUTES),
        ("verify", verify::ROUTES),
        ("me", me::ROUTES),
        ("logout", logout::ROUTES),
        ("mailer", mailer::ROUTES),
        ("email-events", email_events::ROUTES),
        ("authorizer", authorizer::ROUTES),
    ];
    let pairs = functions
        .iter()
        .flat_map(|(name, routes)| routes.iter().map(move |route| (*route, *name)));
    pairs
        .map(|(route, name)| (route.to_owned(), name.to_owned()))
        .collect()
}

/// Returns whether only people who mistype a path, or look at a page with HEAD, need a route.
pub(crate) fn is_for_people(route: &str) -> bool {
    route.starts_with("HEAD ") || route.ends_with("+}")
}

#[test]
fn a_function_has_one_name_as_directory_package_binary_and_resource() {
    let template = template();
    let mut names: Vec<_> = template
        .functions
        .iter()
        .map(|function| function.name.clone())
        .collect();
    names.sort();
    assert_eq!(names, folders("functions"));
    let yaml = text("template.yaml");
    for name in names {
        let manifest: toml::Table = text(&format!("functions/{name}/Cargo.toml"))
            .parse()
            .unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
        assert_eq!(manifest["bin"][0]["name"].as_str(), Some(name.as_str()));
        let pascal: String = name
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect();
        let block = yaml
            .split_once(&format!(
                "\n  {pascal}:\n    Type: AWS::Serverless::Function\n"
            ))
            .map(|(_, rest)| rest);
        let binary = format!("Binary: {name} ");
        assert!(
            block.is_some_and(|block| block.lines().next().unwrap().contains(&binary)),
            "{pascal} in template.yaml"
        );
    }
}

#[test]
fn routes_are_the_same_in_code_template_router_and_api_page() {
    let code = routes_of_code();
    let template = template();
    let of = |function: &local::template::Function| {
        let routes = function
            .routes
            .iter()
            .map(|route| (route.key(), function.name.clone()));
        routes.collect::<Vec<_>>()
    };
    let deployed: BTreeSet<_> = template.functions.iter().flat_map(of).collect();
    assert_eq!(deployed, code, "template.yaml");

    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"]
        .as_table()
        .unwrap();
    let watched: BTreeSet<_> = router
        .iter()
        .flat_map(|(path, routes)| {
            routes.as_array().unwrap().iter().map(move |route| {
                (
                    format!("{} {path}", route["method"].as_str().unwrap()),
                    route["function"].as_str().unwrap().to_owned(),
                )
            })
        })
        .collect();
    // What only greedy routes take, `cargo lambda watch` answers itself.
    let mut routed = code.clone();
    routed.retain(|(route, _)| !is_for_people(route));
    assert_eq!(watched, routed, "the router of cargo lambda watch");

    let is_route = |cell: &str| {
        ["GET /", "POST /", "PUT /", "PATCH /", "DELETE /", "HEAD /"]
            .iter()
            .any(|start| cell.starts_with(start))
    };
    let known: BTreeSet<_> = folders("functions").into_iter().collect();
    let documented: BTreeSet<_> = table_rows(&text("docs/api.md"), is_route)
        .into_iter()
        .filter(|(_, function)| known.contains(function))
        .collect();
    assert_eq!(documented, code, "the table of endpoints in docs/api.md");
}

#[test]
fn tables_are_the_same_in_template_store_and_architecture() {
    let template = template();
    let declared: BTreeSet<_> = template
        .tables
        .iter()
        .map(|table| table.name.trim_start_matches("vestibule-").to_owned())
        .collect();
    let store = text("shared/src/store/mod.rs");
    let used: BTreeSet<_> = store
        .split("table(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(used, declared);
    let documented = table_rows(&text("docs/architecture.md"), |cell| {
        declared.contains(cell)
    });
    assert_eq!(
        documented
            .into_iter()
            .map(|(name, _)| name)
            .collect::<BTreeSet<_>>(),
        declared
    );
    for table in &template.tables {
        let is_kept = ["-users", "-templates"]
            .iter()
            .any(|name| table.name.ends_with(name));
        assert_eq!(
            table.ttl.as_deref(),
            (!is_kept).then_some("expires_at"),
            "{}",
            table.name
        );
    }
}

#[test]
fn audit_actions_and_severities_are_the_same_in_code_and_audit_page() {
    let source = text("shared/src/domain/audit.rs");
    let facts = source
        .split("=> (\"")
        .skip(1)
        .map(|rest| rest.split('"').collect::<Vec<_>>());
    let code: BTreeSet<_> = facts
        .map(|words| (words[0].to_owned(), words[2].to_owned()))
        .collect();
    let page: BTreeSet<_> = table_rows(&text("docs/audit.md"), |cell| {
        cell != "action" && !cell.starts_with("---")
    })
    .into_iter()
    .collect();
    assert_eq!(page, code);
}

#[test]
fn variables_are_the_same_in_config_and_template_and_named_after_their_parameters() {
    let code = config_sources();
    let of_one = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let looks_like_one = |word: &&str| {
        word.len() > 3
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(of_one)
    };
    let read: BTreeSet<_> = code
        .split('"')
        .filter(looks_like_one)
        .map(str::to_owned)
        .collect();
    for function in template().functions {
        let given: BTreeSet<_> = function.environment.keys().cloned().collect();
        assert_eq!(given, read, "{}", function.name);
    }
    let parameter = |variable: &str| {
        variable
            .split('_')
            .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
            .collect::<String>()
    };
    let yaml = text("template.yaml");
    // These belong to the stack, or follow from several parameters.
    let of_the_stack = [
        "TABLE_PREFIX",
        "KEY_RING_SECRET",
        "ACCESS_TOKEN_KEY",
        "EMAIL_CONFIGURATION_SET",
        "PUBLIC_URL",
    ];
    for variable in read
        .iter()
        .filter(|variable| !of_the_stack.contains(&variable.as_str()))
    {
        let name = parameter(variable);
        assert!(
            yaml.contains(&format!("\n        {variable}: !Ref {name}\n")),
            "{variable} is not {name}"
        );
        assert!(
            code.contains(&format!("`{variable}`")),
            "{variable} is not documented in shared/src/config"
        );
    }
}

#[test]
fn every_parameter_and_function_is_described_and_every_number_is_bounded() {
    let yaml = text("template.yaml");
    let parameters = yaml
        .split_once("\nParameters:\n")
        .unwrap()
        .1
        .split("\nConditions:")
        .next()
        .unwrap();
    let mut blocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in parameters.lines() {
        if let Some(name) = line
            .strip_prefix("  ")
            .filter(|name| !name.starts_with(' '))
        {
            current = name;
        } else {
            blocks.entry(current).or_default().push(line.trim());
        }
    }
    for (name, lines) in blocks {
        let has = |key: &str| lines.iter().any(|line| line.starts_with(key));
        assert!(has("Description: "), "{name}");
        assert!(
            !has("Type: Number") || (has("MinValue: ") && has("MaxValue: ") && has("Default: ")),
            "{name}"
        );
    }
    for block in yaml.split("    Type: AWS::Serverless::Function\n").skip(1) {
        let properties = block
            .split("\n    Properties:\n")
            .nth(1)
            .unwrap_or_default();
        assert!(properties.starts_with("      Description: "), "{block}");
    }
}

#[test]
fn the_bounds_of_the_template_are_those_of_the_code() {
    let yaml = text("template.yaml");
    let code = config_sources().replace('_', "");
    for (at, _) in yaml.match_indices("    Type: Number\n") {
        let name = yaml[..at]
            .trim_end()
            .trim_end_matches(':')
            .rsplit(['\n', ' '])
            .next()
            .unwrap();
        // No function reads these.
        let bounds = [
            "LogDays",
            "RequestsPerSecond",
            "TableMaximumUnits",
            "MonthlyBudget",
        ];
        if bounds.contains(&name) {
            continue;
        }
        let bound = |key: &str| {
            let rest = yaml[at..].split_once(key).unwrap().1;
            rest.split('\n').next().unwrap().trim().to_owned()
        };
        let variable: String = name.chars().map(|c| c.to_ascii_uppercase()).collect();
        let bounds = format!("{}..={}", bound("MinValue:"), bound("MaxValue:"));
        let line = code
            .lines()
            .find(|line| line.contains(&format!("(\"{variable}\"")));
        assert!(
            line.is_some_and(|line| line.contains(&bounds)),
            "{name} is {bounds} in the template"
        );
    }
    assert!(yaml.contains("    Type: Number\n"));
}
