//! The names of what a serving endpoint serves: routes name them, so one that is not what the server would give must be said.

use serde_json::Value;

use crate::kinds::{Kind, served_name};

const KIND: &str = "model_serving_endpoints";
const LIST: &str = "/config/served_entities";
const NAME: &str = "name";
/// What two that are the same have in common.
const KNOWN_BY: [&str; 3] = ["/entity_name", "/entity_version", "/external_model/name"];

/// Puts the names in `config` back into the form of it, but for those that the server gives by itself.
pub(super) fn put_back(kind: &dyn Kind, form: &mut Value, config: &Value) {
    if kind.name() != KIND {
        return;
    }
    let all = entities(config);
    let items = form.pointer_mut(LIST).and_then(Value::as_array_mut);
    // A form has them in the order of its config.
    let Some(items) = items.filter(|items| items.len() == all.len()) else {
        return;
    };
    for (item, entity) in items.iter_mut().zip(all) {
        let name = entity.get(NAME).and_then(Value::as_str);
        if let Some(name) = name.filter(|name| served_name(entity).as_deref() != Some(*name)) {
            item[NAME] = Value::from(name);
        }
    }
}

/// Lets the form of an object say a name that `git` says, where it is the same and the server would have given it: what it
/// gives may hang on a variable there.
pub(super) fn settle(kind: &dyn Kind, form: &mut Value, git: &Value, config: &Value) {
    if kind.name() != KIND {
        return;
    }
    let said: Vec<&str> = entities(git)
        .iter()
        .filter_map(|entity| entity.get(NAME)?.as_str())
        .collect();
    let named = entities(config).iter().filter_map(|entity| {
        let name = entity.get(NAME)?.as_str()?;
        said.contains(&name).then_some((name, entity))
    });
    let mut changed = false;
    for (name, entity) in named {
        let items = form.pointer_mut(LIST).and_then(Value::as_array_mut);
        let is_it = |item: &&mut Value| {
            item.get(NAME).is_none()
                && KNOWN_BY
                    .iter()
                    .all(|at| item.pointer(at) == entity.pointer(at))
        };
        if let Some(item) = items.into_iter().flatten().find(is_it) {
            item[NAME] = Value::from(name);
            changed = true;
        }
    }
    if changed {
        *form = kind.rules().normalise(form);
    }
}

fn entities(config: &Value) -> &[Value] {
    let all = config.pointer(LIST).and_then(Value::as_array);
    all.map(Vec::as_slice).unwrap_or_default()
}
