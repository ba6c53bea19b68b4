//! `vestibule restore` and docs/recovery.md know the tables of the template.

use crate::sources::text;
use std::collections::BTreeSet;

/// The settings that `vestibule restore` gives to the table that it creates.
const RESTORED: [&str; 9] = [
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "TableName",
];

/// Returns the text of a resource of the template.
fn resource<'a>(template: &'a str, name: &str) -> &'a str {
    let (_, rest) = template.split_once(&format!("\n  {name}:\n")).unwrap();
    rest.split("\n\n").next().unwrap()
}

#[test]
fn a_restored_users_table_has_all_settings_of_the_template() {
    let template = text("template.yaml");
    let users = resource(&template, "UsersTable");
    let properties = users.lines().filter_map(|line| {
        let name = line.strip_prefix("      ")?.split_once(':')?.0;
        name.starts_with(char::is_alphabetic).then_some(name)
    });
    let unknown = properties.filter(|name| !RESTORED.contains(name));
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0]);
    for setting in [
        "DeletionProtectionEnabled: true",
        "PointInTimeRecoveryEnabled: true",
    ] {
        assert!(users.contains(setting), "{setting}");
    }
}

#[test]
fn the_import_of_a_deleted_stack_names_every_table_and_the_key_ring() {
    let template = text("template.yaml");
    let page = text("docs/recovery.md");
    let tables = template.lines().filter_map(|line| {
        let name = line
            .trim()
            .strip_prefix("TableName: !Sub \"${AWS::StackName}-")?;
        name.strip_suffix('"')
    });
    let tables: BTreeSet<_> = tables.collect();
    let (_, list) = page.split_once("tables = [").unwrap();
    let list = list.split(']').next().unwrap();
    let listed: BTreeSet<_> = list
        .split(", ")
        .map(|name| name.trim_matches('"'))
        .collect();
    assert_eq!(listed, tables);
    for part in listed.iter().copied().chain(["key ring"]) {
        let id: String = part.split(['-', ' ']).map(capitalized).collect();
        let id = if part == "key ring" { id } else { id + "Table" };
        assert!(
            resource(&template, &id).contains("DeletionPolicy: Retain"),
            "{id}"
        );
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}
