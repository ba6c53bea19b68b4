//! Checks that the page about OWASP ASVS is complete, and that the tests that it names exist.

use crate::sources::text;
use std::collections::{BTreeMap, BTreeSet};

/// The sections of ASVS 5.0.0 and their numbers of requirements of levels 1 and 2, which come
/// before those of level 3.
const SECTIONS: &str = "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 \
    3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 \
    6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 \
    10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 \
    12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 \
    16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2";

const STATES: [&str; 4] = ["met", "untested", "in part", "not met"];

/// Returns the id of every requirement of levels 1 and 2.
fn requirements() -> Vec<String> {
    let sections = SECTIONS
        .split_whitespace()
        .map(|one| one.split_once(':').unwrap());
    sections
        .flat_map(|(section, count)| {
            (1..=count.parse::<u8>().unwrap()).map(move |n| format!("{section}.{n}"))
        })
        .collect()
}

/// Returns true for the id of a chapter, a section or a requirement.
fn is_id(cell: &str) -> bool {
    let is_number = |part: &str| part.parse::<u8>().is_ok_and(|n| n.to_string() == part);
    cell.split('.').count() <= 3 && cell.split('.').all(is_number)
}

/// Returns the cells of every table row of `page` that starts with an id.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let cells = page.lines().map(|line| {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        cells.collect::<Vec<_>>()
    });
    cells.filter(|row| row[0].split(", ").all(is_id)).collect()
}

/// Returns the table of requirements and the table of what does not apply.
fn tables(page: &str) -> (Vec<Vec<&str>>, Vec<Vec<&str>>) {
    let (applies, other) = page.split_once("\n## What does not apply\n").unwrap();
    (rows(applies), rows(other))
}

/// Returns the tests that a cell names, as file and name.
fn named_tests(cell: &str) -> Vec<(&str, &str)> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| name.split_once("::")).collect()
}

/// Returns true if the file has a test, or a step of the deployed walk, of this name.
fn has_test(path: &str, name: &str) -> bool {
    let source = text(path);
    match path.rsplit('.').next() {
        Some("rs") => {
            let before = source.split(&format!("fn {name}(")).next().unwrap();
            let attributes = before.rsplit("\n\n").next().unwrap();
            let is_test = ["#[test]", "#[tokio::test"].map(|one| attributes.contains(one));
            before.len() < source.len() && is_test.contains(&true)
        }
        Some("mjs") => source.contains(&format!("test(\"{name}\",")),
        Some("py") => source.contains(&format!("\ndef {name}(")),
        _ => false,
    }
}

#[test]
fn every_requirement_has_one_place() {
    let page = text("docs/asvs.md");
    let (applies, other) = tables(&page);
    let mut places: BTreeMap<String, usize> =
        requirements().into_iter().map(|id| (id, 0)).collect();
    for row in applies {
        *places
            .get_mut(row[0])
            .unwrap_or_else(|| panic!("{row:?} is none")) += 1;
    }
    for id in other.iter().flat_map(|row| row[0].split(", ")) {
        let is_meant = |one: &String| *one == id || one.starts_with(&format!("{id}."));
        let meant: Vec<_> = places.keys().filter(|one| is_meant(one)).cloned().collect();
        assert!(!meant.is_empty(), "{id} is none");
        for one in meant {
            *places.get_mut(&one).unwrap() += 1;
        }
    }
    places.retain(|_, places| *places != 1);
    assert!(places.is_empty(), "not in one place: {places:#?}");
}

#[test]
fn every_row_has_a_state_and_what_it_rests_on() {
    let page = text("docs/asvs.md");
    let (applies, other) = tables(&page);
    for row in applies {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(["1", "2"].contains(&row[1]), "{row:?}");
        assert!(STATES.contains(&row[3]), "{row:?}");
        let tests = named_tests(row[4]);
        let words: String = row[4].split('`').step_by(2).collect();
        let has_reason = words.len() > 5;
        let is_fine = match row[3] {
            "met" => !tests.is_empty(),
            "in part" => has_reason,
            _ => tests.is_empty() && has_reason,
        };
        assert!(is_fine, "{row:?}");
        for (path, name) in tests {
            assert!(has_test(path, name), "{} names {path}::{name}", row[0]);
        }
    }
    for row in other {
        assert!(row.len() == 3 && row.iter().all(|cell| !cell.is_empty()));
    }
}

#[test]
fn the_security_page_names_the_requirements_that_are_not_met() {
    let page = text("docs/asvs.md");
    let (applies, _) = tables(&page);
    let security = text("docs/security.md");
    for (state, words) in [("not met", "Not met: "), ("in part", "Met in part: ")] {
        let (_, rest) = security.split_once(words).expect(words);
        let listed = rest
            .split_whitespace()
            .map(|word| word.trim_end_matches([',', '.']))
            .take_while(|word| is_id(word));
        let in_state = applies.iter().filter(|row| row[3] == state);
        let expected: BTreeSet<_> = in_state.map(|row| row[0]).collect();
        assert_eq!(listed.collect::<BTreeSet<_>>(), expected, "{words}");
    }
}
