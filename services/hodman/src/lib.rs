//! hodman, the running daemon: intake, engine, executors, web page and command line.

pub mod bench;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod doctor;
pub mod engine;
mod environments;
pub mod example;
pub mod intake;
mod kept;
pub mod packages;
pub mod places;
pub mod schema;
pub mod secrets;
pub mod sign;
pub mod web;
pub mod work;
pub mod worked;
pub mod worker;
