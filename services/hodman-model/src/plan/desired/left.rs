//! What was given before and is spoken of no more.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Desired, DesiredResource};
use crate::kinds::kind;

impl Desired {
    /// Takes away what `before` gave to what is still wanted and nothing says any more: permissions, grants, and lists such as a
    /// group's members that an empty one empties, and single fields that the server may fill. Without this they would stay for ever:
    /// what nothing speaks of is otherwise left to people, or to the server.
    pub fn take_away(&mut self, before: &Self) {
        for (key, wanted) in &mut self.resources {
            let Some(before) = before.resources.get(key) else {
                continue;
            };
            if leaves(wanted.permissions.as_ref(), before.permissions.as_ref()) {
                wanted.permissions = Some(Value::Object(Map::new()));
            }
            if leaves(wanted.grants.as_ref(), before.grants.as_ref()) {
                wanted.grants = Some(Value::Object(Map::new()));
            }
            let Some(kind) = kind(&key.kind) else {
                continue;
            };
            for field in kind.rules().said_empty {
                empty(wanted, before, field);
            }
            wanted.left = kind.rules().left(&before.config, &wanted.config);
        }
    }
}

fn leaves(wanted: Option<&Value>, before: Option<&Value>) -> bool {
    wanted.is_none() && before.is_some_and(|before| !is_empty(before))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => value.is_null(),
    }
}

fn empty(wanted: &mut DesiredResource, before: &DesiredResource, field: &str) {
    if leaves(wanted.config.get(field), before.config.get(field))
        && let Some(config) = Arc::make_mut(&mut wanted.config).as_object_mut()
    {
        config.insert(field.to_owned(), Value::Array(Vec::new()));
    }
}
