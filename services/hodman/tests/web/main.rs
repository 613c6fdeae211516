//! The page and the API over a real SQLite store: who reads, who acts, what is shown and what never is.

mod acting;
mod events;
mod reading;
mod world;
