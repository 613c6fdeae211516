//! What rules are made of: a place in a config, and what is so there.

use serde_json::Value;

use crate::kinds::pattern::Pattern;

/// A value that the server takes when the field is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Default {
    /// Where.
    pub at: Pattern,
    /// The value.
    pub value: Value,
}

/// A field that the server fills with something that cannot be foretold. When the desired config is silent, whatever
/// the server says is no difference.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerFill {
    /// Where.
    pub at: Pattern,
    /// Whether capture keeps it: a person may have chosen it, and it means the same in every workspace.
    pub captured: bool,
}

/// A field that says where code is: `GIT`, for the repository that `git_source` of the whole config names, or `WORKSPACE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeSource {
    /// Where.
    pub at: Pattern,
    /// Whether silence means `GIT` where there is a `git_source`. Else it has to be said, and what silence means is the server's.
    pub git_unsaid: bool,
}

/// A field that holds the id of another object.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Where.
    pub at: Pattern,
    /// The kind of that object.
    pub kind: &'static str,
}
