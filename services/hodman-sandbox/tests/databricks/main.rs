//! What the Databricks sandbox promises, seen over HTTP as a client sees it.

mod access;
mod account;
mod account_failures;
mod account_workspaces;
mod analytics;
mod bench;
mod calls;
mod clusters;
mod files;
mod jobs;
mod page;
mod pipelines;
mod placed;
mod runs;
mod unity;
mod unity_access;
mod unity_storage;
mod workspace_settings;
