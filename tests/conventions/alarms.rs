//! The alarms of `template.yaml`, the log lines that they watch, and `docs/runbook.md`.

use crate::sources::{code, rust_files, text};
use crate::template::{named_blocks_of_type, resource};
use kit::filter_pattern;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The metric filters that alarms watch, with the messages of the lines that each must match.
const FILTERS: [(&str, &[&str]); 9] = [
    ("FunctionStartFilter", &["the function could not start"]),
    ("FunctionCrashFilter", &["panicked"]),
    (
        "StoreFilter",
        &[
            "the store is unavailable",
            "DynamoDB left keys unprocessed",
            "DynamoDB left items unprocessed",
            "conflicting transactions",
        ],
    ),
    (
        "FunctionErrorFilter",
        &[
            "could not read an item",
            "could not refresh the key ring",
            "the proxy does not send CloudFront-Viewer-Address",
            "KMS is unavailable",
            "a stream record has an invalid key",
            "an event holds no notification",
            "an event of SES could not be read",
            "an email could not be built",
        ],
    ),
    ("TemplateFilter", &["an email template does not fit"]),
    ("UserReportedFilter", &["a user reported a notice"]),
    // Only with certain values, see below.
    ("EmailRefusedFilter", &[]),
    ("EmailLostFilter", &[]),
    ("EmailBudgetFilter", &[]),
];

fn alarms(yaml: &str) -> Vec<(&str, &str)> {
    named_blocks_of_type(yaml, "AWS::CloudWatch::Alarm")
}

/// Returns the lines that the functions log, with their levels and messages alone.
fn lines() -> Vec<Value> {
    let mut files = rust_files("shared/src");
    files.extend(rust_files("functions"));
    let mut lines = vec![];
    for (_, source) in files {
        for rest in code(&source).split("tracing::").skip(1) {
            let Some((level, arguments)) = rest.split_once("!(") else {
                continue;
            };
            if ["info", "warn", "error"].contains(&level) {
                let arguments = arguments.split(");").next().unwrap();
                let message = arguments.split('"').nth_back(1).unwrap();
                lines.push(json!({"level": level.to_uppercase(), "message": message}));
            }
        }
    }
    lines
}

fn is_matched(yaml: &str, filter: &str, line: &Value) -> bool {
    filter_pattern::matches(&filter_pattern::of_filter(yaml, filter), line)
}

#[test]
fn each_filter_of_an_alarm_matches_the_lines_that_the_code_logs_and_no_others() {
    let yaml = text("template.yaml");
    let lines = lines();
    for (filter, messages) in FILTERS {
        let matched = lines.iter().filter(|line| is_matched(&yaml, filter, line));
        let matched: BTreeSet<_> = matched
            .map(|line| line["message"].as_str().unwrap())
            .collect();
        assert_eq!(matched, messages.iter().copied().collect(), "{filter}");
    }
    let is_alarming = |line: &Value| {
        FILTERS
            .iter()
            .any(|(name, _)| is_matched(&yaml, name, line))
    };
    for line in lines.iter().filter(|line| line["level"] == "ERROR") {
        assert!(is_alarming(line), "no alarm for {line}");
    }
}

#[test]
fn filters_that_depend_on_values_match_those_that_a_person_feels() {
    let yaml = text("template.yaml");
    let message = "SES did not accept an email";
    let refused = |lasting, waits| json!({"message": message, "lasting": lasting, "waits": waits});
    let platform = |record| json!({"type": "platform.report", "record": record});
    let finished = |end| json!({"message": "email finished", "end": end, "reason": ""});
    let throttled = |reason| json!({"message": "email finished", "reason": reason});
    for (filter, matching, others) in [
        (
            "EmailRefusedFilter",
            vec![
                refused(true, false),
                refused(false, true),
                refused(true, true),
            ],
            vec![refused(false, false), finished("sent")],
        ),
        (
            "EmailLostFilter",
            vec![finished("failed"), finished("expired")],
            vec![
                finished("sent"),
                finished("throttled"),
                finished("superseded"),
            ],
        ),
        (
            "EmailBudgetFilter",
            vec![
                throttled("portal-budget"),
                throttled("sign-up-budget"),
                throttled("invitation-budget"),
            ],
            vec![
                throttled("address-budget"),
                throttled("known-browser-budget"),
            ],
        ),
        (
            "FunctionCrashFilter",
            vec![
                platform(json!({"status": "timeout"})),
                platform(json!({"status": "error", "errorType": "Runtime.OutOfMemory"})),
            ],
            vec![
                platform(json!({"status": "success"})),
                // The authorizer refuses a request of a REST API.
                platform(json!({"status": "error", "errorType": "&str"})),
            ],
        ),
    ] {
        for line in matching {
            assert!(is_matched(&yaml, filter, &line), "{filter} {line}");
        }
        for line in others {
            assert!(!is_matched(&yaml, filter, &line), "{filter} {line}");
        }
    }
}

#[test]
fn one_failure_raises_an_alarm_and_it_can_return_to_ok() {
    let yaml = text("template.yaml");
    let gradual = ["EmailIsLate", "EmailsBounce", "RecipientsComplain"];
    for (name, alarm) in alarms(&yaml) {
        assert!(alarm.contains("EvaluationPeriods: 1\n"), "{name}");
        assert!(
            alarm.contains("AlarmActions: [!Ref AlarmTopic]\n"),
            "{name}"
        );
        assert_eq!(
            alarm.contains("Threshold: 0\n"),
            !gradual.contains(&name),
            "{name}"
        );
        // The rates of SES stay what they were while no email is sent.
        let missing = if alarm.contains("Reputation.") {
            "ignore"
        } else {
            "notBreaching"
        };
        assert!(
            alarm.contains(&format!("TreatMissingData: {missing}\n")),
            "{name}"
        );
        // Whatever TreatMissingData says, an alarm on metrics of DynamoDB ignores missing data. And
        // a sum lacks a value where one of its metrics does.
        let is_filled = alarm.contains("FILL(");
        let needs_fill = alarm.contains("AWS/DynamoDB") || alarm.contains("METRICS()");
        assert!(is_filled || !needs_fill, "{name}");
    }
}

#[test]
fn the_runbook_has_a_section_for_each_alarm_and_names_the_lines_that_the_code_logs() {
    let (yaml, runbook) = (text("template.yaml"), text("docs/runbook.md"));
    let alarms: BTreeSet<_> = alarms(&yaml).into_iter().map(|(name, _)| name).collect();
    let sections: Vec<_> = runbook.split("\n## ").skip(1).collect();
    let (alarming, others): (Vec<_>, Vec<_>) = sections
        .iter()
        .map(|section| section.split_once('\n').unwrap())
        .partition(|(heading, _)| !heading.contains(' '));
    let headings: BTreeSet<_> = alarming.iter().map(|(heading, _)| *heading).collect();
    assert_eq!(headings, alarms);
    assert_eq!(others.len(), 2, "where to look, and a flood");
    for (heading, section) in &alarming {
        let has_advice = section.contains("*Do*") || section.contains("| do |\n");
        assert!(section.contains("*Look at*") && has_advice, "{heading}");
    }
    for message in FILTERS.iter().flat_map(|(_, messages)| *messages) {
        assert!(runbook.contains(&format!("`{message}`")), "{message}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_every_alarm() {
    let yaml = text("template.yaml");
    let dashboard = resource(&yaml, "PortalDashboard");
    let (_, body) = dashboard.split_once("DashboardBody: !Sub |\n").unwrap();
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    let widgets = values.next().unwrap().unwrap();
    let shown = widgets["widgets"][0]["properties"]["alarms"]
        .as_array()
        .unwrap();
    let shown: BTreeSet<_> = shown.iter().map(|arn| arn.as_str().unwrap()).collect();
    let alarms = alarms(&yaml);
    let arns: Vec<_> = alarms
        .iter()
        .map(|(name, _)| format!("${{{name}.Arn}}"))
        .collect();
    assert_eq!(shown, arns.iter().map(String::as_str).collect());
    // A metric with dimensions is found by their names.
    for (filter, metric, dimension) in [
        ("SignInFilter", "SignIns", "method"),
        ("RefusalFilter", "Refusals", "problem"),
        ("EmailEndFilter", "Emails", "end"),
    ] {
        let filter = resource(&yaml, filter);
        assert!(filter.contains(&format!("MetricName: {metric}\n")));
        assert!(filter.contains(&format!("Key: {dimension}, Value: $.{dimension}")));
        assert!(body.contains(&format!(r#"{dimension}}} MetricName=\"{metric}\""#)));
    }
}
