//! The JSON Schemas of every file that people write.

mod markdown;

use crate::cli::SchemaName;
use crate::config::Config;
use serde_json::Value;
use std::collections::BTreeMap;

/// All of them by name.
#[must_use]
pub fn schemas() -> BTreeMap<&'static str, Value> {
    let mut all = hodman_model::files::schemas();
    all.insert("hodman", Config::schema().to_value());
    all
}

/// The name under which [`schemas`] has it.
#[must_use]
pub fn key(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Environment => "environment",
        SchemaName::Policy => "policy",
        SchemaName::Release => "release",
        SchemaName::CapturedLock => "captured-lock",
        SchemaName::Module => "module",
        SchemaName::Template => "template",
        SchemaName::Hodman => "hodman",
    }
}

/// The file that the schema of that name is of.
#[must_use]
pub fn file(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Environment => "environments/ENV/environment.yaml",
        SchemaName::Policy => "environments/policy.yaml",
        SchemaName::Release => "environments/ENV/release.yaml",
        SchemaName::CapturedLock => "environments/ENV/captured.lock",
        SchemaName::Module => "modules/NAME/module.yaml",
        SchemaName::Template => "environments/ENV/template.yaml",
        SchemaName::Hodman => "hodman.yaml, the daemon's settings",
    }
}

/// The schema of that name as a page for people.
#[must_use]
pub fn page(name: SchemaName) -> String {
    markdown::page(file(name), &schemas()[key(name)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn each_name_has_a_schema_and_each_schema_a_name() {
        let all = schemas();
        let names: Vec<&str> = SchemaName::value_variants()
            .iter()
            .map(|name| key(*name))
            .collect();
        assert_eq!(all.len(), names.len());
        for name in names {
            assert_eq!(all[name]["type"], "object", "{name}");
        }
    }
}
