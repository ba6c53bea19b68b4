//! Alarms: their settings and state, the filters that feed them, and who is told.

use super::template::{Resource, is_same};
use super::{Patient, quote};
use crate::error::Error;
use crate::findings::Findings;
use serde_json::{Value, json};

/// Properties that CloudWatch returns in another form, or not at all.
const NOT_COMPARED: [&str; 4] = ["AlarmDescription", "Dimensions", "Metrics", "Tags"];

/// Compares each alarm with the template.
pub(super) async fn settings(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let alarms = patient.template.resources("AWS::CloudWatch::Alarm");
    let names: Vec<_> = alarms.iter().map(|alarm| alarm.physical).collect();
    let body = json!({ "AlarmNames": names, "MaxRecords": 100 });
    let target = "GraniteServiceVersion20100801.DescribeAlarms";
    let shown = patient
        .services
        .json_call("monitoring", target, &body)
        .await?;
    let found = shown.get("MetricAlarms").and_then(Value::as_array);
    let found = || found.into_iter().flatten();
    for alarm in &alarms {
        let name = json!(alarm.physical);
        match found().find(|found| found.get("AlarmName") == Some(&name)) {
            Some(actual) => compare(alarm, actual, findings),
            None => findings.add(format!("The alarm {} is gone.", alarm.logical), put(alarm)),
        }
    }
    Ok(())
}

fn compare(alarm: &Resource<'_>, actual: &Value, findings: &mut Findings) {
    let Resource {
        logical, physical, ..
    } = alarm;
    if actual.get("ActionsEnabled") == Some(&json!(false)) {
        findings.add(
            format!("The alarm {logical} tells nobody: its actions are disabled."),
            format!("aws cloudwatch enable-alarm-actions --alarm-names {physical}"),
        );
    }
    let expected = alarm.properties(&[]);
    let names = expected.iter().filter(|(name, value)| {
        !NOT_COMPARED.contains(&name.as_str())
            && !actual.get(*name).is_some_and(|found| is_same(value, found))
    });
    let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        let problem = format!("The alarm {logical} is not that of the template: {names}.");
        findings.add(problem, put(alarm));
    }
    if actual.get("StateValue") == Some(&json!("ALARM")) {
        let problem = format!("The alarm {logical} is on.");
        findings.add(problem, format!("See {logical} in docs/runbook.md."));
    }
}

/// Returns the command that makes an alarm what the template says.
fn put(alarm: &Resource<'_>) -> String {
    let mut settings = alarm.properties(&[]);
    settings.insert("AlarmName".to_owned(), json!(alarm.physical));
    let settings = quote(&json!(settings).to_string());
    format!("aws cloudwatch put-metric-alarm --cli-input-json {settings}")
}

/// Checks that each filter still counts what the alarms watch.
pub(super) async fn filters(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let filters = patient.template.resources("AWS::Logs::MetricFilter");
    let Some(group) = patient
        .template
        .physical("Logs")
        .filter(|_| !filters.is_empty())
    else {
        return Ok(());
    };
    let body = json!({ "logGroupName": group });
    let call = patient
        .services
        .json_call("logs", "Logs_20140328.DescribeMetricFilters", &body);
    let shown = call.await?;
    let found = shown.get("metricFilters").and_then(Value::as_array);
    for filter in filters {
        let pattern = filter.property(&["FilterPattern"]).unwrap_or_default();
        let pattern = pattern.as_str().unwrap_or_default().trim();
        let mut found = found.into_iter().flatten();
        let is_there = found.any(|found| {
            let found = found.get("filterPattern").and_then(Value::as_str);
            found.is_some_and(|found| found.trim() == pattern)
        });
        if !is_there {
            let Resource {
                logical, physical, ..
            } = filter;
            let problem = format!("The filter {logical} is gone, so its alarm never comes.");
            findings.add(problem, put_filter(&filter, group, physical));
        }
    }
    Ok(())
}

fn put_filter(filter: &Resource<'_>, group: &str, name: &str) -> String {
    let pattern = filter.property(&["FilterPattern"]).unwrap_or_default();
    let transformations = filter
        .property(&["MetricTransformations"])
        .unwrap_or_default();
    let transformations = transformations.as_array().into_iter().flatten().map(|one| {
        let of = |name| one.get(name).cloned().unwrap_or_default();
        json!({
            "metricName": of("MetricName"), "metricNamespace": of("MetricNamespace"),
            "metricValue": of("MetricValue"),
        })
    });
    let transformations: Value = transformations.collect();
    format!(
        "aws logs put-metric-filter --log-group-name {group} --filter-name {name} --filter-pattern \
         {} --metric-transformations {}",
        quote(pattern.as_str().unwrap_or_default()),
        quote(&transformations.to_string())
    )
}

/// Checks that somebody is told about alarms, and a function about events of SES.
pub(super) async fn subscriptions(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    if let Some(topic) = patient.template.physical("AlarmTopic") {
        let count = |name| patient.services.topic_attribute(topic, name);
        let confirmed = count("SubscriptionsConfirmed").await?;
        if is_none(&confirmed) {
            let problem = match count("SubscriptionsPending").await? {
                pending if is_none(&pending) => "Nobody is told when an alarm comes.",
                _ => "Nobody is told when an alarm comes: the subscription is not confirmed yet.",
            };
            findings.add(
                problem,
                format!(
                    "Follow the link in the email from AWS Notifications, which this sends again: \
                     aws sns subscribe --topic-arn {topic} --protocol email \
                     --notification-endpoint ADDRESS"
                ),
            );
        }
    }
    if let Some(topic) = patient.template.physical("EmailEventTopic") {
        let confirmed = patient
            .services
            .topic_attribute(topic, "SubscriptionsConfirmed")
            .await?;
        let function = patient
            .template
            .physical("EmailEvents")
            .unwrap_or("EmailEvents");
        if is_none(&confirmed) {
            findings.add(
                "No function is told what becomes of emails.",
                format!(
                    "aws sns subscribe --topic-arn {topic} --protocol lambda \
                     --notification-endpoint $(aws lambda get-function --function-name {function} \
                     --query Configuration.FunctionArn --output text)"
                ),
            );
        }
    }
    Ok(())
}

/// SNS leaves a count out, or returns zero.
fn is_none(count: &str) -> bool {
    count.parse::<u64>().unwrap_or_default() == 0
}
