//! What the tests share. Each test program is a file in `tests/`; `./test` runs them all.

pub mod checkout;
pub mod harness;
pub mod kinds;
pub mod servers;
pub mod simulation;
