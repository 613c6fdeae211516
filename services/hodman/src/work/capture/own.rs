//! hodman's own principal. It is in every workspace that hodman is in, each has its own, and a bundle that makes it again would
//! keep the first promotion from beginning.

use hodman_model::plan::ObservedObject;
use serde_json::Value;
use std::collections::BTreeMap;

const PRINCIPALS: &str = "service_principals";

/// What people made. The own principal is one more of those that come with a workspace: nobody's to capture, and found by its
/// name where something refers to it. `me` is who asks, as tokens say it.
pub(super) fn set_apart(
    objects: Vec<ObservedObject>,
    me: &str,
    built_in: &mut BTreeMap<(String, String), String>,
) -> Vec<ObservedObject> {
    let is_own = |object: &ObservedObject| {
        let application = object.listed.outputs.get("application_id");
        object.kind == PRINCIPALS && application.and_then(Value::as_str) == Some(me)
    };
    let (own, peoples): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_own);
    built_in.extend(own.into_iter().map(|object| {
        let id = (object.kind, object.listed.id);
        (id, object.listed.name)
    }));
    peoples
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::kinds::kind;
    use serde_json::json;

    #[test]
    fn who_captures_is_not_captured() {
        let principal = |id: &str, application: &str| {
            let answer = json!({"id": id, "applicationId": application, "displayName": format!("robot {id}")});
            let read = kind(PRINCIPALS).and_then(|kind| kind.read(&answer).ok()?);
            ObservedObject {
                kind: PRINCIPALS.to_owned(),
                listed: read.expect("a principal"),
            }
        };
        let mut built_in = BTreeMap::new();
        let objects = vec![principal("1", "me"), principal("2", "another")];
        let left = set_apart(objects, "me", &mut built_in);
        let ids: Vec<&str> = left
            .iter()
            .map(|object| object.listed.id.as_str())
            .collect();
        assert_eq!(ids, ["2"]);
        let key = (PRINCIPALS.to_owned(), "1".to_owned());
        assert_eq!(built_in, BTreeMap::from([(key, "robot 1".to_owned())]));
    }
}
