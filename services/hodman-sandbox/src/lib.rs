//! Fake outside world behind real HTTP on loopback, for the demo and the tests: an in-memory GitHub that serves real git,
//! a Databricks account and its workspaces, and an AWS account that counts. Nothing here knows hodman.

// `json!` expands recursively; GitHub's repository has more fields than the default limit allows.
#![recursion_limit = "256"]

pub mod aws;
pub mod databricks;
pub mod faults;
pub mod github;
