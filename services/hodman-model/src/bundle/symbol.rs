//! What a resolved bundle leaves open because only a workspace knows it, and where it was asked for.

use serde::{Deserialize, Serialize};

use crate::files::node::Place;

/// A place in one of the bundle's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Path in the repository.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl From<&Place> for Position {
    fn from(place: &Place) -> Self {
        Self {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
        }
    }
}

/// An object of the workspace that a variable asks for by name. Wherever the variable was used stands
/// [`Lookup::placeholder`], to be replaced by the object's id, workspace by workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lookup {
    /// The word of the bundle language: one of [`Lookup::KINDS`], or [`Lookup::CURRENT_USER`].
    pub kind: String,
    /// The object's name, verbatim; of who deploys the field.
    pub name: String,
    /// The variable that asks; what is written, for who deploys.
    pub variable: String,
    /// Where it asks.
    pub position: Position,
}

impl Lookup {
    /// What can be looked up, with the kind of resource that it is here, where it is one.
    ///
    /// The value is the object's id; of a service principal its application id.
    pub const KINDS: [(&'static str, Option<&'static str>); 12] = [
        ("alert", Some("alerts")),
        ("cluster", Some("clusters")),
        ("cluster_policy", Some("cluster_policies")),
        ("dashboard", Some("dashboards")),
        ("instance_pool", Some("instance_pools")),
        ("job", Some("jobs")),
        ("metastore", None),
        ("notification_destination", None),
        ("pipeline", Some("pipelines")),
        ("query", Some("queries")),
        ("service_principal", Some("service_principals")),
        ("warehouse", Some("sql_warehouses")),
    ];

    /// `${workspace.current_user.<field>}` where the caller did not say it: each workspace has a principal of its own, and a
    /// plan must not differ by whose it is. The name of such a lookup is one of [`super::CurrentUser::FIELDS`].
    pub const CURRENT_USER: &'static str = "current_user";

    /// `${lookup.<kind>.<name>}`. The name stands there as it is, dots and blanks included; it never holds a `}`.
    #[must_use]
    pub fn placeholder(&self) -> String {
        format!("${{lookup.{}.{}}}", self.kind, self.name)
    }

    /// The kind and name of what stands between `${` and `}` of a placeholder; none when it is no lookup.
    #[must_use]
    pub fn parse(inside: &str) -> Option<(&str, &str)> {
        let (kind, name) = inside.strip_prefix("lookup.")?.split_once('.')?;
        let known =
            kind == Self::CURRENT_USER || Self::KINDS.iter().any(|(known, _)| *known == kind);
        (known && !name.is_empty()).then_some((kind, name))
    }
}

/// A build command of an artifact. It runs when a package is made, where main's policy allows that, never here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Build {
    /// The key under `artifacts`.
    pub artifact: String,
    /// The command line.
    pub command: String,
    /// The folder in the repository where it runs; empty is the root.
    pub folder: String,
    /// The shell that reads it: `bash`, `sh` or `cmd`; `bash` when the bundle says nothing.
    pub executable: String,
    /// Where it stands.
    pub position: Position,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_is_read_as_it_is_written() {
        let position = Position {
            file: "databricks.yml".into(),
            line: 1,
            column: 1,
        };
        let lookup = Lookup {
            kind: "warehouse".into(),
            name: "Shared v2.1 (eu)".into(),
            variable: "w".into(),
            position,
        };
        let text = lookup.placeholder();
        assert_eq!(text, "${lookup.warehouse.Shared v2.1 (eu)}");
        assert_eq!(
            Lookup::parse(&text[2..text.len() - 1]),
            Some(("warehouse", "Shared v2.1 (eu)"))
        );
        for no in [
            "lookup.warehouse",
            "lookup.warehouse.",
            "lookup.x.y",
            "resources.jobs.a.id",
        ] {
            assert_eq!(Lookup::parse(no), None, "{no}");
        }
    }
}
