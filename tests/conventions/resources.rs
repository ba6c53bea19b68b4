//! Who owns the resources of the stack: what is kept, what bounds roles, whose keys encrypt.

use crate::sources::text;
use crate::template::{blocks_of_type, resource};

#[test]
fn whatever_is_retained_goes_with_a_creation_that_fails() {
    let yaml = text("template.yaml");
    assert!(!yaml.contains("DeletionPolicy: Retain\n"));
    let of = |mark: &str| yaml.matches(mark).count();
    let kept = of("\n    DeletionPolicy: RetainExceptOnCreate\n");
    // Tables, the ring, the key of access tokens, the sender and its records.
    assert_eq!((kept, of("UpdateReplacePolicy: Retain\n")), (11, 11));
}

#[test]
fn no_policy_of_the_stack_is_attached_elsewhere() {
    // CloudFormation cannot delete one that is, so it could not delete the stack.
    let yaml = text("template.yaml");
    let policies = blocks_of_type(&yaml, "AWS::IAM::ManagedPolicy");
    let [policy] = policies.as_slice() else {
        panic!("{policies:?}")
    };
    assert!(policy.starts_with("  FunctionPolicy:"), "{policy}");
    let (_, outputs) = yaml.split_once("\nOutputs:\n").unwrap();
    assert!(!outputs.contains("!Ref FunctionPolicy"));
}

#[test]
fn every_role_can_have_a_boundary_and_everything_stored_a_key_of_its_own() {
    let yaml = text("template.yaml");
    let roles = blocks_of_type(&yaml, "AWS::IAM::Role");
    let functions = blocks_of_type(&yaml, "AWS::Serverless::Function");
    assert_eq!(roles.len(), functions.len());
    let tracing = resource(&yaml, "FunctionPolicy")
        .split_once("HasTracing")
        .unwrap()
        .1;
    assert!(
        tracing.contains("xray:PutTraceSegments"),
        "SAM adds it only to roles of its own"
    );
    for role in roles {
        assert!(role.contains("!If [HasPermissionsBoundary, !Ref PermissionsBoundary, "));
    }
    for kind in [
        "AWS::DynamoDB::Table",
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
    ] {
        for block in blocks_of_type(&yaml, kind) {
            assert!(block.contains("!Ref KmsKeyArn"), "{block}");
        }
    }
}

#[test]
fn the_sender_is_a_domain_that_signs_and_bounces_to_itself() {
    let yaml = text("template.yaml");
    let identity = resource(&yaml, "SenderIdentity");
    for line in [
        "EmailIdentity: !Ref SenderDomain",
        "SigningEnabled: true",
        "MailFromDomain: !Sub \"mail.${SenderDomain}\"",
    ] {
        assert!(identity.contains(line), "{line}");
    }
    let (_, outputs) = yaml.split_once("\nOutputs:\n").unwrap();
    for place in [resource(&yaml, "SenderRecords"), outputs] {
        for record in [
            "Name1",
            "Name2",
            "Name3",
            "MX",
            "TXT",
            "v=spf1 include:amazonses.com ~all",
        ] {
            assert!(place.contains(record), "{record}");
        }
        assert!(place.contains("10 feedback-smtp.${AWS::Region}.amazonses.com"));
    }
}

#[test]
fn a_sweep_does_not_queue_behind_others() {
    let yaml = text("template.yaml");
    let once = "EventInvokeConfig: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 }";
    assert!(resource(&yaml, "Mailer").contains(once));
}
