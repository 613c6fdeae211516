//! hodman's decisions: promotion, gates, windows, queue order, reasons, and every text that people read. Nothing here
//! does any I/O, reads a clock or draws a random number: state and event in, state and effects out.

pub mod decide;
pub mod effect;
pub mod event;
pub mod explain;
pub mod facts;
pub mod gates;
pub mod ids;
pub mod invariants;
pub mod policy;
pub mod reason;
pub mod schedule;
pub mod settings;
pub mod state;
pub mod text;
pub mod window;
