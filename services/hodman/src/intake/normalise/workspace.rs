//! News of a workspace: somebody worked there. Who sends them is the user's to arrange, from audit logs for one.

use hodman_core::event::Named;
use serde_json::Value;

/// The word for it in a message.
pub const CHANGED: &str = "workspace-changed";

/// What stands for the kind in [`Named`].
const KIND: &str = "workspace";

/// The workspace that a message names, as the environment's file calls it.
#[must_use]
pub fn named(message: &Value) -> Option<Named> {
    let name = message.get("workspace")?.as_str()?;
    (!name.is_empty()).then(|| Named {
        kind: KIND.to_owned(),
        name: name.to_owned(),
    })
}
