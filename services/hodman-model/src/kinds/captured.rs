//! What a capture does with the objects of a kind.

/// What a capture does with a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Fields and references, as a resource.
    Whole,
    /// That it is there and what it is called; its content is a secret, or belongs to no file.
    NameOnly,
    /// Not at all; why.
    Never(&'static str),
}
