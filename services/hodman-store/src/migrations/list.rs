//! All steps, in order. Both engines have the same versions.

use super::Migration;

macro_rules! migrations {
    ($engine:literal: $($version:literal $name:literal),+ $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../migrations/", $engine, "/000", $version, "_", $name, ".sql")),
        }),+]
    };
}

/// The steps for SQLite.
pub const SQLITE: &[Migration] = migrations!("sqlite": 1 "inbox", 2 "state", 3 "outbox", 4 "blobs");

/// The steps for PostgreSQL.
pub const POSTGRES: &[Migration] =
    migrations!("postgres": 1 "inbox", 2 "state", 3 "outbox", 4 "blobs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_versions_without_a_gap() {
        let versions = |list: &[Migration]| {
            list.iter()
                .map(|step| (step.version, step.name))
                .collect::<Vec<_>>()
        };
        assert_eq!(versions(SQLITE), versions(POSTGRES));
        for (index, step) in SQLITE.iter().enumerate() {
            assert_eq!(step.version, index as i64 + 1);
        }
    }
}
