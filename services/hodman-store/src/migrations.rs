//! The schema, as numbered steps that are part of the binary.

mod list;
mod run;

pub use list::{POSTGRES, SQLITE};
pub(crate) use run::{look, migrate};

/// One step of the schema. A released step is never edited: the next change is a new one.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without a gap.
    pub version: i64,
    /// What it adds.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// How the schema of a database stands to the one of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    /// The version that the database has; 0 where nothing of ours is in it.
    pub found: i64,
    /// The version that this program works with.
    pub known: i64,
}
