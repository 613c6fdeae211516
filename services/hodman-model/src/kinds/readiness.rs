//! Whether an object can be used, and what the service says of it.

/// Whether an object that was made can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// Not yet; the state in the API's own word.
    Pending(String),
    /// It never will; the API's own words.
    Failed(String),
}

/// What the service says of an object that is as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It does not work any more, and nothing that is asked of it mends that.
    Broken(String),
    /// It works, and somebody should look at it.
    Warned(String),
}
