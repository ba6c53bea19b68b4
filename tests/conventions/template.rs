//! Rules of `template.yaml` that no linter knows.

use crate::sources::text;
use kit::{parameters, routes};
use local::template::Template;

/// Returns the block of a resource.
pub(crate) fn resource<'a>(yaml: &'a str, name: &str) -> &'a str {
    let resources = yaml.split_once("\nResources:\n").unwrap().1;
    let start = if resources.starts_with(&format!("  {name}:\n")) {
        0
    } else {
        resources.find(&format!("\n  {name}:\n")).unwrap() + 1
    };
    let block = &resources[start..];
    let end = block[2..]
        .match_indices("\n  ")
        .find(|(at, _)| !block[at + 5..].starts_with([' ', '#']));
    end.map_or(block, |(at, _)| &block[..at + 3])
}

/// Returns the resources of a type: names and blocks.
pub(crate) fn named_blocks_of_type<'a>(yaml: &'a str, kind: &str) -> Vec<(&'a str, &'a str)> {
    let mark = format!("    Type: {kind}\n");
    let names = yaml.match_indices(&mark).map(|(at, _)| {
        yaml[..at]
            .trim_end()
            .rsplit(['\n', ' '])
            .next()
            .unwrap()
            .trim_end_matches(':')
    });
    names.map(|name| (name, resource(yaml, name))).collect()
}

pub(crate) fn blocks_of_type<'a>(yaml: &'a str, kind: &str) -> Vec<&'a str> {
    let named = named_blocks_of_type(yaml, kind);
    named.into_iter().map(|(_, block)| block).collect()
}

#[test]
fn a_function_behind_the_api_does_not_refer_to_it() {
    // CloudFormation would find a cycle, and neither cfn-lint nor `sam validate` does.
    let yaml = text("template.yaml");
    let functions = blocks_of_type(&yaml, "AWS::Serverless::Function");
    assert!(functions.len() >= 7);
    for function in functions
        .into_iter()
        .filter(|block| block.contains("HttpApi"))
    {
        let elsewhere = function
            .replace("ApiId: !Ref Api,", "")
            .replace("ApiId: !Ref Api\n", "");
        assert!(
            !elsewhere.contains("!Ref Api\n")
                && !elsewhere.contains("${Api}")
                && !elsewhere.contains("!GetAtt Api."),
            "{function}"
        );
    }
    let globals = yaml
        .split_once("\nGlobals:\n")
        .unwrap()
        .1
        .split_once("\nResources:")
        .unwrap()
        .0;
    assert!(!globals.contains("${Api}") && !globals.contains("!Ref Api\n"));
}

#[test]
fn the_key_ring_is_frozen_and_retained() {
    // Any change of its name or of GenerateSecretString makes new keys, and signs everybody out.
    let frozen = r#"  KeyRing:
    Type: AWS::SecretsManager::Secret
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      Name: !Sub "${AWS::StackName}-key-ring"
      GenerateSecretString:
        SecretStringTemplate: '{"keys": []}'
        GenerateStringKey: root
        PasswordLength: 64
        ExcludePunctuation: true
"#;
    let yaml = text("template.yaml");
    let lines = resource(&yaml, "KeyRing").lines();
    let free = ["      Description: ", "      KmsKeyId: ", "      #"];
    let lines = lines.filter(|line| !free.iter().any(|start| line.starts_with(start)));
    let current: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    assert_eq!(current, frozen.lines().collect::<Vec<_>>());
}

#[test]
fn the_stack_outputs_the_version_of_the_workspace() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let version = manifest["workspace"]["package"]["version"]
        .as_str()
        .unwrap();
    let yaml = text("template.yaml");
    let (_, output) = yaml
        .split_once("\nOutputs:\n  Version:\n")
        .expect("the first output is the version");
    let value = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("Value: "));
    assert_eq!(value, Some(format!("\"{version}\"").as_str()));
}

#[test]
fn opening_and_clicking_of_emails_are_not_tracked() {
    let yaml = text("template.yaml");
    let events = resource(&yaml, "EmailEventDestination");
    let types = events
        .lines()
        .find(|line| line.contains("MatchingEventTypes:"))
        .unwrap()
        .to_lowercase();
    assert!(
        types.contains("bounce") && !types.contains("open") && !types.contains("click"),
        "{types}"
    );
    assert!(!resource(&yaml, "EmailConfigurationSet").contains("TrackingOptions"));
}

#[test]
fn events_of_emails_come_from_ses_alone_and_only_vestibule_suppresses_addresses() {
    let yaml = text("template.yaml");
    let policy = resource(&yaml, "EmailEventTopicPolicy");
    for line in [
        "Principal: { Service: ses.amazonaws.com }",
        "\"aws:SourceAccount\": !Ref AWS::AccountId",
        "\"aws:SourceArn\": !Sub \"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:\
         configuration-set/${EmailConfigurationSet}\"",
    ] {
        assert!(policy.contains(line), "{line}");
    }
    assert_eq!(policy.matches("Effect: Allow").count(), 1);
    assert!(!resource(&yaml, "AlarmTopicPolicy").contains("ses.amazonaws.com"));
    let set = resource(&yaml, "EmailConfigurationSet");
    assert!(set.contains("SuppressionOptions: { SuppressedReasons: [] }"));
    let events = resource(&yaml, "EmailEventDestination");
    for event in [
        "delivery",
        "deliveryDelay",
        "bounce",
        "complaint",
        "reject",
        "renderingFailure",
    ] {
        assert!(events.contains(event), "{event}");
    }
    assert!(resource(&yaml, "EmailEvents").contains("OnFailure"));
}

#[test]
fn tables_survive_the_stack_but_not_a_failed_creation_and_users_and_audit_can_be_recovered() {
    let yaml = text("template.yaml");
    let tables = blocks_of_type(&yaml, "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 7);
    for table in tables {
        assert!(
            table.contains("DeletionPolicy: RetainExceptOnCreate\n")
                && table.contains("UpdateReplacePolicy: Retain"),
            "{table}"
        );
        let kept = ["Users", "Audit", "Templates"]
            .iter()
            .any(|name| table.starts_with(&format!("  {name}Table")));
        for property in [
            "PointInTimeRecoveryEnabled: true",
            "DeletionProtectionEnabled: true",
        ] {
            assert_eq!(table.contains(property), kept, "{property} {table}");
        }
    }
}

#[test]
fn the_admin_api_is_signed_and_nothing_else_is() {
    let template = Template::read(&parameters(&[("EmailFrom", "no-reply@example.com")])).unwrap();
    let routes: Vec<_> = template
        .functions
        .iter()
        .flat_map(|function| &function.routes)
        .collect();
    assert!(routes.iter().any(|route| route.signed) && routes.iter().any(|route| !route.signed));
    for route in routes {
        assert_eq!(
            route.signed,
            route.path.starts_with(routes::ADMIN),
            "{}",
            route.path
        );
        // API Gateway answers preflight requests itself, but not those that a route takes.
        let takes_options = ["ANY", "OPTIONS"].contains(&route.method.as_str());
        assert!(!takes_options, "{}", route.key());
    }
}

#[test]
fn the_access_log_has_no_path_and_the_mailer_outlasts_its_batch() {
    let yaml = text("template.yaml");
    let api = resource(&yaml, "Api");
    let format = api.lines().find(|line| line.contains("Format:")).unwrap();
    let variables = format.split("\"$context.").skip(1);
    let variables: Vec<_> = variables
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let expected = [
        "requestId",
        // Lambda's id of the invocation, which is `id` in the function's line.
        "awsEndpointRequestId",
        "routeKey",
        "status",
        "responseLatency",
        "integrationLatency",
        // The role that signed a call. Without a signature it is empty.
        "identity.userArn",
        "error.message",
        "integrationErrorMessage",
        "authorizer.error",
    ];
    assert_eq!(variables, expected, "no path, and no address of a visitor");
    assert_eq!(format.matches('$').count(), expected.len(), "{format}");
    assert!(format.contains(r#""id":"$context.awsEndpointRequestId""#));
    let mailer = resource(&yaml, "Mailer");
    let number = |key: &str| {
        let rest = mailer.split_once(key).unwrap().1;
        rest.split('\n')
            .next()
            .unwrap()
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    // 5 s an attempt at SES, and as much again for the store.
    assert!(number("Timeout:") >= number("BatchSize:") * 10);
}

#[test]
fn an_endless_template_is_refused_with_a_reason() {
    let table = |name: &str, value: &str| {
        format!("  {name}: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: {value}}}}}\n")
    };
    let doubled = |n: usize| {
        table(
            &format!("T{n}"),
            &format!("!Sub \"${{T{0}}}${{T{0}}}\"", n - 1),
        )
    };
    let doubled = table("T0", "aaaaaaaa") + &(1..40).map(doubled).collect::<String>();
    let both = |n: usize| format!("  C{n}: !Or [!Condition C{0}, !Condition C{0}]\n", n - 1);
    let both = (1..40).map(both).collect::<String>();
    let chosen = table("T", "!If [C39, x, y]");
    for (what, template, why) in [
        (
            "itself",
            format!("Resources:\n{}", table("T", "!Ref T")),
            "refers to itself",
        ),
        (
            "a circle",
            format!(
                "Resources:\n{}{}",
                table("T", "!Ref U"),
                table("U", "!Sub 'x${T}'")
            ),
            "refers to itself",
        ),
        (
            "a circle of conditions",
            format!(
                "Conditions:\n  C39: !Condition B\n  B: !Not [!Condition C39]\nResources:\n{chosen}"
            ),
            "refers to itself",
        ),
        (
            "names that double",
            format!("Resources:\n{doubled}"),
            "too many or too long",
        ),
        (
            "conditions that double",
            format!("Conditions:\n  C0: !Equals [a, b]\n{both}Resources:\n{chosen}"),
            "too many or too long",
        ),
        (
            "depth",
            format!("Resources:\n  {}x\n", "- ".repeat(5000)),
            "deeper than",
        ),
        (
            "more depth",
            "[".repeat(100) + &"]".repeat(100),
            "deeper than",
        ),
        ("an alias", "Resources: &a [*a]\n".to_owned(), "alias"),
    ] {
        let refused = Template::of(&template, &parameters(&[]))
            .unwrap_err()
            .to_string();
        assert!(refused.contains(why), "{what}: {refused}");
    }
}
