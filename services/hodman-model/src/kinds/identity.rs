//! Whose an object is.

/// How an object of a kind is known to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Our marker stands among its tags; [`super::Kind::read`] finds it.
    Tags,
    /// The kind has no tags: a row in the environment's claims ([`crate::claims`]) says whose it is, by id or by
    /// [`super::Kind::natural`].
    Claim,
}
