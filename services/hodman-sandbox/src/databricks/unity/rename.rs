//! Renames: what lies in it and what refers to it follow.

use serde_json::{Value, json};

use super::checks;
use super::kind::Kind;
use super::metastore::{Metastore, Securable};
use crate::databricks::error::ApiError;

/// The new last part of the name, when it is a good one and free.
pub(super) fn checked(
    metastore: &Metastore,
    kind: Kind,
    full_name: &str,
    new_name: &str,
) -> Result<String, ApiError> {
    let new_name = checks::good_name(kind, new_name)?;
    let wanted = beside(kind, full_name, &new_name);
    let same = Kind::key(&wanted) == Kind::key(full_name);
    if !same && metastore.contains(kind, &wanted) {
        return Err(kind.exists(&new_name));
    }
    Ok(new_name)
}

/// Full name of `name` in the place of `full_name`.
fn beside(kind: Kind, full_name: &str, name: &str) -> String {
    let place = full_name
        .rsplit_once('.')
        .filter(|_| kind.parent().is_some());
    place.map_or_else(|| name.to_owned(), |(place, _)| format!("{place}.{name}"))
}

/// Renames; answers the new full name.
pub(super) fn rename(
    metastore: &mut Metastore,
    kind: Kind,
    full_name: &str,
    new_name: &str,
) -> String {
    let wanted = beside(kind, full_name, new_name);
    let inside = metastore.inside(kind, full_name);
    if let Some(mut securable) = metastore.take(&(kind, Kind::key(full_name))) {
        securable.row.insert("name".into(), json!(new_name));
        securable.row.insert("full_name".into(), json!(wanted));
        metastore.insert(kind, &wanted, securable);
    }
    for key in inside {
        let rest = key.1.get(Kind::key(full_name).len()..).unwrap_or_default();
        let its_name = format!("{wanted}{rest}");
        if let Some(mut securable) = metastore.take(&key) {
            moved(&mut securable, kind, new_name, &its_name);
            metastore.insert(key.0, &its_name, securable);
        }
    }
    follow(metastore, kind, full_name, new_name);
    wanted
}

/// Something in a renamed catalog or schema.
fn moved(securable: &mut Securable, renamed: Kind, new_name: &str, full_name: &str) {
    let field = if renamed == Kind::Catalog {
        "catalog_name"
    } else {
        "schema_name"
    };
    securable.row.insert(field.into(), json!(new_name));
    securable.row.insert("full_name".into(), json!(full_name));
}

/// External locations follow their credential, foreign catalogs their connection.
fn follow(metastore: &mut Metastore, kind: Kind, old_name: &str, new_name: &str) {
    let (users, field) = match kind {
        Kind::StorageCredential => (Kind::ExternalLocation, "credential_name"),
        Kind::Connection => (Kind::Catalog, "connection_name"),
        _ => return,
    };
    for user in metastore.of_kind_mut(users) {
        let named = user.row.get(field).and_then(Value::as_str).map(Kind::key);
        if named == Some(Kind::key(old_name)) {
            user.row.insert(field.into(), json!(Kind::key(new_name)));
        }
    }
}
