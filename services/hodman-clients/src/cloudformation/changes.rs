//! A change set's entries in the spelling of the API's JSON, which the planner reads.

use aws_sdk_cloudformation::types::{Change, ResourceChangeDetail};
use serde_json::{Map, Value, json};

pub(super) fn entry(change: &Change) -> Value {
    let Some(resource) = change.resource_change() else {
        return json!({});
    };
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    put(
        "Action",
        resource.action().map(|action| json!(action.as_str())),
    );
    put(
        "LogicalResourceId",
        resource.logical_resource_id().map(Value::from),
    );
    put(
        "PhysicalResourceId",
        resource.physical_resource_id().map(Value::from),
    );
    put("ResourceType", resource.resource_type().map(Value::from));
    put(
        "Replacement",
        resource
            .replacement()
            .map(|replacement| json!(replacement.as_str())),
    );
    put(
        "PolicyAction",
        resource
            .policy_action()
            .map(|policy| json!(policy.as_str())),
    );
    put("ChangeSetId", resource.change_set_id().map(Value::from));
    let scope: Vec<_> = resource
        .scope()
        .iter()
        .map(|scope| scope.as_str())
        .collect();
    put("Scope", Some(json!(scope)));
    let details: Vec<_> = resource.details().iter().map(detail).collect();
    put("Details", Some(Value::from(details)));
    json!({"Type": "Resource", "ResourceChange": out})
}

fn detail(detail: &ResourceChangeDetail) -> Value {
    let target = detail.target().map(|target| {
        json!({
            "Attribute": target.attribute().map(|attribute| attribute.as_str()),
            "Name": target.name(),
            "Path": target.path(),
            "RequiresRecreation": target.requires_recreation().map(|recreation| recreation.as_str()),
            "BeforeValue": target.before_value(),
            "AfterValue": target.after_value(),
        })
    });
    json!({
        "Target": target,
        "Evaluation": detail.evaluation().map(|evaluation| evaluation.as_str()),
        "ChangeSource": detail.change_source().map(|source| source.as_str()),
        "CausingEntity": detail.causing_entity(),
    })
}
