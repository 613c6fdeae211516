//! What the Databricks sandbox promises, seen over HTTP as a client sees it.

mod access;
mod account;
mod bench;
mod clusters;
mod files;
mod jobs;
mod page;
mod runs;
mod unity;
mod unity_access;
mod unity_storage;
