//! What hodman reads and writes as data: bundles and the files beside them, kinds, plans, packages, capture.
//!
//! No I/O, no clock, no randomness: bytes in memory come in, values and bytes go out.

pub mod bundle;
pub mod capture;
pub mod claims;
pub mod diagnostic;
pub mod digest;
pub mod drift;
pub mod field_path;
pub mod files;
pub mod foundation;
pub mod hcl;
pub mod kinds;
pub mod modules;
mod number;
pub mod package;
mod pairs;
pub mod plan;
pub mod stacks;
pub mod takeover;
pub mod yaml_edit;
