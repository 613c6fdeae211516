//! Grants: who has which privilege on what, directly and from above.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Value, json};

use super::ROOT;
use super::desk::{Desk, serves};
use super::kind::Kind;
use super::metastore::{Metastore, Securable};
use super::pages::paged;
use super::privileges::{checked, is_inherited_by};
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let direct = format!("{ROOT}/permissions/{{type}}/{{name}}");
    let effective = format!("{ROOT}/effective-permissions/{{type}}/{{name}}");
    Router::new()
        .route(&direct, serves(MethodFilter::GET, show))
        .route(&direct, serves(MethodFilter::PATCH, change))
        .route(&effective, serves(MethodFilter::GET, show_effective))
}

/// What a call speaks of; `None` is the metastore. Models go by the type of functions, too.
fn target(desk: &Desk<'_>, call: &Call) -> Result<Option<Kind>, ApiError> {
    let (word, name) = (call.param("type"), call.param("name"));
    let upper = word.to_uppercase().replace('-', "_");
    if upper == "METASTORE" {
        return if name == desk.metastore.id {
            Ok(None)
        } else {
            let message = format!("Metastore '{name}' does not exist.");
            Err(ApiError::new(404, "METASTORE_DOES_NOT_EXIST", message))
        };
    }
    let upper = match upper.as_str() {
        "REGISTERED_MODEL" => "MODEL",
        "FUNCTION" if desk.metastore.contains(Kind::Model, name) => "MODEL",
        upper => upper,
    };
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.securable() == upper)
        .ok_or_else(|| ApiError::invalid(format!("'{word}' is not a known type of securable.")))?;
    desk.get(kind, name)?;
    Ok(Some(kind))
}

fn securable<'a>(
    metastore: &'a Metastore,
    kind: Option<Kind>,
    name: &str,
) -> Result<&'a Securable, ApiError> {
    match kind {
        Some(kind) => metastore.get(kind, name),
        None => Ok(&metastore.own),
    }
}

/// Direct grants, of one principal when the call names one.
fn assignments(securable: &Securable, principal: Option<&str>) -> Vec<Value> {
    let grants = securable.grants.iter();
    grants
        .filter(|(its, _)| principal.is_none_or(|principal| principal == its.as_str()))
        .map(|(principal, privileges)| json!({"principal": principal, "privileges": privileges}))
        .collect()
}

fn show(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = target(desk, call)?;
    let securable = securable(desk.metastore, kind, call.param("name"))?;
    let rows = assignments(securable, call.query("principal").map(kept).as_deref());
    paged(rows, "privilege_assignments", call)
}

/// Users are kept in lower case, whatever the call writes.
fn kept(principal: &str) -> String {
    match principal.contains('@') {
        true => principal.to_lowercase(),
        false => principal.to_owned(),
    }
}

/// One change of one principal: what to add, what to remove.
struct Change {
    principal: String,
    add: Vec<String>,
    remove: Vec<String>,
}

fn read(kind: Option<Kind>, name: &str, change: &Value) -> Result<Change, ApiError> {
    let principal = change.get("principal").and_then(Value::as_str);
    let principal = principal
        .filter(|principal| !principal.is_empty())
        .ok_or_else(|| ApiError::invalid("Missing required field: principal"))?;
    let privileges = |field: &str| {
        let named = change.get(field).and_then(Value::as_array);
        let named = named.into_iter().flatten().filter_map(Value::as_str);
        named
            .map(|privilege| checked(kind, name, privilege))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Change {
        principal: kept(principal),
        add: privileges("add")?,
        remove: privileges("remove")?,
    })
}

/// All changes or none; a principal without privileges is gone.
fn change(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = target(desk, call)?;
    let name = call.param("name");
    let changes = call.body.get("changes").and_then(Value::as_array);
    let changes = changes
        .into_iter()
        .flatten()
        .map(|change| read(kind, name, change))
        .collect::<Result<Vec<_>, _>>()?;
    let securable = match kind {
        Some(kind) => desk.metastore.get_mut(kind, name)?,
        None => &mut desk.metastore.own,
    };
    for change in changes {
        let privileges = securable.grants.entry(change.principal).or_default();
        privileges.extend(change.add);
        privileges.retain(|privilege| !change.remove.contains(privilege));
    }
    securable
        .grants
        .retain(|_, privileges| !privileges.is_empty());
    if call.flag("omit_permissions_in_response") {
        return Ok(json!({}));
    }
    let rows = assignments(securable, None);
    Ok(if rows.is_empty() {
        json!({})
    } else {
        json!({ "privilege_assignments": rows })
    })
}

/// Direct grants and those of the schema and the catalog above; those of the metastore go no further.
fn show_effective(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let kind = target(desk, call)?;
    let name = call.param("name");
    let mut rows: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let own = securable(desk.metastore, kind, name)?;
    for (principal, privileges) in &own.grants {
        let its = rows.entry(principal).or_default();
        its.extend(
            privileges
                .iter()
                .map(|privilege| json!({ "privilege": privilege })),
        );
    }
    let mut above = kind.and_then(Kind::parent);
    let mut path = name;
    while let (Some(parent), Some((parent_name, _))) = (above, path.rsplit_once('.')) {
        let from = desk.metastore.get(parent, parent_name)?;
        for (principal, privileges) in &from.grants {
            let inherited = privileges
                .iter()
                .filter(|privilege| kind.is_some_and(|kind| is_inherited_by(kind, privilege)));
            let its = inherited.map(|privilege| {
                json!({
                    "privilege": privilege,
                    "inherited_from_type": parent.securable(),
                    "inherited_from_name": parent_name,
                })
            });
            rows.entry(principal).or_default().extend(its);
        }
        (above, path) = (parent.parent(), parent_name);
    }
    let principal = call.query("principal").map(kept);
    let rows = rows
        .into_iter()
        .filter(|(its, privileges)| {
            !privileges.is_empty()
                && principal
                    .as_deref()
                    .is_none_or(|principal| principal == *its)
        })
        .map(|(principal, privileges)| json!({"principal": principal, "privileges": privileges}))
        .collect();
    paged(rows, "privilege_assignments", call)
}
