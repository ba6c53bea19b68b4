//! The role of a function: what its policies allow.

use super::evaluate::Evaluator;
use crate::json::at;
use serde_json::Value;

/// Actions of Lambda in the name of a function's role: it writes logs, reads streams, and puts
/// events that failed into a queue.
const RUNTIME_ACTIONS: [&str; 7] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
];

/// Actions with the resources that they are allowed on.
type Grants = Vec<(String, String)>;

/// Returns what a role allows Lambda to do in its name, and what it allows the function itself.
pub(super) fn grants(evaluator: &Evaluator<'_>, role: &Value) -> Result<(Grants, Grants), String> {
    let mut grants = vec![];
    for statement in statements(evaluator, role)? {
        if at(&statement, "/Effect") != "Allow" {
            return Err("a function's policy has a statement whose effect is not Allow".to_owned());
        }
        for action in evaluator.texts(at(&statement, "/Action"))? {
            for resource in evaluator.texts(at(&statement, "/Resource"))? {
                grants.push((action.clone(), resource));
            }
        }
    }
    let of_lambda = |(action, _): &(String, String)| RUNTIME_ACTIONS.contains(&action.as_str());
    Ok(grants.into_iter().partition(of_lambda))
}

/// Returns the statements of a role's managed and inline policies.
fn statements(evaluator: &Evaluator<'_>, role: &Value) -> Result<Vec<Value>, String> {
    let find = |name: &Value| {
        let found = evaluator.resource(name.as_str().unwrap_or_default());
        found.ok_or("a function has no role, or one with a policy from elsewhere")
    };
    let properties = at(find(at(role, "/Fn::GetAtt/0"))?, "/Properties");
    let managed = at(properties, "/ManagedPolicyArns").as_array();
    let inline = at(properties, "/Policies").as_array();
    let mut policies = vec![];
    for arn in managed.into_iter().flatten() {
        policies.push(at(find(at(arn, "/Ref"))?, "/Properties"));
    }
    policies.extend(inline.into_iter().flatten());
    let mut statements = vec![];
    for policy in policies {
        let all = evaluator.evaluate(at(policy, "/PolicyDocument/Statement"))?;
        statements.extend(
            all.unwrap_or_default()
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
    }
    Ok(statements)
}
