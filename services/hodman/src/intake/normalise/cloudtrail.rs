//! What EventBridge tells of changes in AWS: calls that CloudTrail recorded, and stacks whose status changed.
//!
//! A rule with `source: [aws.iam, aws.s3, aws.cloudformation]` and `detail-type: [AWS API Call via CloudTrail,
//! CloudFormation Stack Status Change]` sends them to a queue. IAM's own come in `us-east-1`, whatever region is used.

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
}

/// None for events that are of neither kind.
pub(super) fn read(kind: &str, body: &[u8]) -> Option<News> {
    let parsed = || serde_json::from_slice::<Event>(body).ok();
    match kind {
        "AWS API Call via CloudTrail" => Some(parsed()?.detail.call()),
        "CloudFormation Stack Status Change" => {
            let stack = parsed()?.detail.stack_id?;
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
        match self.request_parameters[parameter].as_str() {
            Some(name) => of(kind, stack_name(name), &self.event_name),
            None => News::Nothing,
        }
    }
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
}
