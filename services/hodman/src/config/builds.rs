//! Whether and how build commands of a pipeline's artifacts run.

use hodman_model::files::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Build commands run as the daemon's own user with an emptied environment. They can read what that user can, and reach
/// the network: no portable means forbids that. `wrapper` is where a sandbox of the machine comes in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Builds {
    /// Whether they run at all; `environments/policy.yaml` on the promoted branch must allow them, too.
    pub allow: bool,
    /// The longest that one command may take.
    pub timeout: Span,
    /// Words in front of each command, such as `[bwrap, --unshare-net, --bind, /, /]`.
    pub wrapper: Vec<String>,
}

impl Default for Builds {
    fn default() -> Self {
        Self {
            allow: false,
            timeout: Span::from_secs(900),
            wrapper: Vec::new(),
        }
    }
}
