//! Fake outside world behind real HTTP on loopback, for the demo and the tests: an in-memory GitHub that serves real git,
//! a Databricks account and its workspaces. Nothing here knows hodman.

pub mod databricks;
pub mod faults;
