//! Kinds of objects that have permissions, and their levels.

use super::Acl;
use crate::databricks::error::ApiError;

/// One kind.
#[derive(Debug)]
pub(super) struct Kind {
    /// As the path of the API says it.
    pub(super) name: &'static str,
    /// From weakest to strongest.
    pub(super) levels: &'static [&'static str],
}

const FILE_LEVELS: &[&str] = &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"];
const WAREHOUSE_LEVELS: &[&str] = &[
    "CAN_VIEW",
    "CAN_MONITOR",
    "CAN_USE",
    "CAN_MANAGE",
    "IS_OWNER",
];

const QUERY_LEVELS: &[&str] = &["CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"];

const KINDS: [Kind; 22] = [
    Kind {
        name: "jobs",
        levels: &["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"],
    },
    Kind {
        name: "pipelines",
        levels: &["CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"],
    },
    Kind {
        name: "clusters",
        levels: &["CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"],
    },
    Kind {
        name: "warehouses",
        levels: WAREHOUSE_LEVELS,
    },
    Kind {
        name: "sql/warehouses",
        levels: WAREHOUSE_LEVELS,
    },
    Kind {
        name: "cluster-policies",
        levels: &["CAN_USE"],
    },
    Kind {
        name: "instance-pools",
        levels: &["CAN_ATTACH_TO", "CAN_MANAGE"],
    },
    Kind {
        name: "notebooks",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "files",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "directories",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "repos",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "dashboards",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "queries",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "alerts",
        levels: QUERY_LEVELS,
    },
    Kind {
        name: "alertsv2",
        levels: FILE_LEVELS,
    },
    Kind {
        name: "serving-endpoints",
        levels: &["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"],
    },
    Kind {
        name: "experiments",
        levels: &["CAN_READ", "CAN_EDIT", "CAN_MANAGE"],
    },
    Kind {
        name: "registered-models",
        levels: &[
            "CAN_READ",
            "CAN_EDIT",
            "CAN_MANAGE_STAGING_VERSIONS",
            "CAN_MANAGE_PRODUCTION_VERSIONS",
            "CAN_MANAGE",
        ],
    },
    Kind {
        name: "apps",
        levels: &["CAN_USE", "CAN_MANAGE"],
    },
    Kind {
        name: "vector-search-endpoints",
        levels: &["CAN_USE", "CAN_MANAGE"],
    },
    Kind {
        name: "authorization/tokens",
        levels: &["CAN_USE", "CAN_MANAGE"],
    },
    Kind {
        name: "authorization/passwords",
        levels: &["CAN_USE"],
    },
];

impl Kind {
    pub(super) fn of(name: &str) -> Result<&'static Self, ApiError> {
        let name = if name == "sql/warehouses" {
            "warehouses"
        } else {
            name
        };
        KINDS
            .iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| ApiError::invalid(format!("'{name}' is not a known object type.")))
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|kind| kind.name)
    }

    fn has_owner(&self) -> bool {
        self.levels.contains(&"IS_OWNER")
    }

    pub(super) fn of_creator(&self) -> &'static str {
        if self.has_owner() {
            "IS_OWNER"
        } else {
            self.highest()
        }
    }

    /// Strongest level that can be inherited.
    pub(super) fn highest(&self) -> &'static str {
        self.levels
            .iter()
            .rev()
            .find(|level| **level != "IS_OWNER")
            .copied()
            .unwrap_or("CAN_MANAGE")
    }

    /// Where inherited entries come from.
    pub(super) fn root(&self) -> &'static str {
        match self.name {
            "notebooks" | "files" | "repos" | "dashboards" | "queries" | "alerts" | "alertsv2"
            | "experiments" => "directories",
            name => name,
        }
    }

    /// `object_type` of an answer: the kind in the singular.
    pub(super) fn object_type(&self) -> &'static str {
        match self.name {
            "jobs" => "job",
            "pipelines" => "pipelines",
            "clusters" => "cluster",
            "cluster-policies" => "cluster-policy",
            "instance-pools" => "instance-pool",
            "notebooks" => "notebook",
            "files" => "file",
            "directories" => "directory",
            "repos" => "repo",
            "dashboards" => "dashboard",
            "queries" => "query",
            "alerts" => "alert",
            "alertsv2" => "alertv2",
            "experiments" => "mlflowExperiment",
            "registered-models" => "registered-model",
            "serving-endpoints" => "serving-endpoint",
            name => name,
        }
    }

    /// Only levels of this kind; exactly one owner where the kind has owners.
    pub(super) fn checked(&self, mut acl: Acl) -> Result<Acl, ApiError> {
        if self.name == "queries" {
            // What it was called once.
            let old = acl.values_mut().filter(|level| *level == "CAN_VIEW");
            old.for_each(|level| *level = "CAN_READ".to_owned());
        }
        if let Some(level) = acl
            .values()
            .find(|level| !self.levels.contains(&level.as_str()))
        {
            return Err(ApiError::invalid(format!(
                "Permission level {level} is not supported for {}.",
                self.name
            )));
        }
        let owners = acl.values().filter(|level| *level == "IS_OWNER").count();
        if self.has_owner() && owners != 1 {
            return Err(ApiError::invalid(format!(
                "The {} must have exactly one owner, {owners} were given.",
                self.object_type()
            )));
        }
        Ok(acl)
    }
}
