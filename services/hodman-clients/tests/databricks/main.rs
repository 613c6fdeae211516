//! The Databricks clients against a server that speaks real HTTP.

mod federated;
mod files;
mod jobs;
mod limits;
mod lists;
mod retries;
mod server;
mod tokens;
