//! Lays what a target says about a resource over what the resource says, as the bundle does: mappings key by key, lists one
//! after the other, items with a name joined.

use serde_json::{Map, Value};

use crate::bundle::{Keyed, keyed_lists};
use crate::field_path::{FieldPath, PathSegment};

/// Lays `over` on `base`; a null changes nothing.
pub(super) fn lay(base: &mut Value, over: Value) {
    match (base, over) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(over)) => base.extend(over),
        (base, over) => *base = over,
    }
}

/// Joins the items of equal name in the lists of a resource of that kind.
pub(super) fn join_keyed(kind: &str, config: &mut Value) {
    for keyed in keyed_lists(kind) {
        let Some(Value::Array(items)) = config.get_mut(keyed.list) else {
            continue;
        };
        let mut joined: Vec<Value> = Vec::with_capacity(items.len());
        let mut by_name: Map<String, Value> = Map::new();
        for item in std::mem::take(items) {
            let name = name(&item, keyed);
            let at = name.as_ref().and_then(|name| by_name.get(name)?.as_u64());
            match at.and_then(|at| joined.get_mut(usize::try_from(at).ok()?)) {
                Some(before) if keyed.replaces => *before = item,
                Some(before) => lay(before, item),
                None => {
                    by_name.extend(name.map(|name| (name, Value::from(joined.len()))));
                    joined.push(item);
                }
            }
        }
        *items = joined;
    }
}

/// Whether what a target says at `path` changes just that: not so inside of lists, which it only can add to, but for those
/// whose items are joined by name; one that stands in place of the other is said as a whole.
pub(super) fn target_can_say(kind: &str, path: &FieldPath) -> bool {
    let joins = |list: &str, key: &str, whole: bool| {
        let mut lists = keyed_lists(kind).iter();
        lists.any(|keyed| keyed.list == list && keyed.key == key && (whole || !keyed.replaces))
    };
    let rest = match path.0.as_slice() {
        [
            PathSegment::Key(list),
            PathSegment::Element { field, .. },
            rest @ ..,
        ] if joins(list, field, rest.is_empty()) => rest,
        all => all,
    };
    rest.iter()
        .all(|segment| matches!(segment, PathSegment::Key(_)))
}

/// Whether the list at `path` is one whose items are joined by name.
pub(super) fn is_joined(kind: &str, path: &FieldPath) -> bool {
    let [PathSegment::Key(list)] = path.0.as_slice() else {
        return false;
    };
    keyed_lists(kind).iter().any(|keyed| keyed.list == list)
}

fn name(item: &Value, keyed: &Keyed) -> Option<String> {
    let written = item.get(keyed.key).and_then(Value::as_str);
    match keyed.default {
        Some(default) if item.is_object() => Some(written.unwrap_or(default).to_lowercase()),
        _ => written.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn items_of_a_name_are_one_and_others_follow() {
        let mut job = json!({"tasks": [{"task_key": "a", "max_retries": 1, "libraries": [1]}, {"task_key": "b"}], "tags": {"x": "1"}});
        lay(
            &mut job,
            json!({"tasks": [{"task_key": "c"}, {"task_key": "a", "max_retries": 2, "libraries": [2]}], "tags": {"y": null, "z": "2"}}),
        );
        join_keyed("jobs", &mut job);
        assert_eq!(
            job,
            json!({"tasks": [{"task_key": "a", "max_retries": 2, "libraries": [1, 2]}, {"task_key": "b"}, {"task_key": "c"}],
                   "tags": {"x": "1", "y": null, "z": "2"}})
        );
        let mut app = json!({"resources": [{"name": "a", "job": {"id": "1"}}, {"name": "a", "secret": {"scope": "s"}}]});
        join_keyed("apps", &mut app);
        assert_eq!(
            app,
            json!({"resources": [{"name": "a", "secret": {"scope": "s"}}]})
        );
    }

    #[test]
    fn an_item_that_is_replaced_is_said_as_a_whole() {
        let at = |path: &str| path.parse::<FieldPath>().unwrap();
        for (kind, path, can) in [
            ("jobs", "tasks[task_key=a].max_retries", true),
            ("apps", "resources[name=a].job.id", false),
            ("apps", "resources[name=a]", true),
        ] {
            assert_eq!(target_can_say(kind, &at(path)), can, "{path}");
        }
    }
}
