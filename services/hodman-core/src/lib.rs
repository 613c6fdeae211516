//! core

pub mod schedule;
pub mod window;
