//! Live values take on the placeholders of the desired ones.

use serde_json::Value;

use super::known::Known;
use super::references::{Placeholder, is_symbolic, placeholder};
use super::substitute::{replace_all, scalar_text};
use crate::kinds::grants;
use crate::kinds::rules::Rules;

/// Where `desired` has a text with placeholders and `live` has just what they stand for, puts the text into `live`:
/// ids also stand in parameters and other places that no rule knows.
pub(super) fn follow_desired(live: &mut Value, desired: &Value, rules: &Rules, known: &Known) {
    let spelled = rules
        .respells()
        .then(|| rules.spelled(rendered(desired, known)));
    follow(live, desired, spelled.as_ref(), rules, known, "");
}

/// The same with what the server makes of each placeholder's value, as far as mappings go: it keeps some names in lower case, say, and
/// a location without the slash at its end.
fn follow(
    live: &mut Value,
    desired: &Value,
    spelled: Option<&Value>,
    rules: &Rules,
    known: &Known,
    name: &str,
) {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            for (key, desired) in desired {
                if key.contains("${") {
                    let rendered = render(key, known);
                    let found = live.remove(&rendered);
                    let found = found.or_else(|| live.remove(&grants::spelled(&rendered)));
                    if let Some(value) = found {
                        live.insert(key.clone(), value);
                    }
                }
                if let Some(live) = live.get_mut(key) {
                    let spelled = spelled.and_then(|spelled| spelled.get(key));
                    follow(live, desired, spelled, rules, known, key);
                }
            }
        }
        (Value::Array(live), Value::Array(desired)) => {
            let field = rules.list_key(name);
            for (index, live) in live.iter_mut().enumerate() {
                let twin = match field {
                    // Most lists come in the order in which they were put.
                    Some(field) => desired
                        .get(index)
                        .filter(|item| item.get(field) == live.get(field))
                        .or_else(|| {
                            let mut items = desired.iter();
                            items.find(|item| item.get(field) == live.get(field))
                        }),
                    None => desired.get(index),
                };
                if let Some(twin) = twin {
                    follow(live, twin, None, rules, known, "");
                }
                if field.is_none() && live.is_string() && !desired.contains(live) {
                    elsewhere(live, desired, rules, known);
                }
            }
        }
        (live, Value::String(text)) if is_symbolic(desired) => {
            let same = match whole(text).and_then(|found| known.get(&found)) {
                Some(value) => {
                    let told = scalar_text(&value);
                    // An id has another name of its own in many answers: `credentials_id` is `id`.
                    let id = live.as_str().and_then(whole).and_then(|found| match found {
                        Placeholder::Output(key, field) if field == "id" => known.id_of(&key),
                        _ => None,
                    });
                    *live == value
                        || scalar_text(live) == told
                        || (id.is_some() && id == told.as_deref())
                }
                None => {
                    let rendered = render(text, known);
                    rendered != *text && scalar_text(live).as_deref() == Some(rendered.as_str())
                }
            };
            if same || spelled == Some(&*live) {
                *live = Value::String(text.clone());
            }
        }
        (live, literal) => {
            // The package names an object of ours by its id, a scope by its name say; that is no difference.
            if let Value::String(text) = &*live
                && let Some(Placeholder::Output(key, field)) = whole(text)
                && field == "id"
                && scalar_text(literal).as_deref() == known.id_of(&key)
                && !literal.is_null()
            {
                *live = literal.clone();
            }
        }
    }
}

/// A server has its own order for a set of ids, which is another one than that of the placeholders: subnets of a network. What it
/// has at one place may be wanted at another.
fn elsewhere(live: &mut Value, desired: &[Value], rules: &Rules, known: &Known) {
    for other in desired.iter().filter(|other| is_symbolic(other)) {
        follow(live, other, None, rules, known, "");
        if live == other {
            return;
        }
    }
}

/// The placeholder that is all of `text`.
pub(super) fn whole(text: &str) -> Option<Placeholder> {
    placeholder(text.strip_prefix("${")?.strip_suffix('}')?)
}

/// `value` with what its placeholders stand for, as far as that is known.
fn rendered(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(text) if is_symbolic(value) => {
            let whole = whole(text).and_then(|found| known.get(&found));
            whole.unwrap_or_else(|| Value::String(render(text, known)))
        }
        Value::Array(items) => items.iter().map(|item| rendered(item, known)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), rendered(item, known)))
            .collect(),
        scalar => scalar.clone(),
    }
}

fn render(text: &str, known: &Known) -> String {
    replace_all(text, &mut |found| scalar_text(&known.get(found)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::bundle::ResourceKey;
    use crate::kinds::kind;
    use crate::plan::Desired;

    #[test]
    fn a_set_of_ids_is_followed_in_whatever_order_the_server_has_it() {
        let rules = kind("account_networks").unwrap().rules();
        let mut known = Known::default();
        let key = |name: &str| ResourceKey::new("account_vpc_endpoints", name);
        known.id(&key("a"), "subnet-9");
        known.id(&key("b"), "subnet-1");
        let of = |name: &str| format!("${{resources.account_vpc_endpoints.{name}.id}}");
        let desired = json!({"subnet_ids": [of("a"), of("b")]});
        let mut live = json!({"subnet_ids": ["subnet-1", "subnet-9"]});
        follow_desired(&mut live, &desired, rules, &known);
        assert_eq!(rules.normalise(&live), rules.normalise(&desired));
        // Also where a rule has told already whose ids they are, by another name than the module does.
        let endpoint =
            |name: &str| format!("${{resources.account_vpc_endpoints.{name}.vpc_endpoint_id}}");
        let desired_so = json!({"subnet_ids": [endpoint("a"), endpoint("b")]});
        let field = BTreeSet::from(["vpc_endpoint_id".to_owned()]);
        let asking = Desired {
            asked: ["a", "b"].map(|name| (key(name), field.clone())).into(),
            ..Desired::default()
        };
        for (name, id) in [("a", "subnet-9"), ("b", "subnet-1")] {
            let answer = json!({"vpc_endpoint_id": id, "vpc_endpoint_name": name});
            let listed = kind("account_vpc_endpoints").unwrap().read(&answer);
            known.made(&asking, &key(name), &listed.unwrap().unwrap());
        }
        let mut live = json!({"subnet_ids": [of("b"), of("a")]});
        follow_desired(&mut live, &desired_so, rules, &known);
        assert_eq!(rules.normalise(&live), rules.normalise(&desired_so));
        // One that is another stays another.
        let mut live = json!({"subnet_ids": ["subnet-1", "subnet-2"]});
        follow_desired(&mut live, &desired, rules, &known);
        assert_eq!(live, json!({"subnet_ids": [of("b"), "subnet-2"]}));
    }

    #[test]
    fn where_order_means_something_another_order_is_a_difference() {
        let rules = kind("jobs").unwrap().rules();
        let mut known = Known::default();
        let key = |name: &str| ResourceKey::new("volumes", name);
        known.id(&key("a"), "/v/a");
        known.id(&key("b"), "/v/b");
        let of = |name: &str| format!("${{resources.volumes.{name}.id}}");
        let desired = json!({"parameters": [of("a"), of("b")]});
        let mut live = json!({"parameters": ["/v/b", "/v/a"]});
        follow_desired(&mut live, &desired, rules, &known);
        assert_ne!(rules.normalise(&live), rules.normalise(&desired));
    }

    #[test]
    fn what_the_server_spells_its_own_way_is_what_a_placeholder_stands_for() {
        let rules = kind("catalogs").unwrap().rules();
        let mut known = Known::default();
        let key = ResourceKey::new("volumes", "v");
        known.id(&key, "s3://Bucket/x/");
        let of = "${resources.volumes.v.id}";
        let desired = json!({"storage_root": of, "name": of, "grants": {of: ["ALL"]}});
        let mut live = json!({"storage_root": "s3://Bucket/x", "name": "s3://bucket/x/", "grants": {"s3://Bucket/x/": ["ALL"]}});
        follow_desired(&mut live, &desired, rules, &known);
        assert_eq!(live, desired);
        let mut other = json!({"storage_root": "s3://bucket/y", "name": "z", "grants": {}});
        let before = other.clone();
        follow_desired(&mut other, &desired, rules, &known);
        assert_eq!(other, before);
        // A user is one in whatever case the address is written.
        known.id(&key, "Ada@acme.com");
        let mut live = json!({"grants": {"ada@acme.com": ["ALL"]}});
        follow_desired(&mut live, &json!({"grants": {of: ["ALL"]}}), rules, &known);
        assert_eq!(live, json!({"grants": {of: ["ALL"]}}));
    }
}
