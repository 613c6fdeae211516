//! Permissions of objects: who may do what, with the rule that some kinds have exactly one owner.

mod kinds;
mod routes;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::ApiError;
use super::scim::Directory;
use super::tokens::Caller;

use kinds::Kind;
pub(crate) use routes::router;

/// Principal of an entry: the field that names it, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Principal(&'static str, String);

/// Direct entries of one object.
type Acl = BTreeMap<Principal, String>;

/// Access control lists by kind and id.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    lists: BTreeMap<(String, String), Acl>,
}

impl Permissions {
    /// A new object belongs to its creator; an `access_control_list` of the create call counts as a full replacement.
    pub(crate) fn created(
        &mut self,
        kind: &str,
        id: &str,
        creator: &Caller,
        given: Option<&Vec<Value>>,
        directory: &Directory,
    ) -> Result<(), ApiError> {
        let kind = Kind::of(kind)?;
        let acl = match given {
            Some(entries) => kind.checked(read(entries, directory)?)?,
            None => Acl::from([(
                directory.principal(&creator.login).into(),
                kind.of_creator().to_owned(),
            )]),
        };
        self.lists
            .insert((kind.name.to_owned(), id.to_owned()), acl);
        Ok(())
    }

    pub(crate) fn forget(&mut self, kind: &str, id: &str) {
        self.lists.remove(&(kind.to_owned(), id.to_owned()));
    }

    /// `PUT`: the direct entries become these.
    fn replace(
        &mut self,
        kind: &Kind,
        id: &str,
        entries: &[Value],
        directory: &Directory,
    ) -> Result<(), ApiError> {
        let acl = kind.checked(read(entries, directory)?)?;
        self.lists
            .insert((kind.name.to_owned(), id.to_owned()), acl);
        Ok(())
    }

    /// `PATCH`: each named principal gets its new level, others keep theirs.
    fn merge(
        &mut self,
        kind: &Kind,
        id: &str,
        entries: &[Value],
        directory: &Directory,
    ) -> Result<(), ApiError> {
        let key = (kind.name.to_owned(), id.to_owned());
        let mut acl = self.lists.get(&key).cloned().unwrap_or_default();
        acl.extend(read(entries, directory)?);
        self.lists.insert(key, kind.checked(acl)?);
        Ok(())
    }

    /// Direct entries, then what it inherits: from the folders `above` it, nearest first, and, as every object, that admins
    /// manage it.
    fn view(&self, kind: &Kind, id: &str, above: &[u64]) -> Value {
        let mut entries: Vec<Value> = Vec::new();
        let direct = self.lists.get(&(kind.name.to_owned(), id.to_owned()));
        for (principal, level) in direct.into_iter().flatten() {
            let permission = json!({"permission_level": level, "inherited": false});
            add(&mut entries, principal, permission);
        }
        for folder in above {
            let given = self
                .lists
                .get(&("directories".to_owned(), folder.to_string()));
            for (principal, level) in given.into_iter().flatten() {
                let from = [format!("/directories/{folder}")];
                add(&mut entries, principal, inherited(level, &from));
            }
        }
        let admins = Principal("group_name", "admins".to_owned());
        let from = [format!("/{}/", kind.root())];
        add(&mut entries, &admins, inherited(kind.highest(), &from));
        let path = format!("/{}/{id}", kind.name);
        json!({"object_id": path, "object_type": kind.object_type(), "access_control_list": entries})
    }
}

fn inherited(level: &str, from: &[String]) -> Value {
    json!({"permission_level": level, "inherited": true, "inherited_from_object": from})
}

/// One more permission of a principal, who has one entry.
fn add(entries: &mut Vec<Value>, Principal(field, name): &Principal, permission: Value) {
    let own = entries
        .iter_mut()
        .find(|entry| entry.get(*field) == Some(&json!(name)));
    match own {
        Some(own) => {
            if let Some(all) = own["all_permissions"].as_array_mut() {
                all.push(permission);
            }
        }
        None => {
            let shown = match *field {
                "group_name" if name == "admins" => {
                    json!({*field: name, "all_permissions": [permission]})
                }
                _ => json!({*field: name, "display_name": name, "all_permissions": [permission]}),
            };
            entries.push(shown);
        }
    }
}

impl From<(&'static str, String)> for Principal {
    fn from((field, name): (&'static str, String)) -> Self {
        Self(field, name)
    }
}

/// Entries as the service understands them: a service principal named as a user is kept as what it is.
fn read(entries: &[Value], directory: &Directory) -> Result<Acl, ApiError> {
    let mut acl = Acl::new();
    for entry in entries {
        let level = entry.get("permission_level").and_then(Value::as_str);
        let level =
            level.ok_or_else(|| ApiError::invalid("Missing required field: permission_level"))?;
        let named = ["user_name", "group_name", "service_principal_name"]
            .into_iter()
            .find_map(|field| Some((field, entry.get(field)?.as_str()?)))
            .ok_or_else(|| {
                ApiError::invalid(
                    "Missing required field: user_name, group_name or service_principal_name",
                )
            })?;
        let principal = match named {
            ("user_name", name) => directory.principal(name),
            (field, name) => (field, name.to_owned()),
        };
        let before = acl.insert(principal.into(), level.to_owned());
        if before.is_some_and(|before| before != level) {
            return Err(ApiError::invalid(format!(
                "Principal {} is listed with two levels.",
                named.1
            )));
        }
    }
    Ok(acl)
}
