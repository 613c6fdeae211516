//! Places in cloud storage: which external location covers one, what lies there, and whether a credential opens it.

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Map, Value, json};

use super::checks::role_problem;
use super::desk::{Desk, serves};
use super::kind::Kind;
use super::metastore::Metastore;
use super::{ROOT, metastore::Securable};
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let path = format!("{ROOT}/validate-storage-credentials");
    Router::new().route(&path, serves(MethodFilter::POST, validate))
}

/// A place as the service keeps it: without a slash at the end.
pub(super) fn url(text: &str) -> Result<String, ApiError> {
    const SCHEMES: [&str; 4] = ["s3://", "abfss://", "gs://", "r2://"];
    let rest = SCHEMES
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .map(|rest| rest.trim_end_matches('/'));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(ApiError::invalid(format!(
            "'{text}' is not a URL of cloud storage."
        ))),
    }
}

/// Whether `place` is `root` or below it.
fn is_under(place: &str, root: &str) -> bool {
    place
        .strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn text<'a>(row: &'a Map<String, Value>, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Storage root of the metastore, if it has one.
pub(super) fn root(metastore: &Metastore) -> Option<&str> {
    let root = metastore.own.row.get("storage_root");
    root.and_then(Value::as_str).filter(|root| !root.is_empty())
}

/// Where managed data of a schema goes: the schema's own storage, else the catalog's, else the metastore's.
pub(super) fn managed_root(
    metastore: &Metastore,
    catalog: &str,
    schema: &str,
) -> Result<String, ApiError> {
    let above = [
        (Kind::Schema, format!("{catalog}.{schema}")),
        (Kind::Catalog, catalog.to_owned()),
    ];
    for (kind, name) in above {
        let place = text(&metastore.get(kind, &name)?.row, "storage_location");
        if !place.is_empty() {
            return Ok(place.to_owned());
        }
    }
    root(metastore).map(str::to_owned).ok_or_else(|| {
        ApiError::state("Metastore storage root URL does not exist. Please provide a storage location for the catalog or schema.")
    })
}

/// Refuses a place that no external location covers.
pub(super) fn must_be_covered(metastore: &Metastore, place: &str) -> Result<(), ApiError> {
    let mut locations = metastore.of_kind(Kind::ExternalLocation);
    if locations.any(|(_, location)| is_under(place, text(&location.row, "url"))) {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "No parent external location was found for path '{place}'. Please create an external location on one of the parent paths and then retry the query or command again."
    )))
}

/// Refuses a place that a table or a volume has, or that is around or inside one of theirs.
pub(super) fn must_be_free(metastore: &Metastore, place: &str) -> Result<(), ApiError> {
    let kinds = [Kind::Table, Kind::Volume, Kind::Model];
    let taken = kinds.into_iter().flat_map(|kind| metastore.of_kind(kind));
    let mut taken = taken.filter(|(_, securable)| {
        let other = text(&securable.row, "storage_location");
        !other.is_empty() && (is_under(other, place) || is_under(place, other))
    });
    taken.next().map_or(Ok(()), |(name, _)| {
        Err(ApiError::invalid(format!(
            "Input path url '{place}' overlaps with other external tables or volumes. Conflicting tables/volumes: {name}."
        )))
    })
}

/// Refuses a URL of an external location around or inside another's.
pub(super) fn refuse_overlap(
    metastore: &Metastore,
    place: &str,
    except: Option<&str>,
) -> Result<(), ApiError> {
    let except = except.map(Kind::key);
    let mut others = metastore
        .of_kind(Kind::ExternalLocation)
        .filter(|(name, _)| Some(*name) != except.as_deref())
        .map(|(name, location)| (name, text(&location.row, "url")));
    let overlap = others.find(|(_, other)| is_under(other, place) || is_under(place, other));
    overlap.map_or(Ok(()), |(name, _)| {
        Err(ApiError::invalid(format!(
            "Input path url '{place}' overlaps with other external locations. Conflicting location: {name}."
        )))
    })
}

/// How many securables of the kind, of those that `counts` takes, lie below a place.
fn count(
    metastore: &Metastore,
    kind: Kind,
    place: &str,
    counts: impl Fn(&Securable) -> bool,
) -> usize {
    let field = if matches!(kind, Kind::Catalog | Kind::Schema) {
        "storage_root"
    } else {
        "storage_location"
    };
    let below = metastore.of_kind(kind);
    below
        .filter(|(_, securable)| is_under(text(&securable.row, field), place) && counts(securable))
        .count()
}

/// Whether anything lies below a place.
pub(super) fn is_used(metastore: &Metastore, place: &str) -> bool {
    let kinds = [
        Kind::Catalog,
        Kind::Schema,
        Kind::Table,
        Kind::Volume,
        Kind::Model,
    ];
    kinds
        .into_iter()
        .any(|kind| count(metastore, kind, place, |_| true) > 0)
}

/// The refusal to delete an external location that is in use, in the service's words.
pub(super) fn refuse_delete_of_location(metastore: &Metastore, name: &str) -> Result<(), ApiError> {
    let location = metastore.get(Kind::ExternalLocation, name)?;
    let place = text(&location.row, "url");
    if !is_used(metastore, place) {
        return Ok(());
    }
    let of = |kind, field: &'static str, value: &'static str| {
        count(metastore, kind, place, |securable| {
            text(&securable.row, field) == value
        })
    };
    let all = |kind| count(metastore, kind, place, |_| true);
    Err(ApiError::state(format!(
        "Cannot delete external location (name = {name}) because the location has 0 dependent metastores, {} dependent catalogs, {} dependent schemas, {} dependent managed tables, {} dependent external tables, {} dependent external volumes, {} dependent managed volumes, {} dependent registered models. You may use force option to delete it but the managed storage data under this location cannot be purged by Unity Catalog anymore.",
        all(Kind::Catalog),
        all(Kind::Schema),
        of(Kind::Table, "table_type", "MANAGED"),
        of(Kind::Table, "table_type", "EXTERNAL"),
        of(Kind::Volume, "volume_type", "EXTERNAL"),
        of(Kind::Volume, "volume_type", "MANAGED"),
        all(Kind::Model),
    )))
}

/// The refusal to delete a storage credential that is in use, in the service's words.
pub(super) fn refuse_delete_of_credential(
    metastore: &Metastore,
    name: &str,
) -> Result<(), ApiError> {
    let locations = metastore.of_kind(Kind::ExternalLocation);
    let users = locations
        .filter(|(_, location)| {
            Kind::key(text(&location.row, "credential_name")) == Kind::key(name)
        })
        .count();
    if users == 0 {
        return Ok(());
    }
    Err(ApiError::state(format!(
        "Storage credential '{name}' has 0 directly dependent external table(s) and {users} dependent storage location(s). You may use force option to delete it but the managed storage data using this storage credential cannot be purged by Unity Catalog anymore."
    )))
}

/// What can be done with a credential at a place; without AWS all can, but for roles that the test has broken.
fn validate(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let metastore = &*desk.metastore;
    let role = match call.text("storage_credential_name") {
        Some(name) => desk
            .get(Kind::StorageCredential, name)?
            .row
            .get("aws_iam_role"),
        None => call.body.get("aws_iam_role"),
    };
    let role = role
        .and_then(|role| role.get("role_arn"))
        .and_then(Value::as_str)
        .ok_or_else(|| ApiError::invalid("Missing required field: storage_credential_name"))?;
    match (call.text("external_location_name"), call.text("url")) {
        (Some(name), _) => drop(desk.get(Kind::ExternalLocation, name)?),
        (None, Some(place)) => drop(url(place)?),
        (None, None) => {
            return Err(ApiError::invalid(
                "Either a url or an external_location_name is required.",
            ));
        }
    }
    let problem = role_problem(metastore, role);
    let operations: &[&str] = if call.flag("read_only") {
        &["LIST", "READ"]
    } else {
        &["LIST", "READ", "WRITE", "DELETE"]
    };
    let results: Vec<Value> = operations
        .iter()
        .map(|operation| match &problem {
            Some(problem) => {
                json!({"operation": operation, "result": "FAIL", "message": problem.message})
            }
            None => json!({"operation": operation, "result": "PASS", "message": ""}),
        })
        .collect();
    Ok(json!({"isDir": true, "results": results}))
}
