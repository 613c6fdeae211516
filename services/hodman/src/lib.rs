//! hodman

pub mod config;
