//! Objects of AWS that workspaces stand on. What modules ask for, whoever sends requests turns into calls of AWS.

mod buckets;
mod documents;
mod roles;
pub(in crate::kinds) mod tags;

#[cfg(test)]
mod tests;

use super::Kind;
pub(in crate::kinds) use documents::canonical;
pub use tags::tags_of_others;

/// The kinds of objects of AWS, in the order in which they are shown.
pub static AWS_KINDS: &[&dyn Kind] = &[&roles::Roles, &buckets::Buckets];
