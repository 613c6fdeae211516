//! By what the provider imports: mostly the object's own id, sometimes a form of the provider's.

use serde_json::Value;

use crate::kinds::kind;

/// The id in the `import` block of an object.
pub(super) fn of_object(kind: &str, id: &str, outputs: &Value) -> String {
    let metastore = outputs.get("metastore_id").and_then(Value::as_str);
    match (kind, metastore) {
        ("connections", Some(metastore)) => format!("{metastore}|{id}"),
        _ => id.to_owned(),
    }
}

/// The id in the `import` block of an object's permissions: the path of the request that the provider sends for them.
pub(super) fn of_permissions(name: &str, id: &str, outputs: &Value) -> String {
    let known = kind(name).and_then(|kind| kind.permissions());
    let object_type = match name {
        // Two that it asks for by their older names.
        "sql_warehouses" => "sql/warehouses",
        "queries" => "sql/queries",
        other => known.map_or(other, |known| known.object_type),
    };
    let own = known
        .and_then(|known| outputs.get(known.id_output?)?.as_str())
        .unwrap_or(id);
    format!("/{object_type}/{own}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_as_the_provider_documents_them() {
        let none = Value::Null;
        let objects = [
            ("jobs", "11", &none, "11"),
            ("schemas", "c.s", &none, "c.s"),
            ("secret_scopes", "shop", &none, "shop"),
            (
                "connections",
                "db",
                &json!({"metastore_id": "m-1"}),
                "m-1|db",
            ),
        ];
        for (kind, id, outputs, wanted) in objects {
            assert_eq!(of_object(kind, id, outputs), wanted, "{kind}");
        }
        let permissions = [
            ("jobs", "11", &none, "/jobs/11"),
            ("clusters", "c-1", &none, "/clusters/c-1"),
            ("cluster_policies", "P", &none, "/cluster-policies/P"),
            ("instance_pools", "p", &none, "/instance-pools/p"),
            ("sql_warehouses", "w", &none, "/sql/warehouses/w"),
            ("queries", "q", &none, "/sql/queries/q"),
            ("dashboards", "d", &none, "/dashboards/d"),
            ("git_folders", "7", &none, "/repos/7"),
            (
                "model_serving_endpoints",
                "chat",
                &json!({"endpoint_id": "e-9"}),
                "/serving-endpoints/e-9",
            ),
            (
                "directories",
                "/Workspace/Shared/x",
                &json!({"object_id": "5"}),
                "/directories/5",
            ),
        ];
        for (kind, id, outputs, wanted) in permissions {
            assert_eq!(of_permissions(kind, id, outputs), wanted, "{kind}");
        }
    }
}
