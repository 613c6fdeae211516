//! What was there before hodman is taken over and not made a second time.

mod bundle;
mod leaves;
