//! What EventBridge tells of changes in AWS: calls that CloudTrail recorded, and stacks whose status changed.
//!
//! A rule with `source: [aws.iam, aws.s3, aws.cloudformation]` and `detail-type: [AWS API Call via CloudTrail,
//! CloudFormation Stack Status Change]` sends them to a queue. IAM's own come in `us-east-1`, whatever region is used.

use hodman_clients::cloudformation::UNMADE;
use hodman_core::event::Named;
use serde::Deserialize;
use serde_json::Value;

/// What an event of AWS says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// An object that hodman may own was changed.
    Of {
        /// Which.
        object: Named,
        /// By which call, or what became of it.
        call: String,
    },
    /// Nothing changed that hodman could own: a call that only read or failed, or one on something else.
    Nothing,
}

/// Calls on stacks that CloudTrail counts as writing and that change nothing of one. Comparisons make some of them: as news they
/// would lead to the next comparison, for ever.
const ONLY_LOOK: &[&str] = &[
    "CreateChangeSet",
    "DeleteChangeSet",
    "DetectStackDrift",
    "DetectStackResourceDrift",
];

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    detail: Detail,
}

/// The record's fields as CloudTrail's reference has them; `requestParameters` differs with each call.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    event_source: String,
    event_name: String,
    read_only: Value,
    event_category: Option<String>,
    error_code: Option<String>,
    request_parameters: Value,
    #[serde(rename = "stack-id")]
    stack_id: Option<String>,
    #[serde(rename = "status-details")]
    status_details: StatusDetails,
    #[serde(rename = "client-request-token")]
    client_request_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusDetails {
    status: String,
}

/// None for events that are of neither kind.
pub(super) fn read(kind: &str, body: &[u8]) -> Option<News> {
    let parsed = || serde_json::from_slice::<Event>(body).ok();
    match kind {
        "AWS API Call via CloudTrail" => Some(parsed()?.detail.call()),
        "CloudFormation Stack Status Change" => {
            let detail = parsed()?.detail;
            let stack = detail.stack_id?;
            // There is nothing but a change set.
            let only_reviewed = detail.status_details.status == "REVIEW_IN_PROGRESS";
            if only_reviewed || is_of_a_look(detail.client_request_token.as_deref()) {
                return Some(News::Nothing);
            }
            Some(of("cloudformation_stacks", stack_name(&stack), kind))
        }
        _ => None,
    }
}

impl Detail {
    fn call(&self) -> News {
        // In some records it is a text.
        let only_read = self.read_only == Value::Bool(true) || self.read_only == "true";
        // Each object that is put into a bucket may be recorded, too.
        let about_data = self
            .event_category
            .as_deref()
            .is_some_and(|category| category != "Management");
        if only_read || about_data || self.error_code.is_some() {
            return News::Nothing;
        }
        let (kind, parameter) = match self.event_source.as_str() {
            "iam.amazonaws.com" => ("aws_roles", "roleName"),
            "s3.amazonaws.com" => ("aws_buckets", "bucketName"),
            "cloudformation.amazonaws.com" => ("cloudformation_stacks", "stackName"),
            _ => return News::Nothing,
        };
        let token = self.request_parameters["clientRequestToken"].as_str();
        let only_looked = ONLY_LOOK.contains(&self.event_name.as_str()) || is_of_a_look(token);
        if kind == "cloudformation_stacks" && only_looked {
            return News::Nothing;
        }
        match self.request_parameters[parameter].as_str() {
            Some(name) => of(kind, stack_name(name), &self.event_name),
            None => News::Nothing,
        }
    }
}

/// Whether it is the removal of an empty stack that was there only to be looked at.
fn is_of_a_look(token: Option<&str>) -> bool {
    token.is_some_and(|token| token.starts_with(UNMADE))
}

fn of(kind: &str, name: &str, call: &str) -> News {
    News::Of {
        object: Named {
            kind: kind.to_owned(),
            name: name.to_owned(),
        },
        call: call.to_owned(),
    }
}

/// `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID` in short; other names as they are.
fn stack_name(named: &str) -> &str {
    let Some((_, rest)) = named.split_once(":stack/") else {
        return named;
    };
    rest.split_once('/').map_or(rest, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CALL: &str = "AWS API Call via CloudTrail";

    fn told(detail: &Value) -> Option<News> {
        read(CALL, json!({"detail": detail}).to_string().as_bytes())
    }

    #[test]
    fn a_change_names_its_object() {
        for (source, call, parameters, kind, name) in [
            (
                "iam",
                "UpdateAssumeRolePolicy",
                json!({"roleName": "shop-qa"}),
                "aws_roles",
                "shop-qa",
            ),
            (
                "s3",
                "DeleteBucketPolicy",
                json!({"bucketName": "shop-root"}),
                "aws_buckets",
                "shop-root",
            ),
            (
                "cloudformation",
                "UpdateStack",
                json!({"stackName": "arn:aws:cloudformation:eu-west-1:1:stack/net/9f"}),
                "cloudformation_stacks",
                "net",
            ),
        ] {
            let detail = json!({
                "eventSource": format!("{source}.amazonaws.com"), "eventName": call, "readOnly": false,
                "eventCategory": "Management", "requestParameters": parameters,
            });
            assert_eq!(told(&detail), Some(of(kind, name, call)));
        }
        let status = json!({"detail": {"stack-id": "arn:aws:cloudformation:r:1:stack/net/9f", "status-details": {}}});
        let kind = "CloudFormation Stack Status Change";
        assert_eq!(
            read(kind, status.to_string().as_bytes()),
            Some(of("cloudformation_stacks", "net", kind))
        );
    }

    #[test]
    fn what_changes_nothing_of_ours_is_nothing() {
        let base = json!({
            "eventSource": "iam.amazonaws.com", "eventName": "PutRolePolicy", "readOnly": false,
            "requestParameters": {"roleName": "shop-qa"},
        });
        assert!(matches!(told(&base), Some(News::Of { .. })));
        for (field, value) in [
            ("readOnly", json!(true)),
            ("readOnly", json!("true")),
            ("errorCode", json!("AccessDenied")),
            ("eventCategory", json!("Data")),
            ("eventSource", json!("ec2.amazonaws.com")),
            ("requestParameters", json!({"userName": "ann"})),
            ("requestParameters", json!(null)),
        ] {
            let mut detail = base.clone();
            detail[field] = value;
            assert_eq!(told(&detail), Some(News::Nothing), "{field}");
        }
        assert_eq!(read("Scheduled Event", b"{\"detail\":{}}"), None);
        assert_eq!(read(CALL, b"7"), None);
    }

    #[test]
    fn looking_at_a_stack_is_no_news_of_it() {
        let unmade = format!("{UNMADE}9f");
        let told = |call: &str, token: Option<&str>| {
            told(&json!({
                "eventSource": "cloudformation.amazonaws.com", "eventName": call, "readOnly": false,
                "requestParameters": {"stackName": "net", "clientRequestToken": token},
            }))
        };
        for call in ONLY_LOOK {
            assert_eq!(told(call, None), Some(News::Nothing), "{call}");
        }
        for call in ["ExecuteChangeSet", "DeleteStack", "UpdateStack"] {
            let news = Some(of("cloudformation_stacks", "net", call));
            assert_eq!(told(call, Some("hodman-1")), news, "{call}");
        }
        assert_eq!(told("DeleteStack", Some(&unmade)), Some(News::Nothing));
        let kind = "CloudFormation Stack Status Change";
        let became = |status: &str, token: &str| {
            let detail = json!({
                "stack-id": "arn:aws:cloudformation:r:1:stack/net/9f",
                "status-details": {"status": status, "status-reason": ""}, "client-request-token": token,
            });
            read(kind, json!({"detail": detail}).to_string().as_bytes())
        };
        let news = Some(of("cloudformation_stacks", "net", kind));
        assert_eq!(became("DELETE_COMPLETE", ""), news);
        assert_eq!(became("REVIEW_IN_PROGRESS", ""), Some(News::Nothing));
        assert_eq!(became("DELETE_COMPLETE", &unmade), Some(News::Nothing));
    }
}
