//! What stands beside an object's own fields: permissions, grants and who it runs as. In a form they are in managed form
//! (by principal); in a bundle they are lists.

use serde_json::{Map, Value, json};

use crate::kinds::permissions::{OWNER, managed_principal, principal};
use crate::kinds::{Listed, grants, permissions};

/// Whom an object runs as.
const RUN_AS: &str = "run_as";
/// Fields that a live object may be silent about: then whatever the repository says is right.
const SILENT: &[&str] = &[permissions::FIELD, grants::FIELD, RUN_AS];

/// These fields, taken out of a config that goes through a kind's rules.
pub(super) struct Beside(Map<String, Value>);

impl Beside {
    /// Takes them out. What the service gives to the creator of every object (its ownership, that it runs as them) says
    /// nothing about the object, and means nobody elsewhere.
    pub(super) fn take(config: &mut Value, creator: Option<&str>) -> Self {
        let mut taken = Map::new();
        let Value::Object(config) = config else {
            return Self(taken);
        };
        for field in SILENT {
            let Some(mut value) = config.remove(*field) else {
                continue;
            };
            match (*field, &mut value, creator) {
                (permissions::FIELD, Value::Object(map), creator) => {
                    let own = creator.map(own_names);
                    map.retain(|principal, level| {
                        let mine = own.as_ref().is_some_and(|own| own.contains(principal));
                        !(mine && (level == OWNER || level == "CAN_MANAGE"))
                    });
                }
                (RUN_AS, Value::Object(map), Some(creator)) => {
                    map.retain(|_, name| name.as_str() != Some(creator) && !name.is_null());
                }
                _ => {}
            }
            let says = value.as_object().is_none_or(|map| !map.is_empty());
            if says && !value.is_null() {
                taken.insert((*field).to_owned(), value);
            }
        }
        Self(taken)
    }

    /// Puts them back.
    pub(super) fn put(self, mut form: Value) -> Value {
        if let Value::Object(form) = &mut form {
            form.extend(self.0);
        }
        form
    }
}

/// Lets a config say whom an object runs as where only the answer around it does. Only a service principal: it is known by its
/// id for what it is, while a name may be a person of this workspace, who is told.
pub(super) fn run_as_principal(config: &mut Value, listed: &Listed) {
    let named = listed.outputs.pointer("/run_as/service_principal_name");
    let named = named.filter(|name| name.as_str() != listed.creator.as_deref());
    if let Some(name) = named
        && config.get(RUN_AS).is_none_or(Value::is_null)
        && let Value::Object(config) = config
    {
        config.insert(RUN_AS.to_owned(), json!({ "service_principal_name": name }));
    }
}

/// Whom `value` says that it runs as.
pub(super) fn runs_as(value: &Value) -> Option<&str> {
    let named = value.get(RUN_AS)?.as_object()?;
    named.values().find_map(Value::as_str)
}

/// The creator as a user or as a service principal.
fn own_names(creator: &str) -> [String; 2] {
    [
        managed_principal("user", creator),
        managed_principal("service_principal", creator),
    ]
}

/// Gives a live form what only the repository says. `asked` are the fields that were read from the workspace: there,
/// silence means none.
pub(super) fn graft(form: &mut Value, git: &Value, asked: &Value) {
    let Value::Object(form) = form else { return };
    for field in SILENT {
        let read = *field != RUN_AS && asked.get(*field).is_some_and(|value| !value.is_null());
        if let Some(said) = git
            .get(*field)
            .filter(|_| !read && !form.contains_key(*field))
        {
            form.insert((*field).to_owned(), said.clone());
        }
    }
}

/// The lists of a bundle in managed form.
pub(super) fn to_managed(config: &mut Map<String, Value>) {
    if let Some(Value::Array(list)) = config.get(permissions::FIELD) {
        let managed: Map<String, Value> = list
            .iter()
            .filter_map(|entry| Some((principal(entry)?, entry.get("level")?.clone())))
            .map(|(name, level)| {
                let (word, rest) = name.split_once(':').unwrap_or(("user", &name));
                (managed_principal(word, rest), level)
            })
            .collect();
        config.insert(permissions::FIELD.to_owned(), Value::Object(managed));
    }
    if let Some(list @ Value::Array(_)) = config.get(grants::FIELD) {
        let managed = grants::read(list);
        config.insert(grants::FIELD.to_owned(), managed);
    }
}

/// One permission as a bundle writes it.
pub(super) fn permission(principal: &str, level: &Value) -> Value {
    let (word, name) = principal.split_once(':').unwrap_or(("user", principal));
    json!({ "level": level, format!("{word}_name"): name })
}

/// One grant as a bundle writes it.
pub(super) fn grant(principal: &str, privileges: &Value) -> Value {
    json!({ "principal": principal, "privileges": privileges })
}

/// The list that a bundle has in the place of the managed form under `field`; none for other fields.
pub(super) fn to_list(field: &str, managed: &Value) -> Option<Value> {
    let map = managed.as_object()?;
    match field {
        permissions::FIELD => Some(
            map.iter()
                .map(|(name, level)| permission(name, level))
                .collect(),
        ),
        grants::FIELD => Some(map.iter().map(|(name, all)| grant(name, all)).collect()),
        _ => None,
    }
}

/// The principal of an entry of such a list.
pub(super) fn principal_of(field: &str, entry: &Value) -> Option<String> {
    if field == grants::FIELD {
        return entry.get("principal")?.as_str().map(grants::spelled);
    }
    let name = principal(entry)?;
    let (word, rest) = name.split_once(':')?;
    Some(managed_principal(word, rest))
}
