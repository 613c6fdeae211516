//! clients

pub mod aws;
pub mod cloudformation;
pub mod databricks;
pub mod git;
pub mod github;
pub mod retry;
pub mod terraform;
