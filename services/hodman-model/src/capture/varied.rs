//! Values that differ between environments although they mean the same: node types, principals, addresses. In a bundle
//! each is a variable; what stands for it elsewhere is in that environment's `identity`.

use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::kinds::pattern::{Keep, Pattern};

/// One sort of such values.
#[derive(Debug, PartialEq, Eq)]
pub struct Sort {
    /// Its name under `identity` in `environment.yaml`.
    pub name: &'static str,
    /// The word that its variables' names begin with.
    pub word: &'static str,
    /// The fields that hold one, wherever they stand.
    fields: &'static [&'static str],
}

/// All sorts.
pub const SORTS: &[Sort] = &[
    Sort {
        name: "node_types",
        word: "node_type",
        fields: &["node_type_id", "driver_node_type_id"],
    },
    Sort {
        name: "warehouses",
        word: "warehouse",
        fields: &["warehouse_id"],
    },
    Sort {
        name: "cluster_policies",
        word: "policy",
        fields: &["policy_id"],
    },
    Sort {
        name: "instance_pools",
        word: "pool",
        fields: &["instance_pool_id", "driver_instance_pool_id"],
    },
    Sort {
        name: "instance_profiles",
        word: "instance_profile",
        fields: &["instance_profile_arn"],
    },
    Sort {
        name: "catalogs",
        word: "catalog",
        fields: &[
            "catalog",
            "catalog_name",
            "dataset_catalog",
            "destination_catalog",
            "gateway_storage_catalog",
        ],
    },
    Sort {
        name: "principals",
        word: "principal",
        fields: &[
            "owner",
            "owner_user_name",
            "single_user_name",
            "user_name",
            "service_principal_name",
            "group_name",
            "principal",
        ],
    },
    Sort {
        name: "notifications",
        word: "notify",
        fields: &[
            "on_start",
            "on_success",
            "on_failure",
            "on_duration_warning_threshold_exceeded",
            "on_streaming_backlog_exceeded",
            "email_recipients",
            // Whom an alert tells.
            "user_email",
            "destination_id",
        ],
    },
    Sort {
        name: "pause_statuses",
        word: "pause_status",
        fields: &["pause_status"],
    },
    Sort {
        name: "budget_policies",
        word: "budget_policy",
        fields: &["budget_policy_id", "usage_policy_id"],
    },
    Sort {
        name: "zones",
        word: "zone",
        fields: &["zone_id"],
    },
    Sort {
        name: "storage",
        word: "storage",
        fields: &[],
    },
];

/// Groups that every workspace or account has under that name.
const EVERYWHERE: &[&str] = &["admins", "users", "account users"];
/// Catalogs that every workspace has under that name.
const CATALOGS_EVERYWHERE: &[&str] = &["system", "samples", "hive_metastore", "spark_catalog"];
/// Fields with whole names, `catalog.schema.name`, of what stands in Unity Catalog.
const FULL_NAMES: &[&str] = &[
    "embedding_writeback_table",
    "entity_name",
    "model_name",
    "securable_full_name",
    "securable_name",
    "source_table",
    "table_name",
    "table_names",
];
/// What volumes' files begin with.
const VOLUMES: &[&str] = &["/Volumes/", "dbfs:/Volumes/"];

/// The sort of that name.
pub(super) fn sort_called(name: &str) -> Option<&'static Sort> {
    SORTS.iter().find(|sort| sort.name == name)
}

/// The sort of the text at `path`, the keys from the resource on.
pub(super) fn sort_of(kind: &str, path: &[&str], text: &str) -> Option<&'static Sort> {
    if text.is_empty() || text.contains("${") || text.contains("{{") {
        return None;
    }
    if ["s3://", "s3a://", "abfss://", "gs://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
    {
        return sort_called("storage");
    }
    if kind == "catalogs" && path == ["name"] {
        return sort_called("catalogs");
    }
    let field = path.last()?;
    // Destinations of webhooks are {on_failure: [{id: …}]}.
    if *field == "id" && path.contains(&"webhook_notifications") {
        return sort_called("notifications");
    }
    let sort = SORTS.iter().find(|sort| sort.fields.contains(field))?;
    match sort.name {
        "principals" if EVERYWHERE.contains(&text) => None,
        "catalogs" if CATALOGS_EVERYWHERE.contains(&text) => None,
        // Wherever there is one.
        "zones" if text == "auto" => None,
        _ => Some(sort),
    }
}

/// The catalog in a text at `path` that is more than its name (`catalog.schema.table`, `/Volumes/catalog/…`), with what
/// stands before and after it.
pub(super) fn catalog_in<'t>(
    kind: &str,
    path: &[&str],
    text: &'t str,
) -> Option<(&'t str, &'t str, &'t str)> {
    let field = path.last()?;
    let start = match VOLUMES.iter().find(|start| text.starts_with(**start)) {
        Some(start) => start.len(),
        None => {
            let whole =
                FULL_NAMES.contains(field) || kind == "vector_search_indexes" && path == ["name"];
            let parts = text.split('.').filter(|part| is_name(part)).count();
            if !whole || parts != 3 || text.matches('.').count() != 2 {
                return None;
            }
            0
        }
    };
    let end = text[start..].find(['/', '.'])? + start;
    let catalog = &text[start..end];
    (is_name(catalog) && !CATALOGS_EVERYWHERE.contains(&catalog))
        .then(|| (&text[..start], catalog, &text[end..]))
}

/// What starts by itself is not paused when nothing is said; elsewhere that is not meant by itself, so what is written says
/// it. In a form it is left out as every default is.
pub(super) fn with_pauses(kind: &dyn Kind, form: &Value) -> Value {
    let mut form = form.clone();
    let unpaused = json!("UNPAUSED");
    for default in &kind.rules().defaults {
        let at = default.at.to_string();
        let Some(starts) = at
            .strip_suffix(".pause_status")
            .filter(|_| default.value == unpaused)
        else {
            continue;
        };
        Pattern::new(starts).visit(&mut form, &mut |value| {
            if let Value::Object(map) = value {
                map.entry("pause_status")
                    .or_insert_with(|| unpaused.clone());
            }
            Keep::Yes
        });
    }
    form
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && !part.contains([' ', '/', '{', '$'])
}
