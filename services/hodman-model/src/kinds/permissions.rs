//! Permissions of an object: one field of its managed config, set by requests of their own.
//!
//! Managed form: a mapping from principal to level, `{"group:admins": "CAN_MANAGE", "user:ada@example.com": "CAN_RUN",
//! "service_principal:<application id>": "IS_OWNER"}`. Only direct entries: those that come from a folder above or from the
//! workspace's admins are nobody's to set here. One principal has one level; the API keeps the highest, so do we.

use serde_json::{Map, Value, json};

use super::{Call, Method, secret_acls};

/// The name of the field.
pub const FIELD: &str = "permissions";

/// The level of the one who owns an object, where owners are.
pub const OWNER: &str = "IS_OWNER";

/// The level of those who may change an object and its permissions.
const MANAGE: &str = "CAN_MANAGE";

/// Levels that were called otherwise once, by object type: (type, older name, name)
/// (terraform-provider-databricks, permissions/permission_definitions.go).
const RENAMED: &[(&str, &str, &str)] = &[("queries", "CAN_VIEW", "CAN_READ")];

/// How the permissions of a kind are read and set. Source: `/api/2.0/permissions/{object_type}/{id}`; secret scopes have an
/// API of their own, which takes several requests: [`Permissions::calls`] is right for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The object type in the path of the permissions API.
    pub object_type: &'static str,
    /// Levels that can be given, lowest first.
    pub levels: &'static [&'static str],
    /// Whether there must be exactly one `IS_OWNER`: the API refuses none and two.
    pub one_owner: bool,
    /// The output of the object that the path wants when it is not the id, such as `object_id` of a folder.
    pub id_output: Option<&'static str>,
}

impl Permissions {
    /// The request for the permissions of the object `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Call {
        if self.object_type == secret_acls::TYPE {
            return secret_acls::get(id);
        }
        Call::plain(Method::Get, self.path(id))
    }

    /// Whether one request says the whole list; else each principal is given or taken alone, and what is live must be
    /// known.
    #[must_use]
    pub fn replaces(&self) -> bool {
        self.object_type != secret_acls::TYPE
    }

    /// Brings the direct permissions of the object `id` from `live` to `wanted` (managed forms); see [`Permissions::put`].
    #[must_use]
    pub fn calls(&self, id: &str, wanted: &Value, live: &Value, me: &str) -> Vec<Call> {
        if self.object_type == secret_acls::TYPE {
            return secret_acls::put(id, wanted, live, me);
        }
        vec![self.put(id, wanted, live, me)]
    }

    /// Replaces the direct permissions of the object `id` by `wanted` (managed form). Where exactly one owner must be and
    /// `wanted` names none, the owner stays: the one of `live`, else `me`, a principal in managed form. What `me` may do to the
    /// object, too, stays where `wanted` does not name them: the next apply has to be able to change it.
    #[must_use]
    pub fn put(&self, id: &str, wanted: &Value, live: &Value, me: &str) -> Call {
        Call::with_body(
            Method::Put,
            self.path(id),
            json!({ "access_control_list": self.list(wanted, live, me) }),
            true,
        )
    }

    /// The `access_control_list` of [`Permissions::put`], for a create that takes one.
    #[must_use]
    pub fn list(&self, wanted: &Value, live: &Value, me: &str) -> Vec<Value> {
        let mut wanted = wanted.as_object().cloned().unwrap_or_default();
        if self.one_owner && owner(&wanted).is_none() {
            let kept = live.as_object().and_then(owner).unwrap_or(me);
            wanted.insert(kept.to_owned(), json!(OWNER));
        }
        // Whoever makes an object manages it; of one that was there before, only what it says.
        let kept = match live.as_object() {
            Some(live) => entry_of(live, me).filter(|(_, level)| manages(level)),
            None => Some((me, &Value::Null)),
        };
        if let Some((us, _)) = kept.filter(|_| entry_of(&wanted, me).is_none())
            && self.levels.contains(&MANAGE)
        {
            let us = us.to_owned();
            wanted.insert(us, json!(MANAGE));
        }
        wanted
            .iter()
            .filter_map(|(principal, level)| {
                let (field, name) = split(principal)?;
                Some(json!({ field: name, "permission_level": level }))
            })
            .collect()
    }

    fn path(&self, id: &str) -> String {
        format!("/api/2.0/permissions/{}/{id}", self.object_type)
    }

    /// The managed form of an answer to [`Permissions::get`].
    #[must_use]
    pub fn read(&self, answer: &Value) -> Value {
        if self.object_type == secret_acls::TYPE {
            return secret_acls::read(answer);
        }
        let mut found = Map::new();
        let entries = answer.get("access_control_list").and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let Some(principal) = principal(entry) else {
                continue;
            };
            let direct = entry
                .get("all_permissions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter(|permission| permission.get("inherited") != Some(&Value::Bool(true)))
                .filter_map(|permission| permission.get("permission_level")?.as_str())
                .map(|level| self.spelled(level));
            if let Some(level) = direct.max_by_key(|level| self.rank(level)) {
                found.insert(principal, json!(level));
            }
        }
        Value::Object(found)
    }

    /// The level by the name that it has today.
    #[must_use]
    pub fn spelled<'l>(&self, level: &'l str) -> &'l str {
        let mut renamed = RENAMED.iter();
        let renamed = renamed.find(|(of, old, _)| *of == self.object_type && *old == level);
        renamed.map_or(level, |(_, _, new)| new)
    }

    /// Higher means more; an unknown level is above all known ones, that it is never taken away unseen.
    #[must_use]
    pub fn rank(&self, level: &str) -> usize {
        self.levels
            .iter()
            .position(|known| *known == level)
            .unwrap_or(self.levels.len())
    }

    /// `live` without what `wanted` is silent about by right: the owner, where `wanted` names none. Who owns an object may do
    /// all that any other level lets them do, so whatever `wanted` gives the owner they have. And what lets `me` manage the
    /// object, where `wanted` does not name them.
    #[must_use]
    pub fn comparable(&self, live: &Value, wanted: &Value, me: Option<&str>) -> Value {
        if self.object_type == secret_acls::TYPE {
            return secret_acls::comparable(live, wanted, me);
        }
        let mut live = live.as_object().cloned().unwrap_or_default();
        let named = wanted.as_object().and_then(owner);
        if let Some(owner) = owner(&live).filter(|_| self.one_owner && named.is_none()) {
            let owner = owner.to_owned();
            match wanted.get(&owner) {
                Some(level) => drop(live.insert(owner, level.clone())),
                None => drop(live.remove(&owner)),
            }
        }
        let named = |me: &str| {
            wanted
                .as_object()
                .and_then(|all| entry_of(all, me))
                .is_some()
        };
        if let Some(me) = me.filter(|me| !named(me))
            && let Some((us, _)) = entry_of(&live, me).filter(|(_, level)| manages(level))
        {
            let us = us.to_owned();
            live.remove(&us);
        }
        Value::Object(live)
    }
}

/// Whether a level, of a secret scope, too, lets its principal change who may do what.
#[must_use]
pub fn manages(level: &Value) -> bool {
    matches!(level.as_str(), Some(MANAGE | OWNER | secret_acls::MANAGE))
}

/// The entry of `me`, under whichever word: who we are is told by a name alone.
fn entry_of<'p>(permissions: &'p Map<String, Value>, me: &str) -> Option<(&'p str, &'p Value)> {
    let name = |principal: &str| principal.split_once(':').map(|(_, name)| name.to_owned());
    let us = name(me)?;
    let mut all = permissions.iter();
    let (principal, level) = all.find(|(principal, _)| {
        !principal.starts_with("group:") && name(principal).as_ref() == Some(&us)
    })?;
    Some((principal.as_str(), level))
}

fn owner(permissions: &Map<String, Value>) -> Option<&str> {
    permissions
        .iter()
        .find(|(_, level)| *level == OWNER)
        .map(|(principal, _)| principal.as_str())
}

/// The principal of an access control entry in managed form. A service principal that was named as a user is answered as
/// a service principal; both forms of writing it are the same here when the name is an application id.
#[must_use]
pub fn principal(entry: &Value) -> Option<String> {
    [
        ("service_principal_name", "service_principal"),
        ("group_name", "group"),
        ("user_name", "user"),
    ]
    .iter()
    .find_map(|(field, word)| {
        let name = entry.get(*field)?.as_str()?;
        Some(managed_principal(word, name))
    })
}

/// `word:name`, a service principal's application id under its own word whatever it was written under. Users are known by their
/// mail address, in which capitals mean nothing; names of groups and application ids are what they are.
#[must_use]
pub fn managed_principal(word: &str, name: &str) -> String {
    match word {
        "user" if is_service_principal(name) => format!("service_principal:{name}"),
        // A placeholder is filled in later.
        "user" if !name.contains("${") => format!("user:{}", name.to_lowercase()),
        word => format!("{word}:{name}"),
    }
}

/// Whether a name is that of a service principal: an application id, or what stands for hodman's own, which is never a user.
pub(crate) fn is_service_principal(name: &str) -> bool {
    name == "${lookup.current_user.userName}" || is_application_id(name)
}

pub(crate) fn is_application_id(name: &str) -> bool {
    name.len() == 36
        && name.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn split(principal: &str) -> Option<(&'static str, &str)> {
    let (word, name) = principal.split_once(':')?;
    let field = match word {
        "user" => "user_name",
        "group" => "group_name",
        "service_principal" => "service_principal_name",
        _ => return None,
    };
    Some((field, name))
}
