//! Who may do what with a secret scope: access control lists of the secrets API, not of the permissions API.
//!
//! Managed form as for every other kind ([`super::permissions`]), with the levels `READ`, `WRITE` and `MANAGE`. The API
//! names a principal without saying what it is: a name with `@` is a user, an application id a service principal, the
//! rest are groups.

use serde_json::{Map, Value, json};

use super::permissions::managed_principal;
use super::{Call, Method};

/// In place of an object type, as [`super::Permissions::object_type`].
pub(super) const TYPE: &str = "secrets/acls";

/// The level that must not be taken from the last who has it, nor from us.
pub(super) const MANAGE: &str = "MANAGE";

/// The request for the list of `scope`.
pub(super) fn get(scope: &str) -> Call {
    Call::get("/api/2.0/secrets/acls/list", "scope", scope)
}

/// The managed form of an answer to [`get`].
pub(super) fn read(answer: &Value) -> Value {
    let items = answer.get("items").and_then(Value::as_array);
    let found: Map<String, Value> = items
        .into_iter()
        .flatten()
        .filter_map(|item| {
            let name = item.get("principal")?.as_str()?;
            Some((principal(name), item.get("permission")?.clone()))
        })
        .collect();
    Value::Object(found)
}

/// Brings the list of `scope` from `live` to `wanted`: first what is given, then what is taken away. Where `wanted` names
/// nobody with `MANAGE`, those who have it keep it: the API gives it to the scope's creator, and a scope that nobody manages
/// is lost to all but the workspace's admins. Where it does not name `me`, we keep ours.
pub(super) fn put(scope: &str, wanted: &Value, live: &Value, me: &str) -> Vec<Call> {
    let live = comparable(live, wanted, Some(me));
    let (wanted, live) = (pairs(wanted), pairs(&live));
    let given = wanted
        .iter()
        .filter(|pair| !live.contains(pair))
        .map(|(principal, level)| {
            Call::post(
                "/api/2.0/secrets/acls/put",
                json!({ "scope": scope, "principal": bare(principal), "permission": level }),
                true,
            )
        });
    let gone = live
        .iter()
        .filter(|(principal, _)| !wanted.iter().any(|(wanted, _)| wanted == principal));
    let taken = gone.map(|(principal, _)| {
        Call::with_body(
            Method::Post,
            "/api/2.0/secrets/acls/delete",
            json!({ "scope": scope, "principal": bare(principal) }),
            true,
        )
    });
    given.chain(taken).collect()
}

/// `live` without what `wanted` is silent about by right: who manages the scope, where `wanted` names nobody who does, and
/// `me`, where it does not name them.
pub(super) fn comparable(live: &Value, wanted: &Value, me: Option<&str>) -> Value {
    let mut live = live.as_object().cloned().unwrap_or_default();
    let nobody = !pairs(wanted).iter().any(|(_, level)| *level == MANAGE);
    live.retain(|principal, level| {
        // The API does not say what a principal is.
        let ours =
            me.is_some_and(|me| bare(me) == bare(principal)) && wanted.get(principal).is_none();
        level != MANAGE || !(nobody || ours)
    });
    Value::Object(live)
}

fn pairs(permissions: &Value) -> Vec<(&str, &str)> {
    permissions
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(principal, level)| Some((principal.as_str(), level.as_str()?)))
        .collect()
}

fn principal(name: &str) -> String {
    match managed_principal("user", name) {
        user if user.starts_with("user:") && !name.contains('@') => format!("group:{name}"),
        known => known,
    }
}

fn bare(principal: &str) -> &str {
    principal
        .split_once(':')
        .map_or(principal, |(_, name)| name)
}
