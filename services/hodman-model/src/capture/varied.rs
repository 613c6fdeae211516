//! Values that differ between environments although they mean the same: node types, principals, addresses. In a bundle
//! each is a variable; what stands for it elsewhere is in that environment's `identity`.

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
        fields: &["catalog", "catalog_name"],
    },
    Sort {
        name: "principals",
        word: "principal",
        fields: &[
            "owner",
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
        ],
    },
    Sort {
        name: "pause_statuses",
        word: "pause_status",
        fields: &["pause_status"],
    },
    Sort {
        name: "storage",
        word: "storage",
        fields: &[],
    },
];

/// Groups that every workspace or account has under that name.
const EVERYWHERE: &[&str] = &["admins", "users", "account users"];

/// The sort of the text at `path`, the keys from the resource on.
pub(super) fn sort_of(kind: &str, path: &[&str], text: &str) -> Option<&'static Sort> {
    if text.is_empty() || text.contains("${") || text.contains("{{") {
        return None;
    }
    let named = |name: &str| SORTS.iter().find(|sort| sort.name == name);
    if ["s3://", "s3a://", "abfss://", "gs://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
    {
        return named("storage");
    }
    if kind == "catalogs" && path == ["name"] {
        return named("catalogs");
    }
    let field = path.last()?;
    // Destinations of webhooks are {on_failure: [{id: …}]}.
    if *field == "id" && path.contains(&"webhook_notifications") {
        return named("notifications");
    }
    let sort = SORTS.iter().find(|sort| sort.fields.contains(field))?;
    match sort.name {
        "principals" if EVERYWHERE.contains(&text) => None,
        "pause_statuses" if text != "PAUSED" => None,
        _ => Some(sort),
    }
}
