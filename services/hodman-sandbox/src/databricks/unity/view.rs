//! How a securable is shown: its row, and what follows from where it lies.

use serde_json::{Value, json};

use super::kind::Kind;
use super::metastore::{Metastore, Securable};

/// The row with computed fields.
pub(super) fn of(metastore: &Metastore, kind: Kind, securable: &Securable) -> Value {
    let mut row = securable.row.clone();
    if matches!(kind, Kind::Catalog | Kind::Schema) {
        let flag = optimization(metastore, kind, securable);
        row.insert("effective_predictive_optimization_flag".into(), flag);
    }
    if kind == Kind::StorageCredential {
        let root = metastore.own.row.get("storage_root_credential_id");
        let managed = root.is_some() && root == row.get("id");
        row.insert("used_for_managed_storage".into(), json!(managed));
    }
    Value::Object(row)
}

/// Whether predictive optimization works for it, and from where that comes.
fn optimization(metastore: &Metastore, kind: Kind, securable: &Securable) -> Value {
    let said = |securable: &Securable| {
        let value = securable.row.get("enable_predictive_optimization");
        let value = value.and_then(Value::as_str).unwrap_or("INHERIT");
        (value != "INHERIT").then(|| value.to_owned())
    };
    if let Some(value) = said(securable) {
        return json!({ "value": value });
    }
    let catalog = securable.row.get("catalog_name").and_then(Value::as_str);
    let above = catalog
        .filter(|_| kind == Kind::Schema)
        .and_then(|name| Some((name, metastore.get(Kind::Catalog, name).ok()?)));
    if let Some((name, value)) = above.and_then(|(name, catalog)| Some((name, said(catalog)?))) {
        return json!({
            "value": value,
            "inherited_from_type": "CATALOG",
            "inherited_from_name": name,
        });
    }
    json!({
        "value": "DISABLE",
        "inherited_from_type": "METASTORE",
        "inherited_from_name": metastore.name(),
    })
}

/// Aliases of a model with the version of each.
pub(super) fn aliases(model: &Securable) -> Value {
    let aliases = model.aliases.iter();
    let rows = aliases.map(|(name, version)| {
        json!({
            "alias_name": name,
            "version_num": version,
            "catalog_name": model.row.get("catalog_name"),
            "schema_name": model.row.get("schema_name"),
            "model_name": model.row.get("name"),
        })
    });
    rows.collect()
}
