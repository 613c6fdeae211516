//! Which resource of the provider each kind is.

/// A kind in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind.
    pub kind: &'static str,
    /// The resource's type.
    pub name: &'static str,
    /// The argument of `databricks_permissions` that takes its id.
    pub permissions: Option<&'static str>,
    /// The argument of `databricks_grants` that takes its full name.
    pub grants: Option<&'static str>,
    /// The attribute that this argument takes. The provider's own `id` is no id of the API's where it is a path or a name.
    pub access: &'static str,
    /// The attribute that other resources' fields take, where a bundle has `.id`.
    pub referred: &'static str,
    /// Fields that the provider calls otherwise, by their path, and the name they have there; nothing where what it calls so is
    /// another one.
    pub renamed: &'static [(&'static str, &'static str)],
    /// What is said where nothing else is, because the provider requires the field or takes another default than the API.
    pub given: &'static [(&'static str, Given)],
    /// The one argument that takes everything.
    pub whole: Option<&'static str>,
}

/// A value that is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(&'static str),
    /// A truth.
    Bool(bool),
    /// A block with one truth in it.
    Block(&'static str, bool),
}

/// The attribute that every resource has.
const ID: &str = "id";

const fn of(kind: &'static str, name: &'static str) -> Resource {
    Resource {
        kind,
        name,
        permissions: None,
        grants: None,
        access: ID,
        referred: ID,
        renamed: &[],
        given: &[],
        whole: None,
    }
}

const fn shared(kind: &'static str, name: &'static str, argument: &'static str) -> Resource {
    Resource {
        permissions: Some(argument),
        ..of(kind, name)
    }
}

const fn granted(kind: &'static str, name: &'static str, argument: &'static str) -> Resource {
    Resource {
        grants: Some(argument),
        ..of(kind, name)
    }
}

/// Every kind that the provider has a resource for.
pub(super) const RESOURCES: &[Resource] = &[
    shared("alerts", "databricks_alert_v2", "alert_v2_id"),
    Resource {
        access: "name",
        ..shared("apps", "databricks_app", "app_name")
    },
    granted("catalogs", "databricks_catalog", "catalog"),
    shared(
        "cluster_policies",
        "databricks_cluster_policy",
        "cluster_policy_id",
    ),
    shared("clusters", "databricks_cluster", "cluster_id"),
    // Its `id` is the metastore's and the name in one.
    Resource {
        access: "name",
        referred: "name",
        ..granted("connections", "databricks_connection", "foreign_connection")
    },
    Resource {
        // True where it is not said.
        given: &[("embed_credentials", Given::Bool(false))],
        ..shared("dashboards", "databricks_dashboard", "dashboard_id")
    },
    Resource {
        access: "object_id",
        ..shared("directories", "databricks_directory", "directory_id")
    },
    shared(
        "experiments",
        "databricks_mlflow_experiment",
        "experiment_id",
    ),
    granted(
        "external_locations",
        "databricks_external_location",
        "external_location",
    ),
    of("git_credentials", "databricks_git_credential"),
    Resource {
        renamed: &[("provider", "git_provider")],
        ..shared("git_folders", "databricks_repo", "repo_id")
    },
    Resource {
        renamed: &[("script", "content_base64")],
        ..of("global_init_scripts", "databricks_global_init_script")
    },
    Resource {
        renamed: &[
            ("displayName", "display_name"),
            ("externalId", "external_id"),
        ],
        ..of("groups", "databricks_group")
    },
    shared(
        "instance_pools",
        "databricks_instance_pool",
        "instance_pool_id",
    ),
    of("ip_access_lists", "databricks_ip_access_list"),
    Resource {
        renamed: &[
            ("git_source.git_url", "url"),
            ("git_source.git_provider", "provider"),
            ("git_source.git_branch", "branch"),
            ("git_source.git_tag", "tag"),
            ("git_source.git_commit", "commit"),
            // A block `trigger` is the one and only of before.
            ("triggers", ""),
        ],
        // A bundle's job queues its runs where nothing is said, the provider's does not.
        given: &[("queue", Given::Block("enabled", true))],
        ..shared("jobs", "databricks_job", "job_id")
    },
    Resource {
        access: "serving_endpoint_id",
        ..shared(
            "model_serving_endpoints",
            "databricks_model_serving",
            "serving_endpoint_id",
        )
    },
    Resource {
        access: "registered_model_id",
        ..shared("models", "databricks_mlflow_model", "registered_model_id")
    },
    shared("pipelines", "databricks_pipeline", "pipeline_id"),
    shared("queries", "databricks_query", "sql_query_id"),
    granted("registered_models", "databricks_registered_model", "model"),
    shared("repos", "databricks_repo", "repo_id"),
    granted("schemas", "databricks_schema", "schema"),
    of("secret_acls", "databricks_secret_acl"),
    Resource {
        renamed: &[("scope", "name")],
        ..of("secret_scopes", "databricks_secret_scope")
    },
    of("secrets", "databricks_secret"),
    Resource {
        renamed: &[
            ("displayName", "display_name"),
            ("externalId", "external_id"),
            ("applicationId", "application_id"),
        ],
        ..of("service_principals", "databricks_service_principal")
    },
    shared(
        "sql_warehouses",
        "databricks_sql_endpoint",
        "sql_endpoint_id",
    ),
    granted(
        "storage_credentials",
        "databricks_storage_credential",
        "storage_credential",
    ),
    Resource {
        access: "endpoint_id",
        given: &[("endpoint_type", Given::Text("STANDARD"))],
        ..shared(
            "vector_search_endpoints",
            "databricks_vector_search_endpoint",
            "vector_search_endpoint_id",
        )
    },
    // The grants API counts indexes among tables.
    granted(
        "vector_search_indexes",
        "databricks_vector_search_index",
        "table",
    ),
    Resource {
        given: &[("volume_type", Given::Text("MANAGED"))],
        ..granted("volumes", "databricks_volume", "volume")
    },
    Resource {
        whole: Some("custom_config"),
        ..of("workspace_conf", "databricks_workspace_conf")
    },
];

/// The resource of a kind; none where the provider has none.
#[must_use]
pub fn resource_of(kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.kind == kind)
}
