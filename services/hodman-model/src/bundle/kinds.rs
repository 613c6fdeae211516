//! The kinds of resources that a bundle can hold, and what the bundle language does to each.
//!
//! Long because it is one table: a row for each kind. Source: the Databricks CLI 1.13 for the 33 kinds that it knows; the
//! rest are kinds of this project that bundles lack, written under `resources:` in the same way.

use Prefix::{Identifier, LastSegment, Text};
use Standing::{Extra, Refused, Usual};
use Tags::{Mapping, Pairs, PairsIn};

/// Whether a kind is managed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Bundles and this project both know it.
    Usual,
    /// Bundles lack it.
    Extra,
    /// Bundles know it and this project does not; what to do instead.
    Refused(&'static str),
}

/// How `presets.name_prefix` is put before a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Not at all: the name is a path, a secret, or limited in length.
    No,
    /// As it is.
    Text,
    /// As it is, before what follows the last slash.
    LastSegment,
    /// In small letters, and what no identifier has as `_`.
    Identifier,
}

/// How a kind writes its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// It has none that presets set.
    No,
    /// A mapping in this field.
    Mapping(&'static str),
    /// A list of `{key, value}` in this field.
    Pairs(&'static str),
    /// The same one field further in.
    PairsIn(&'static str, &'static str),
}

/// Whether a bundle's `run_as` can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunAs {
    /// It runs nothing.
    Nothing,
    /// By its field `run_as`.
    Field,
    /// It runs as who made it, or as an identity of its own.
    Cannot,
    /// It reads as who made it, where this field is on.
    Embedded(&'static str),
}

/// Whether an object runs once it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// It neither runs nor stops.
    Never,
    /// It runs, unless the bundle wants it stopped.
    AsWanted,
    /// It runs, and is of no use otherwise.
    Always,
}

/// A list whose items have a name: an override's item changes the one of that name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed {
    /// The field.
    pub list: &'static str,
    /// The name's field in each item.
    pub key: &'static str,
    /// The name of an item without one, where capitals do not matter either; none where a name is needed.
    pub default: Option<&'static str>,
    /// Whether the override's item stands in place of the other as a whole, and is not laid over it.
    pub replaces: bool,
}

/// One kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct BundleKind {
    /// The plural, as under `resources:`.
    pub name: &'static str,
    /// Whether it is managed.
    pub standing: Standing,
    /// The field with the name that people see.
    pub name_field: &'static str,
    /// What a name prefix does to it.
    pub prefix: Prefix,
    /// Where tags go.
    pub tags: Tags,
    /// The levels that `CAN_MANAGE`, `CAN_VIEW` and `CAN_RUN` of the whole bundle become; empty where one means nothing.
    pub common_levels: Option<[&'static str; 3]>,
    /// The levels that its own `permissions` may have; empty when it has no permissions.
    pub levels: &'static [&'static str],
    /// What `run_as` of the bundle does.
    pub run_as: RunAs,
    /// Whether it has `grants`.
    pub grants: bool,
    /// What `lifecycle.started` means.
    pub started: Started,
    /// Lists whose items are known by name.
    pub keyed: &'static [Keyed],
    /// The type of its fields in the field table.
    pub schema: &'static str,
}

const PLAIN: BundleKind = BundleKind {
    name: "",
    standing: Usual,
    name_field: "name",
    prefix: Prefix::No,
    tags: Tags::No,
    common_levels: None,
    levels: &[],
    run_as: RunAs::Nothing,
    grants: false,
    started: Started::Never,
    keyed: &[],
    schema: "",
};

const fn keyed(list: &'static str, key: &'static str) -> Keyed {
    Keyed {
        list,
        key,
        default: None,
        replaces: false,
    }
}

const fn extra(name: &'static str, schema: &'static str) -> BundleKind {
    BundleKind {
        name,
        standing: Extra,
        schema,
        ..PLAIN
    }
}

const fn refused(name: &'static str, advice: &'static str) -> BundleKind {
    BundleKind {
        name,
        standing: Refused(advice),
        ..PLAIN
    }
}

/// An object of Unity Catalog.
const fn catalog_object(name: &'static str, prefix: Prefix, schema: &'static str) -> BundleKind {
    BundleKind {
        name,
        prefix,
        grants: true,
        schema,
        ..PLAIN
    }
}

const BY_HAND: &str = "leave it to the bundle that has it now: take it out of this one";
const POSTGRES: &str = "databases are made by hand or by a Terraform stack: take it out";

const WORKSPACE_OBJECT: &[&str] = &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"];

/// The levels that a whole bundle can give, in the order of [`BundleKind::common_levels`].
pub(super) const COMMON_LEVELS: [&str; 3] = ["CAN_MANAGE", "CAN_VIEW", "CAN_RUN"];

/// Every kind.
pub(super) const KINDS: &[BundleKind] = &[
    BundleKind {
        name: "jobs",
        prefix: Text,
        tags: Mapping("tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_VIEW", "CAN_MANAGE_RUN"]),
        levels: &["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"],
        run_as: RunAs::Field,
        keyed: &[
            keyed("tasks", "task_key"),
            keyed("job_clusters", "job_cluster_key"),
            keyed("parameters", "name"),
            keyed("environments", "environment_key"),
        ],
        schema: "JobSettings",
        ..PLAIN
    },
    BundleKind {
        name: "pipelines",
        prefix: Text,
        tags: Mapping("tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_VIEW", "CAN_RUN"]),
        levels: &["CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"],
        run_as: RunAs::Field,
        keyed: &[Keyed {
            list: "clusters",
            key: "label",
            default: Some("default"),
            replaces: false,
        }],
        schema: "Pipeline",
        ..PLAIN
    },
    BundleKind {
        name: "clusters",
        name_field: "cluster_name",
        prefix: Text,
        tags: Mapping("custom_tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_ATTACH_TO", "CAN_RESTART"]),
        levels: &["CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"],
        started: Started::AsWanted,
        schema: "Cluster",
        ..PLAIN
    },
    BundleKind {
        name: "sql_warehouses",
        prefix: Text,
        tags: PairsIn("tags", "custom_tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_VIEW", "CAN_MONITOR"]),
        levels: &[
            "CAN_VIEW",
            "CAN_MONITOR",
            "CAN_USE",
            "CAN_MANAGE",
            "IS_OWNER",
        ],
        started: Started::AsWanted,
        schema: "Warehouse",
        ..PLAIN
    },
    BundleKind {
        name: "instance_pools",
        name_field: "instance_pool_name",
        prefix: Text,
        tags: Mapping("custom_tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_ATTACH_TO", ""]),
        levels: &["CAN_ATTACH_TO", "CAN_MANAGE"],
        schema: "InstancePool",
        ..PLAIN
    },
    BundleKind {
        name: "experiments",
        prefix: LastSegment,
        tags: Pairs("tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_READ", ""]),
        levels: &["CAN_READ", "CAN_EDIT", "CAN_MANAGE"],
        schema: "Experiment",
        ..PLAIN
    },
    BundleKind {
        name: "model_serving_endpoints",
        prefix: Identifier,
        common_levels: Some(["CAN_MANAGE", "CAN_VIEW", "CAN_QUERY"]),
        levels: &["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"],
        run_as: RunAs::Cannot,
        schema: "ServingEndpoint",
        ..PLAIN
    },
    BundleKind {
        name: "models",
        prefix: Text,
        tags: Pairs("tags"),
        common_levels: Some(["CAN_MANAGE", "CAN_READ", ""]),
        levels: &[
            "CAN_READ",
            "CAN_EDIT",
            "CAN_MANAGE_STAGING_VERSIONS",
            "CAN_MANAGE_PRODUCTION_VERSIONS",
            "CAN_MANAGE",
        ],
        schema: "Model",
        ..PLAIN
    },
    catalog_object("registered_models", Identifier, "RegisteredModel"),
    // Its name is what other bundles know it by.
    catalog_object("catalogs", Prefix::No, "Catalog"),
    catalog_object("schemas", Identifier, "Schema"),
    // The schema that it is in has the prefix.
    catalog_object("volumes", Prefix::No, "Volume"),
    catalog_object("external_locations", Prefix::No, "ExternalLocation"),
    BundleKind {
        name: "dashboards",
        name_field: "display_name",
        prefix: Text,
        common_levels: Some(["CAN_MANAGE", "CAN_READ", ""]),
        levels: WORKSPACE_OBJECT,
        run_as: RunAs::Embedded("embed_credentials"),
        schema: "Dashboard",
        ..PLAIN
    },
    BundleKind {
        name: "apps",
        common_levels: Some(["CAN_MANAGE", "CAN_USE", ""]),
        levels: &["CAN_USE", "CAN_MANAGE"],
        run_as: RunAs::Cannot,
        started: Started::Always,
        // One is a job or a secret: laid over each other they would be both.
        keyed: &[Keyed {
            replaces: true,
            ..keyed("resources", "name")
        }],
        schema: "App",
        ..PLAIN
    },
    BundleKind {
        name: "secret_scopes",
        common_levels: Some(["MANAGE", "READ", ""]),
        levels: &["READ", "WRITE", "MANAGE"],
        schema: "SecretScope",
        ..PLAIN
    },
    BundleKind {
        name: "alerts",
        name_field: "display_name",
        prefix: Text,
        common_levels: Some(["CAN_MANAGE", "CAN_READ", "CAN_RUN"]),
        levels: WORKSPACE_OBJECT,
        run_as: RunAs::Field,
        schema: "Alert",
        ..PLAIN
    },
    BundleKind {
        name: "vector_search_endpoints",
        common_levels: Some(["CAN_MANAGE", "CAN_USE", ""]),
        levels: &["CAN_CREATE", "CAN_USE", "CAN_MANAGE"],
        schema: "VectorSearchEndpoint",
        ..PLAIN
    },
    BundleKind {
        name: "vector_search_indexes",
        grants: true,
        schema: "VectorSearchIndex",
        ..PLAIN
    },
    BundleKind {
        name: "cluster_policies",
        prefix: Text,
        levels: &["CAN_USE"],
        ..extra("cluster_policies", "ClusterPolicy")
    },
    BundleKind {
        name_field: "path",
        common_levels: Some(["CAN_MANAGE", "CAN_READ", "CAN_RUN"]),
        levels: WORKSPACE_OBJECT,
        ..extra("directories", "Directory")
    },
    BundleKind {
        name_field: "path",
        common_levels: Some(["CAN_MANAGE", "CAN_READ", "CAN_RUN"]),
        levels: WORKSPACE_OBJECT,
        ..extra("git_folders", "GitFolder")
    },
    extra("git_credentials", "GitCredential"),
    BundleKind {
        name_field: "label",
        ..extra("ip_access_lists", "IpAccessList")
    },
    extra("workspace_conf", ""),
    extra("global_init_scripts", "GlobalInitScript"),
    BundleKind {
        grants: true,
        ..extra("storage_credentials", "StorageCredential")
    },
    BundleKind {
        grants: true,
        ..extra("connections", "Connection")
    },
    BundleKind {
        name_field: "display_name",
        prefix: Text,
        common_levels: Some(["CAN_MANAGE", "CAN_READ", "CAN_RUN"]),
        levels: &["CAN_READ", "CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
        ..extra("queries", "Query")
    },
    BundleKind {
        name_field: "display_name",
        ..extra("service_principals", "ServicePrincipal")
    },
    BundleKind {
        name_field: "display_name",
        ..extra("groups", "Group")
    },
    extra("secrets", "Secret"),
    refused(
        "secret_acls",
        "write them as `permissions` under their scope in `secret_scopes`",
    ),
    refused(
        "job_runs",
        "a run is no state to keep: use `verify: {run_job: …}` in environment.yaml",
    ),
    refused("quality_monitors", BY_HAND),
    refused("genie_spaces", BY_HAND),
    refused("database_instances", POSTGRES),
    refused("database_catalogs", POSTGRES),
    refused("synced_database_tables", POSTGRES),
    refused("postgres_projects", POSTGRES),
    refused("postgres_branches", POSTGRES),
    refused("postgres_endpoints", POSTGRES),
    refused("postgres_catalogs", POSTGRES),
    refused("postgres_databases", POSTGRES),
    refused("postgres_roles", POSTGRES),
    refused("postgres_synced_tables", POSTGRES),
];

/// The lists of a kind whose items are known by name.
pub(crate) fn keyed_lists(kind: &str) -> &'static [Keyed] {
    bundle_kind(kind).map_or(&[], |kind| kind.keyed)
}

/// What a level of the whole bundle's `permissions` is for a kind; none where it means nothing there.
pub(crate) fn common_level(kind: &str, level: &str) -> Option<&'static str> {
    let at = COMMON_LEVELS.iter().position(|name| *name == level)?;
    let own = bundle_kind(kind)?.common_levels?[at];
    (!own.is_empty()).then_some(own)
}

/// The kind of that name.
pub(super) fn bundle_kind(name: &str) -> Option<&'static BundleKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_cli_has_its_row_and_each_row_is_one() {
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        let extras = KINDS.iter().filter(|kind| kind.standing == Extra).count();
        // `secrets` stands for both: the scope's here, the catalog's in the CLI. `secret_acls` is nobody's.
        assert_eq!(KINDS.len() - extras + 1 - 1, 33);
    }

    #[test]
    fn every_managed_kind_can_be_written() {
        for managed in crate::kinds::KINDS {
            let name = managed.name();
            // Whose permissions they are, says where they are written.
            if name == "secret_acls" {
                continue;
            }
            let row = bundle_kind(name).unwrap_or_else(|| panic!("no row for {name}"));
            assert!(!matches!(row.standing, Refused(_)), "{name} is refused");
        }
        for kind in KINDS
            .iter()
            .filter(|kind| !matches!(kind.standing, Refused(_)))
        {
            assert!(
                crate::kinds::kind(kind.name).is_some(),
                "{} is not managed",
                kind.name
            );
        }
    }

    #[test]
    fn levels_are_those_that_the_kind_has() {
        let mut others = Vec::new();
        for managed in crate::kinds::KINDS {
            let Some(row) = bundle_kind(managed.name()) else {
                continue;
            };
            let theirs = managed.permissions().map_or(&[][..], |all| all.levels);
            // What a level was called once is taken, too.
            let today = |level: &&&str| {
                managed
                    .permissions()
                    .is_none_or(|all| all.spelled(level) == **level)
            };
            let ours: Vec<&str> = row.levels.iter().filter(today).copied().collect();
            if ours != theirs || row.grants != managed.securable().is_some() {
                others.push(row.name);
            }
        }
        assert_eq!(others, Vec::<&str>::new());
    }

    #[test]
    fn what_the_whole_bundle_gives_is_a_level_of_the_kind() {
        for kind in KINDS {
            for level in kind
                .common_levels
                .iter()
                .flatten()
                .filter(|level| !level.is_empty())
            {
                assert!(kind.levels.contains(level), "{} {level}", kind.name);
            }
        }
    }
}
